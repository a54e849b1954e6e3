/*
 * change.c - GET, merge, PUT, proof: see change.h.
 *
 * What was sent is either proved by the vendor's answer or by one more GET, or settled by a GET
 * when the answer was lost; only then does anybody else see the new record. It does not know who
 * wants the change nor why (update.c), and no files.
 */
#include "cache/change.h"

#include "cache/attempt.h"
#include "cache/guard.h"
#include "cache/roster.h"
#include "vendors/call.h"
#include "vendors/clock.h"
#include "vendors/log.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define BACKOFF_FIRST_MS 250u
#define BACKOFF_MAX_MS 10000u

/* ---- guards ---- */

int change_check_self(struct change *change, const char *status)
{
	struct wait wait = {.kind = WAIT_SELF, .call = change->call};
	int error = roster_ask_sync(change->roster, &wait);

	if (error == -ENODATA)
		error = call_fail(change->call, EPERM,
				  "the vendor does not tell which user our key belongs to, so that "
				  "rosterfs might lock itself out: set self_id in section [%s]",
				  roster_account(change->roster)->name);
	else if (!error && strcmp(wait.self, change->id) == 0 && strcmp(status, "active") != 0)
		error =
		    call_fail(change->call, EPERM,
			      "this is the user that rosterfs' own key belongs to: the key would "
			      "die with it");
	wait_clear(&wait);
	return error;
}

/* Does the target change the status? Then it passes the guards and is counted. */
static int check_status(struct change *change)
{
	const char *before = change_status(change, change->fresh);
	const char *after = change_status(change, change->target);
	int error;

	if (!after || (before && strcmp(before, after) == 0))
		return 0;
	if (!change->status_checked) {
		error = change_check_self(change, after);
		if (error)
			return error;
		change->status_checked = true;
	}
	if (guard_dry_run(change->guard))
		return guard_has_room(change->guard, change->call);
	if (change->counted)
		return 0;
	error = guard_take(change->guard, change->call, &change->ticket);
	change->counted = !error;
	return error;
}

/* ---- sending ---- */

/* Lay the edits on fresh. 0, or -ESTALE with words. */
static int lay(struct change *change)
{
	const struct edit *conflict;
	int error;

	json_decref(change->target);
	change->target = json_deep_copy(change->fresh);
	if (!change->target)
		return call_fail(change->call, ENOMEM, "no memory");
	error = merge_apply(&change->merge, change->target, false, &conflict);
	if (error == -ESTALE)
		return change_fail_conflict(change, conflict);
	return error ? call_fail(change->call, ENOMEM, "no memory") : 0;
}

/* What is sent: the whole object without what the vendor assigns. */
static json_t *body_of(const struct change *change)
{
	json_t *body = json_deep_copy(change->target);

	for (const struct field *field = change->collection->fields; body && field->name; field++) {
		if (field->flags & (FIELD_SYSTEM | FIELD_CONFIDENTIAL))
			json_object_del(body, field->name);
	}
	return body;
}

/* Milliseconds until the next try: a random part of the back-off, or what the vendor asked for. */
static unsigned pause_before_retry(const struct call *call, unsigned tries)
{
	const int64_t day = 86400000;
	unsigned most = tries > 5 ? BACKOFF_MAX_MS : BACKOFF_FIRST_MS << tries;
	unsigned random = 0;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		random = most;
	random %= most + 1;
	if (call->told > random)
		random = (unsigned)(call->told < day ? call->told : day);
	return random;
}

static void tell_fields(struct change *change)
{
	if (!change->part)
		attempt_set_fields(change->attempt, change_fields(change));
}

/* The audit log is told of what goes out now, or in a dry run would. */
static int announce(struct change *change)
{
	tell_fields(change);
	return attempt_send(change->attempt);
}

/* It was not made, says fresh, and is not tried again. Returns what the PUT said. */
static int give_up(struct change *change)
{
	change_publish(change, change->fresh);
	if (change->call->unanswered)
		call_add_words(change->call, ": it was not made when looked up");
	return -change->call->error;
}

/*
 * PUT until it is known what became of it. CALL is for what must be asked even when the caller is
 * gone. Returns 0, -EAGAIN (the vendor says that the record changed: plan anew), or a negative
 * errno.
 */
static int send_until_known(struct change *change, struct call *call)
{
	struct account *account = roster_account(change->roster);
	double end = clock_seconds() + account->retry_budget;

	for (unsigned tries = 0;; tries++) {
		json_t *answer = NULL, *body;
		enum vendor_outcome outcome;
		unsigned pause;
		double left;
		int error = announce(change);

		if (error)
			return error;
		body = body_of(change);
		if (!body)
			return call_fail(change->call, ENOMEM, "no memory");
		outcome = vendor_put(change->call, account, change->collection,
				     roster_parent(change->roster), change->id, body, change->etag,
				     &answer);
		json_decref(body);
		switch (outcome) {
		case VENDOR_DONE:
			error = change_settle_done(change, call, answer);
			json_decref(answer);
			return error;
		case VENDOR_REFUSED:
		case VENDOR_STALE:
			return -change->call->error;
		case VENDOR_CHANGED:
			return -EAGAIN;
		case VENDOR_UNKNOWN:
			break;
		}
		pause = pause_before_retry(change->call, tries);
		error = change_settle_unknown(change, call);
		if (error == -EAGAIN &&
		    (call_cancelled(change->call) ||
		     clock_seconds() + (double)change->call->told / 1000 >= end))
			return give_up(change);
		if (error != -EAGAIN)
			return error;
		error = lay(change);
		if (error)
			return error;
		/* the last try is made at the end of the budget, not after it */
		left = (end - clock_seconds()) * 1000;
		if (pause > left)
			pause = left > 0 ? (unsigned)left : 0;
		if (call_pause(change->call, pause))
			return give_up(change);
	}
}

static int dry_run(struct change *change)
{
	char *words, *path;
	int error = announce(change);

	if (error)
		return error;
	words = change_describe(change);
	path = vendor_path(change->collection, roster_parent(change->roster), change->id);
	log_call(change->call, "dry run: nothing sent; it would be PUT %s with %s",
		 path ? path : "?", words ? words : "?");
	free(path);
	free(words);
	change_publish(change, change->fresh);
	return 0;
}

void change_log_unsent(struct call *call, struct roster *roster, const char *method, const char *id)
{
	char *path = vendor_path(roster_collection(roster), roster_parent(roster), id);

	log_call(call, "dry run: nothing sent; it would be %s %s", method, path ? path : "?");
	free(path);
}

/* Is there anything in the edits that the vendor's record does not show yet? */
static bool anything_to_do(struct change *change)
{
	bool any = false;

	change->write_only = change->merge.count > 0;
	for (size_t i = 0; i < change->merge.count; i++) {
		const struct edit *edit = &change->merge.edits[i];
		bool write_only = change_flags(change, edit) & FIELD_WRITE_ONLY;

		if (write_only || merge_state(edit, change->fresh) != MERGE_NEW)
			any = true;
		change->write_only &= write_only;
	}
	return any;
}

static void start_over(struct change *change)
{
	json_decref(change->fresh);
	json_decref(change->target);
	free(change->etag);
	merge_clear(&change->merge);
	change->fresh = change->target = NULL;
	change->etag = NULL;
}

static int try_once(struct change *change, struct call *call)
{
	/* what has been made in part is looked at, whoever has gone */
	struct call *asker = change->part ? call : change->call;
	int error = change_get(change, asker, &change->fresh, &change->etag);

	if (error && change->part)
		call_copy_error(change->call, call);
	if (error)
		return error;
	/* What is refused from here on until something is sent is our refusal, not that GET's. */
	change->call->request[0] = '\0';
	change->call->status = 0;
	error = change->plan(change);
	if (error)
		return error;
	if (!anything_to_do(change)) {
		change->attempt->idle = !change->part;
		change->result = json_incref(change->fresh);
		change_publish(change, change->fresh);
		return 0;
	}
	error = lay(change);
	if (error)
		return error;
	error = check_status(change);
	if (error)
		return error;
	if (guard_dry_run(change->guard))
		return dry_run(change);
	return send_until_known(change, call);
}

/*
 * 409 or 412 twice, or once and the caller has gone: taken, if it is about an email, else a
 * conflict.
 */
static int changed_twice(struct change *change)
{
	for (size_t i = 0; i < change->merge.count; i++) {
		const char *name = change->merge.edits[i].path[0];

		for (const char *const *key = change->collection->email_keys; key && *key; key++) {
			if (change->call->status == 409 && strcmp(name, *key) == 0) {
				change->call->error = EEXIST;
				return -EEXIST;
			}
		}
	}
	change->call->error = ESTALE;
	return -ESTALE;
}

int change_run(struct change *change)
{
	struct call call;
	int error = roster_lock(change->roster, change->call, change->id);

	if (error)
		return error;
	call_continue(&call, change->call);
	error = try_once(change, &call);
	if (error == -EAGAIN && !call_cancelled(change->call)) {
		start_over(change);
		error = try_once(change, &call);
	}
	if (error == -EAGAIN)
		error = changed_twice(change);
	/* "Read the file again", they are told: it must then show what they did not know. */
	if (error == -ESTALE && change->fresh && !change->sent)
		change_publish(change, change->fresh);
	tell_fields(change);
	if (error && !change->sent)
		attempt_uncount(change->attempt, change->ticket);
	if (error && !change->call->words[0] && call.words[0])
		call_copy_error(change->call, &call);
	roster_unlock(change->roster, change->id);
	call_destroy(&call);
	return error;
}

void change_clear(struct change *change)
{
	start_over(change);
	json_decref(change->result);
	change->result = NULL;
}

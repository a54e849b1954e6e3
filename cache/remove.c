/*
 * remove.c - links that are made and ended, and records that are deleted: the rest of update.h but
 * for users (erase.c).
 *
 * Each is one request that cannot be merged, so the guards count it before it is sent, and the log
 * says before a link is ended how to make it again. A lost answer is settled by looking. It must
 * not know what a link means to a vendor: its table does.
 */
#include "cache/update.h"

#include "cache/attempt.h"
#include "cache/change.h"
#include "cache/guard.h"
#include "cache/looks.h"
#include "cache/record.h"
#include "cache/roster.h"
#include "cache/takeback.h"
#include "vendors/call.h"
#include "vendors/log.h"
#include "vendors/shell.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Is record ID there, says the vendor now? 1, 0, or a negative errno with words in CALL. */
static int look(struct call *call, struct roster *roster, const char *id)
{
	struct wait wait = {.kind = WAIT_RECORD, .id = id, .call = call};
	int error;

	roster_refresh(roster);
	error = roster_ask_sync(roster, &wait);
	wait_clear(&wait);
	return error == -ENOENT ? 0 : error ? error : 1;
}

/*
 * The same after an answer that was lost, or that may mean two things: for as long as reads may
 * lag, until record ID is there, or with WANTED unset is not. CALL's caller may be gone.
 */
static int look_again(struct call *call, struct roster *roster, const char *id, bool wanted)
{
	struct looks looks;
	struct call again;
	int there;

	call_continue(&again, call);
	looks_begin(&looks, call, looks_seconds(roster_account(roster)));
	do {
		there = look(&again, roster, id);
	} while (there == !wanted && looks_again(&looks));
	if (there < 0)
		call_add_words(call, ": nor could it be looked up, so that nobody knows");
	call_destroy(&again);
	return there;
}

/* ---- links ---- */

/* LINK has been made, or ENDED: reads may lag behind that. */
static void remember(struct roster *roster, const json_t *link, bool ended)
{
	const struct collection *collection = roster_collection(roster);

	if (link && collection->remember)
		collection->remember(roster_account(roster), roster_parent(roster),
				     ended ? link : NULL, ended ? NULL : link);
}

/* The same for the link with ID, which was made: as it is held. Returns that, a new reference, or
 * NULL. */
static json_t *remember_held(struct roster *roster, const char *id)
{
	struct record *held;
	double seconds;
	json_t *link;

	roster_peek(roster, id, &held, &seconds);
	link = held ? record_json(held) : NULL;
	remember(roster, link, false);
	record_put(held);
	return link;
}

/* The vendor answered RECORD, or nothing: the link is there. */
static void publish_link(struct roster *roster, const char *id, const json_t *answer)
{
	const struct collection *collection = roster_collection(roster);
	struct record *record = NULL;
	struct timespec when;
	char buffer[24];

	clock_gettime(CLOCK_REALTIME, &when);
	/* without the vendor's own id for it, it could not be ended */
	if (answer && collection_path_id(collection, answer, buffer))
		record = record_new(collection, id, answer, when);
	if (record)
		remember(roster, answer, false);
	if (record)
		roster_publish(roster, record);
	else
		roster_refresh(roster);
	record_put(record);
}

/* Room for a command that undoes a link. */
#define COMMAND_MAX (2 * (size_t)SHELL_WORD_MAX + 16)

/* In the path of CALL, what follows the account's directory; NULL: nothing does. */
static const char *path_below(const struct call *call)
{
	const char *slash = strchr(call->path, '/');

	return slash ? slash + 1 : NULL;
}

/* What undoes the link that is about to be made. */
static void tell_undo(struct attempt *attempt)
{
	const char *below = path_below(attempt->call);
	char file[SHELL_WORD_MAX], command[COMMAND_MAX];

	if (!below || !shell_word(below, file))
		return;
	snprintf(command, sizeof(command), "rm %s", file);
	attempt_undone_by(attempt, command);
}

/* The link with ID has been made; ANSWER is the vendor's record of it, or NULL. */
static void tell_link(struct attempt *attempt, const json_t *answer)
{
	json_t *after = answer ? json_deep_copy(answer) : json_pack("{s:s}", "id", attempt->id);

	attempt_accepted(attempt, NULL, after, NULL);
	json_decref(after);
}

/* The request has been sent: OUTCOME and ANSWER. 0 or a negative errno. */
static int settle_link(struct attempt *attempt, enum vendor_outcome outcome, const json_t *answer,
		       uint64_t ticket)
{
	struct call *call = attempt->call;
	int error = -call->error, there;
	json_t *held;

	if (outcome == VENDOR_DONE) {
		log_call(call, "made%s", attempt_alone(attempt));
		publish_link(attempt->roster, attempt->id, answer);
		tell_link(attempt, answer);
		return 0;
	}
	if (outcome == VENDOR_REFUSED) {
		attempt_uncount(attempt, ticket);
		return error;
	}
	/* 409 is "already", or two writers that met; else the answer was lost */
	there = look_again(call, attempt->roster, attempt->id, true);
	attempt->unknown = there < 0 && outcome != VENDOR_CHANGED;
	if (there > 0) {
		log_call(call, "%s%s", outcome == VENDOR_CHANGED ? "it was there already" : "made",
			 attempt_alone(attempt));
		held = remember_held(attempt->roster, attempt->id);
		attempt->idle = outcome == VENDOR_CHANGED;
		if (outcome == VENDOR_UNKNOWN)
			tell_link(attempt, held);
		json_decref(held);
		error = 0;
	} else if (!there && call->unanswered) {
		call_add_words(call, ": it was not there when looked up");
	}
	if (outcome == VENDOR_CHANGED || !there)
		attempt_uncount(attempt, ticket);
	return error;
}

static int post_link(struct attempt *attempt)
{
	struct roster *roster = attempt->roster;
	const struct collection *collection = roster_collection(roster);
	json_t *body = collection->link(attempt->id), *answer = NULL;
	enum vendor_outcome outcome;
	uint64_t ticket = 0;
	int error;

	tell_undo(attempt);
	takeback_link(attempt, NULL);
	error = body ? attempt_send_counted(attempt, &ticket)
		     : call_fail(attempt->call, ENOMEM, "no memory");
	if (error)
		goto out;
	outcome = vendor_post(attempt->call, attempt->account, collection, roster_parent(roster),
			      body, &answer);
	error = settle_link(attempt, outcome, answer, ticket);
out:
	json_decref(body);
	json_decref(answer);
	return error;
}

static int make_link(struct attempt *attempt)
{
	struct call *call = attempt->call;
	int error = guard_writable(attempt->guard, call);

	if (error)
		return error;
	if (!roster_collection(attempt->roster)->link)
		return call_fail(call, EPERM, "links can't be made here");
	if (guard_dry_run(attempt->guard)) {
		error = guard_has_room(attempt->guard, call);
		if (!error)
			error = attempt_send(attempt);
		if (!error)
			change_log_unsent(call, attempt->roster, "POST", NULL);
		return error;
	}
	error = roster_lock(attempt->roster, call, attempt->id);
	if (error)
		return error;
	error = post_link(attempt);
	roster_unlock(attempt->roster, attempt->id);
	if (error)
		roster_note_error(attempt->roster, call, error);
	return error;
}

int update_link(struct call *call, struct roster *roster, struct guard *guard, const char *id)
{
	struct attempt attempt;
	int error;

	attempt_begin(&attempt, call, guard, roster, "link", id);
	error = make_link(&attempt);
	attempt_end(&attempt, error);
	return error;
}

/* ---- deleting ---- */

static int check_allowed(struct call *call, struct roster *roster)
{
	const struct collection *collection = roster_collection(roster);

	if (!collection->deletes)
		return call_fail(call, EPERM, "%s are not deleted here: see MANUAL",
				 collection->name);
	if (!roster_account(roster)->allow_delete)
		return call_fail(call, EPERM,
				 "%s are deleted only with allow_delete = yes in section [%s]",
				 collection->name, roster_account(roster)->name);
	return 0;
}

/* The id in the path of record ID, which the vendor may call otherwise; the caller frees. */
static char *path_id(struct call *call, struct roster *roster, const char *id, int *error)
{
	const struct collection *collection = roster_collection(roster);
	struct wait wait = {.kind = WAIT_RECORD, .id = id, .call = call};
	const char *own = NULL;
	char buffer[24], *copy;
	json_t *object;

	if (!collection->path_id_key)
		return strdup(id);
	*error = roster_ask_sync(roster, &wait);
	object = wait.record ? record_json(wait.record) : NULL;
	own = object ? collection_path_id(collection, object, buffer) : NULL;
	copy = own ? strdup(own) : NULL;
	if (*error == -ENOENT)
		call_fail(call, ENOENT, "there is no such record");
	else if (!*error && !own)
		*error = call_fail(call, EREMOTEIO, "the vendor names no \"%s\" of it",
				   collection->path_id_key);
	json_decref(object);
	wait_clear(&wait);
	return copy;
}

/*
 * "acme/accounts/1/members/7.json" is made again by: ln -s ../../../7.json accounts/1/members/
 */
static bool undo_of(const struct call *call, char command[COMMAND_MAX])
{
	const char *below = path_below(call);
	const char *name = strrchr(call->path, '/');
	char path[CALL_PATH_MAX + 16], file[SHELL_WORD_MAX], folder[SHELL_WORD_MAX];

	if (!below || name <= below)
		return false;
	snprintf(path, sizeof(path), "../../..%s", name);
	if (!shell_word(path, file))
		return false;
	snprintf(path, sizeof(path), "%.*s/", (int)(name - below), below);
	if (!shell_word(path, folder))
		return false;
	snprintf(command, COMMAND_MAX, "ln -s %s %s", file, folder);
	return true;
}

/* What the record was, as far as that is known without a request: a new reference, or NULL. */
static json_t *record_held(const struct attempt *attempt)
{
	struct record *record;
	double seconds;
	json_t *object;

	roster_peek(attempt->roster, attempt->id, &record, &seconds);
	object = record && record->id[0] ? record_json(record) : NULL;
	record_put(record);
	return object ? object : json_pack("{s:s}", "id", attempt->id);
}

/* The record, which was BEFORE and which the vendor called OWN, is no more. */
static void note_gone(struct attempt *attempt, const char *own, const json_t *before)
{
	const struct collection *collection = roster_collection(attempt->roster);
	json_t *link;

	if (!collection->link) {
		roster_note_deleted(attempt->roster, attempt->id, before);
		return;
	}
	link = json_pack("{s:s, s:s}", collection->path_id_key, own, collection->id_keys[0],
			 attempt->id);
	remember(attempt->roster, link, true);
	json_decref(link);
}

/* Could it be what takes back a link that was made here, or a record? */
static bool may_take_back(struct attempt *attempt)
{
	return roster_collection(attempt->roster)->link ? takeback_link(attempt, "")
							: takeback_creation(attempt, NULL);
}

/* Find out whether it is: of a record that was made here, by one GET. If that fails, it is not. */
static void look_back(struct attempt *attempt, const char *own)
{
	struct roster *roster = attempt->roster;
	json_t *fresh = NULL;
	struct call again;

	if (roster_collection(roster)->link) {
		takeback_link(attempt, own);
		return;
	}
	if (!takeback_creation(attempt, NULL))
		return;
	call_continue(&again, attempt->call);
	if (vendor_get(&again, attempt->account, roster_collection(roster), roster_parent(roster),
		       own, &fresh, NULL))
		attempt->takes_back = 0;
	else
		takeback_creation(attempt, fresh);
	json_decref(fresh);
	call_destroy(&again);
}

/* Delete the record, which the vendor calls OWN. */
static int send_delete(struct attempt *attempt, const char *own)
{
	struct roster *roster = attempt->roster;
	const struct collection *collection = roster_collection(roster);
	struct call *call = attempt->call;
	char command[COMMAND_MAX];
	bool undone = collection->link && undo_of(call, command);
	enum vendor_outcome outcome;
	json_t *before;
	uint64_t ticket = 0;
	int error;

	if (undone)
		attempt_undone_by(attempt, command);
	look_back(attempt, own);
	error = attempt_send_counted(attempt, &ticket);
	if (error)
		return error;
	if (undone)
		log_call(call, "about to be ended; made again in the vendor's directory by: %s",
			 command);
	before = record_held(attempt);
	outcome = vendor_delete(call, attempt->account, collection, roster_parent(roster), own);
	if (outcome != VENDOR_DONE)
		error = -call->error;
	if (outcome == VENDOR_UNKNOWN) {
		int there = look_again(call, roster, attempt->id, false);

		attempt->unknown = there < 0;
		if (!there)
			error = 0;
		else if (there > 0 && call->unanswered)
			call_add_words(call, ": it was still there when looked up");
	}
	if (error)
		attempt_uncount(attempt, ticket);
	if (!error) {
		log_call(call, "%s%s", collection->link ? "ended" : "deleted: this can't be undone",
			 attempt_alone(attempt));
		note_gone(attempt, own, before);
		roster_publish_deleted(roster, attempt->id);
		attempt_accepted(attempt, before, NULL, NULL);
	}
	json_decref(before);
	return error;
}

static int delete_record(struct attempt *attempt)
{
	struct call *call = attempt->call;
	struct roster *roster = attempt->roster;
	int error = guard_writable(attempt->guard, call);
	char *own = NULL;

	if (!error)
		error = check_allowed(call, roster);
	if (!error && !may_take_back(attempt))
		error = guard_has_room(attempt->guard, call);
	if (!error)
		error = roster_lock(roster, call, attempt->id);
	if (error)
		return error;
	own = path_id(call, roster, attempt->id, &error);
	if (!error && !own)
		error = call_fail(call, ENOMEM, "no memory");
	if (!error && guard_dry_run(attempt->guard)) {
		error = attempt_send(attempt);
		if (!error)
			change_log_unsent(call, roster, "DELETE", own);
	} else if (!error) {
		error = send_delete(attempt, own);
	}
	roster_unlock(roster, attempt->id);
	if (error)
		roster_note_error(roster, call, error);
	free(own);
	return error;
}

int update_delete(struct call *call, struct roster *roster, struct guard *guard, const char *id)
{
	struct attempt attempt;
	int error;

	attempt_begin(&attempt, call, guard, roster,
		      roster_collection(roster)->link ? "unlink" : "delete", id);
	error = delete_record(&attempt);
	attempt_end(&attempt, error);
	return error;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * delete_user.c - a user that is deleted for good: what `deleted` in a .status means.
 *
 * GET, so that the history has what there was; DELETE; and GET again, because an answer in words
 * proves little, and nothing here can be undone. It does not know which vendors delete users: their
 * tables do.
 */
#include "cache/access/delete_user.h"
#include "cache/record/write_lock.h"
#include "cache/roster/figures.h"
#include "cache/roster/presence.h"
#include "cache/roster/publish.h"
#include "cache/update/update.h"

#include "cache/roster/absence.h"
#include "cache/history/attempt.h"
#include "cache/history/guard.h"
#include "cache/update/late.h"
#include "cache/update/looks.h"
#include "cache/roster/roster.h"
#include "cache/history/takeback.h"
#include "vendors/base/call.h"
#include "vendors/base/log.h"
#include "vendors/base/status_words.h"
#include "cache/update/self_guard.h"
#include "vendors/rest/account.h"
#include "vendors/rest/item.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <string.h>

/* What is refused without a request, but for the question who self is. */
static int check(struct attempt *attempt)
{
	const struct account *account = attempt->account;
	bool deletes = roster_collection(attempt->roster)->deletes;
	int error = guard_writable(attempt->guard, attempt->call);

	if (error)
		return error;
	if (!account->allow_delete && !deletes)
		return call_fail(attempt->call, CALL_INVALID, "a status is active or inactive");
	if (!account->allow_delete)
		return call_fail(attempt->call, CALL_INVALID,
				 "a status is active or inactive; users are deleted only with "
				 "allow_delete = yes in section [%s]",
				 account->name);
	if (!deletes)
		return call_fail(attempt->call, CALL_UNSUPPORTED,
				 "this vendor's users are not deleted here: write inactive, and "
				 "see MANUAL");
	if (!takeback_creation(attempt, NULL))
		error = guard_has_room(attempt->guard, attempt->call);
	return error
		   ? error
		   : self_guard_check(attempt->call, attempt->roster, attempt->id, STATUS_DELETED);
}

/* A user that is being deleted. */
struct erasure {
	struct attempt *attempt;
	bool by_row; /* the vendor has no GET of it, only a row in its list */
};

/*
 * The user as the vendor shows it, unless that is how it was before it was deleted here. 0 or a
 * negative errno, with words in CALL. LOOK: it was shown before, by a GET or by a row: a GET that
 * had it and now answers 404 is proof.
 */
static int get(struct erasure *erasure, struct call *call, bool look, json_t **record)
{
	struct attempt *attempt = erasure->attempt;
	int error;

	if (look && !erasure->by_row)
		error = item_get(call, attempt->account, roster_collection(attempt->roster),
				 roster_parent(attempt->roster), attempt->id, record, NULL);
	else
		error = absence_get(attempt->roster, call, attempt->id, record, NULL,
				    look ? NULL : &erasure->by_row);
	if (!error && presence_was_deleted(attempt->roster, call, attempt->id, *record)) {
		json_decref(*record);
		*record = NULL;
		publish_absent(attempt->roster, attempt->id);
		error = call_fail(call, CALL_MISSING, "it was deleted here just now");
	}
	return error;
}

/* Is the user still there, for as long as reads may lag? 1, 0, or a negative errno with words in
 * CALL. */
static int look(struct erasure *erasure, struct call *call)
{
	struct attempt *attempt = erasure->attempt;
	struct looks looks;
	int error;

	looks_begin(&looks, attempt->call, looks_seconds(attempt->account));
	do {
		json_t *record = NULL;

		error = get(erasure, call, true, &record);
		json_decref(record);
	} while ((!error || error == -EREMOTEIO) && looks_again(&looks));
	if (error == -ENOENT)
		return 0;
	return error ? error : 1;
}

/* `lag` has ended: say whether the user is gone by now. */
static void tell_deleted(const struct late_sight *sight)
{
	if (sight->error == -ENOENT)
		log_call(sight->call,
			 "looked once more: the user is deleted by now: the reads lagged");
	else if (sight->error)
		log_call(sight->call,
			 "looked once more: whether the user is deleted is not known: %s",
			 sight->words);
	else
		log_call(sight->call, "looked once more: the user is still there");
}

/* The vendor has said that the user is deleted, or its answer was lost: is it so? */
static int prove(struct erasure *erasure, bool said)
{
	struct attempt *attempt = erasure->attempt;
	int error = said ? 0 : -attempt->call->error;
	struct call again;
	int there;

	call_continue(&again, attempt->call);
	there = look(erasure, &again);
	if (there < 0) {
		attempt->unknown = true;
		publish_doubt(attempt->roster, attempt->id);
		if (said) {
			call_copy_error(attempt->call, &again);
			error = there;
		}
		call_add_words(attempt->call,
			       ": whether the user has been deleted could not be seen, so that "
			       "nobody knows");
	} else if (there && said && attempt->call->verdict == CALL_MISSING) {
		error =
		    call_fail(attempt->call, CALL_NOT_APPLIED,
			      "not deleted: the vendor answered that there is no such user, and "
			      "still shows the user");
		late_look(attempt->call, attempt->roster, attempt->id, NULL, tell_deleted);
	} else if (there && said) {
		error = call_fail(attempt->call, CALL_NOT_APPLIED,
				  "accepted but not applied: the vendor answered success and still "
				  "shows the user%s",
				  attempt->account->lag
				      ? "; its reads may lag behind its writes (lag)"
				      : "");
		late_look(attempt->call, attempt->roster, attempt->id, NULL, tell_deleted);
	} else if (there) {
		call_add_words(attempt->call, ": the user is still there");
	} else {
		error = 0;
	}
	call_destroy(&again);
	return error;
}

/* BEFORE, the user, is gone. */
static void tell(struct attempt *attempt, const json_t *before)
{
	const char *remains = attempt->account->vendor->remains;

	if (remains)
		log_call(attempt->call, "what remains to be done: %s", remains);
	log_call(attempt->call, "deleted: this can't be undone%s", attempt_alone(attempt));
	presence_note_deleted(attempt->roster, attempt->id, before);
	publish_deleted(attempt->roster, attempt->id);
	attempt_accepted(attempt, before, NULL, NULL);
}

static int send(struct erasure *erasure, const json_t *before)
{
	struct attempt *attempt = erasure->attempt;
	const struct collection *collection = roster_collection(attempt->roster);
	struct call *call = attempt->call;
	enum vendor_outcome outcome;
	int error = attempt_send_counted(attempt);

	if (error)
		return error;
	outcome = item_delete(call, attempt->account, collection, roster_parent(attempt->roster),
			      attempt->id);
	if (outcome == VENDOR_DONE || outcome == VENDOR_UNKNOWN)
		error = prove(erasure, outcome == VENDOR_DONE);
	else
		error = -call->error;
	if (error && outcome != VENDOR_DONE)
		attempt_uncount(attempt);
	if (error == -EOPNOTSUPP)
		call_add_words(call, ": this vendor deletes no users; write inactive");
	if (!error)
		tell(attempt, before);
	return error;
}

static int erase(struct attempt *attempt)
{
	struct erasure erasure = {.attempt = attempt};
	struct call *call = attempt->call;
	json_t *before = NULL;
	int error = write_lock_take(roster_write_lock(attempt->roster), call, attempt->id);

	if (error)
		return error;
	error = get(&erasure, call, false, &before);
	if (!error) {
		/* what is refused now, until something is sent, is not that GET's refusal */
		call->request[0] = '\0';
		call->status = 0;
		takeback_creation(attempt, before);
	}
	if (!error && guard_dry_run(attempt->guard)) {
		error = attempt_dry_run(attempt, "DELETE", attempt->id);
	} else if (!error) {
		error = send(&erasure, before);
	}
	write_lock_release(roster_write_lock(attempt->roster), attempt->id);
	json_decref(before);
	return error;
}

int delete_user(struct call *call, struct roster *roster, struct guard *guard, const char *id)
{
	struct attempt attempt;
	int error;

	attempt_begin(&attempt, call, guard, roster, "delete", id);
	error = check(&attempt);
	if (!error)
		error = erase(&attempt);
	attempt_end(&attempt, error);
	if (error)
		figures_note_error(roster, call, error);
	return error;
}

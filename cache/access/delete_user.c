/* SPDX-License-Identifier: Apache-2.0 */
/*
 * delete_user.c - see delete_user.h.
 *
 * GET, so that the history has the record; DELETE; and GET again, because a deletion can't be
 * undone and the answer alone is little proof. Which vendors delete users is known from their
 * tables.
 */
#include "cache/access/delete_user.h"

#include "cache/history/attempt.h"
#include "cache/history/guard.h"
#include "cache/history/overtaken.h"
#include "cache/history/takeback.h"
#include "cache/history/trust.h"
#include "cache/record/write_lock.h"
#include "cache/roster/absence.h"
#include "cache/roster/figures.h"
#include "cache/roster/presence.h"
#include "cache/roster/publish.h"
#include "cache/roster/roster.h"
#include "cache/update/late.h"
#include "cache/update/looks.h"
#include "cache/update/self_guard.h"
#include "vendors/base/call.h"
#include "vendors/base/log.h"
#include "vendors/base/status_words.h"
#include "vendors/json/pointer.h"
#include "vendors/rest/account.h"
#include "vendors/rest/collection.h"
#include "vendors/rest/item.h"
#include "vendors/rest/status_map.h"
#include "vendors/template/value.h"
#include "vendors/vendor.h"

#include <errno.h>

/* Refuse what can be refused without a request, except the one that finds out which user is self.
 */
static int delete_user_check(struct attempt *attempt)
{
	const struct account *account = attempt->account;
	const struct collection *collection = roster_collection(attempt->roster);
	bool deletes = collection->remove || (collection->deletes && !collection->listing);
	int error = guard_writable(attempt->guard, attempt->call, attempt->account);

	if (error)
		return error;
	if (!account->allow_delete && !deletes)
		return call_fail(
		    attempt->call, CALL_INVALID,
		    "users are not deleted here; to end the user's access, write inactive");
	if (!account->allow_delete)
		return call_fail(attempt->call, CALL_INVALID,
				 "users are deleted only with allow_delete = yes in section [%s]; "
				 "to end the user's access, write inactive",
				 account->name);
	if (!deletes)
		return call_fail(attempt->call, CALL_UNSUPPORTED,
				 "this vendor's users are not deleted here: write inactive, and "
				 "see MANUAL");
	error = trust_check(attempt->call, account, roster_collection(attempt->roster)->remove);
	if (!error && !takeback_creation(attempt, NULL))
		error = guard_has_room(attempt->guard, attempt->call);
	return error
		   ? error
		   : self_guard_check(attempt->call, attempt->roster, attempt->id, STATUS_DELETED);
}

struct deletion {
	struct attempt *attempt;
	bool by_row; /* the vendor shows the user only as a row of its list */
};

/* Return true if a GET alone does not prove that a user is gone: the vendor may answer a missing
 * one with another status than 404 and 410, which a refusal has as well. */
static bool doubts_get(const struct attempt *attempt)
{
	const int *code = roster_collection(attempt->roster)->gone_codes;

	while (code && (*code == 404 || *code == 410))
		code++;
	return code && *code;
}

/*
 * Read the user into *RECORD, a new reference. With LOOK the user was shown before: a 404 to a GET
 * that found it then is proof that it is gone. Returns 0, or a negative errno with a message in
 * CALL: -ENOENT also if the vendor shows what this mount has deleted.
 */
static int delete_user_get(struct deletion *deletion, struct call *call, bool look, json_t **record)
{
	struct attempt *attempt = deletion->attempt;
	int error;

	if (look && !deletion->by_row && !doubts_get(attempt))
		error = item_get(call, attempt->account, roster_collection(attempt->roster),
				 roster_parent(attempt->roster), attempt->id, record, NULL);
	else
		error = absence_get(attempt->roster, call, attempt->id, record, NULL,
				    look ? NULL : &deletion->by_row);
	if (!error && presence_was_deleted(attempt->roster, call, attempt->id, *record)) {
		json_decref(*record);
		*record = NULL;
		publish_absent(attempt->roster, attempt->id);
		error = call_fail(call, CALL_MISSING, "this mount has deleted it just now");
	}
	return error;
}

/*
 * Read until the user is gone, or until a writer should not wait any longer for reads that lag.
 * Returns 0 if it is gone, 1 if it is there, or a negative errno with a message in CALL.
 */
static int delete_user_look(struct deletion *deletion, struct call *call)
{
	struct attempt *attempt = deletion->attempt;
	struct looks looks;
	int error;

	looks_begin(&looks, attempt->call, looks_seconds(attempt->account));
	do {
		json_t *record = NULL;

		error = delete_user_get(deletion, call, true, &record);
		json_decref(record);
	} while ((!error || call_is_inconclusive(call)) && looks_again(&looks));
	if (error == -ENOENT)
		return 0;
	return error ? error : 1;
}

/* Log whether the user is gone, now that `lag` has ended. */
static void log_late_sight(const struct late_sight *sight)
{
	if (sight->error == -ENOENT)
		log_call(sight->call,
			 "looked once more: the user is deleted now; the reads lagged");
	else if (sight->error)
		log_call(sight->call,
			 "looked once more: it is not known whether the user is deleted: %s",
			 sight->words);
	else
		log_call(sight->call, "looked once more: the user is still there");
}

/*
 * Find out whether the user is gone. SAID: the vendor has answered that it is; else the answer was
 * lost. Returns 0 or a negative errno.
 */
static int delete_user_prove(struct deletion *deletion, bool said)
{
	struct attempt *attempt = deletion->attempt;
	int error = said ? 0 : -attempt->call->error;
	struct call again;
	int there;

	call_continue(&again, attempt->call);
	there = delete_user_look(deletion, &again);
	if (there < 0) {
		attempt->unknown = true;
		publish_doubt(attempt->roster, attempt->id);
		if (said) {
			call_copy_error(attempt->call, &again);
			error = there;
		}
		call_add_words(attempt->call,
			       "; reading the user failed too: it is not known whether the user "
			       "is deleted");
	} else if (there && said && attempt->call->verdict == CALL_MISSING) {
		error =
		    call_fail(attempt->call, CALL_NOT_APPLIED,
			      "not deleted: the vendor answered that there is no such user, and "
			      "still shows the user");
		late_look(attempt->call, attempt->roster, attempt->id, NULL, log_late_sight);
	} else if (there && said) {
		error = call_fail(attempt->call, CALL_NOT_APPLIED,
				  "accepted but not applied: the vendor answered success and still "
				  "shows the user%s",
				  attempt->account->lag
				      ? "; its reads may lag behind its writes (lag)"
				      : "");
		late_look(attempt->call, attempt->roster, attempt->id, NULL, log_late_sight);
	} else if (there) {
		call_add_words(attempt->call, "; the user is still there");
	} else {
		error = 0;
	}
	call_destroy(&again);
	return error;
}

/* Note and log that the user is gone, which had the record BEFORE. */
static void finish_deletion(struct attempt *attempt, const json_t *before)
{
	const char *remains = attempt->account->vendor->remains;

	if (remains)
		log_call(attempt->call, "what remains to be done: %s", remains);
	presence_note_deleted(attempt->roster, attempt->id, before);
	publish_deleted(attempt->roster, attempt->id);
	attempt_accepted(attempt, before, NULL, NULL);
	log_call(attempt->call, "deleted: this can't be undone%s", attempt_note(attempt));
}

/* Check that the vendor takes a DELETE of a user with the status of RECORD. Returns 0 or a negative
 * errno. */
static int check_from(const struct attempt *attempt, const json_t *record)
{
	const struct collection *collection = roster_collection(attempt->roster);
	char buffer[STATUS_MAP_MAX];
	const char *word = status_map_word(collection, record, buffer);
	const json_t *status = collection->status_key
				   ? collection_value(record, collection->status_key)
				   : NULL;

	if (!collection->remove_from || value_is_one_of(collection->remove_from, status))
		return 0;
	return call_fail(attempt->call, CALL_UNSUPPORTED,
			 "the vendor's API cannot delete a user whose status is %s; nothing was "
			 "sent; write inactive first",
			 word ? word : STATUS_UNKNOWN);
}

static int delete_user_send(struct deletion *deletion, const json_t *before)
{
	struct attempt *attempt = deletion->attempt;
	const struct collection *collection = roster_collection(attempt->roster);
	struct call *call = attempt->call;
	struct overtaken overtaken = {0};
	enum vendor_outcome outcome;
	int error = attempt_send_counted(attempt);

	if (error)
		return error;
	error = write_lock_check(roster_write_lock(attempt->roster), call, attempt->id);
	if (error) {
		attempt_uncount(attempt);
		return error;
	}
	outcome = item_delete(call, attempt->account, collection, roster_parent(attempt->roster),
			      attempt->id);
	if (outcome == VENDOR_DONE || outcome == VENDOR_UNKNOWN) {
		overtaken_look(&overtaken, call, attempt->roster, attempt->id);
		error = delete_user_prove(deletion, outcome == VENDOR_DONE);
		overtaken_judge(&overtaken, call, attempt->roster,
				&(struct overtaken_records){.deleted = true});
		overtaken_clear(&overtaken);
	} else {
		error = -call->error;
	}
	if (error && outcome != VENDOR_DONE)
		attempt_uncount(attempt);
	if (error && call->verdict == CALL_UNSUPPORTED)
		call_add_words(call, "; this vendor does not delete users: write inactive");
	if (!error)
		finish_deletion(attempt, before);
	return error;
}

/* Returns 0, -EAGAIN (another host may have written the user meanwhile: again) or a negative
 * errno. */
static int read_and_delete(struct deletion *deletion)
{
	struct attempt *attempt = deletion->attempt;
	struct call *call = attempt->call;
	json_t *before = NULL;
	int error = delete_user_get(deletion, call, false, &before);

	if (!error) {
		/* a refusal before the DELETE is not the GET's: its request is not in the message
		 */
		call_forget_request(call);
		takeback_creation(attempt, before);
		error = check_from(attempt, before);
	}
	if (!error && guard_dry_run(attempt->guard))
		error = attempt_dry_run(attempt, "DELETE", attempt->id);
	else if (!error)
		error = delete_user_send(deletion, before);
	json_decref(before);
	return error;
}

static int lock_and_delete(struct attempt *attempt)
{
	struct deletion deletion = {.attempt = attempt};
	struct call *call = attempt->call;
	int error = write_lock_take(roster_write_lock(attempt->roster), call, attempt->id);

	if (error)
		return error;
	do {
		error = read_and_delete(&deletion);
	} while (error == -EAGAIN);
	write_lock_release(roster_write_lock(attempt->roster), attempt->id);
	return error;
}

int delete_user(struct call *call, struct roster *roster, struct guard *guard, const char *id)
{
	struct attempt attempt;
	int error;

	attempt_begin(&attempt, call, guard, roster, "delete", id);
	error = delete_user_check(&attempt);
	if (!error)
		error = lock_and_delete(&attempt);
	attempt_end(&attempt, error);
	if (error)
		figures_note_error(roster, call, error);
	return error;
}

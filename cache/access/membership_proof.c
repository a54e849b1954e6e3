/* SPDX-License-Identifier: Apache-2.0 */
/*
 * membership_proof.c - see membership_proof.h.
 *
 * A step is acknowledged only if the vendor has both answered success and shown it. The vendor's
 * file remembers those steps while reads may lag (collection->remember), and only they are removed
 * from the undo. It sends no change.
 */
#include "cache/access/membership_proof.h"

#include "cache/access/membership.h"
#include "cache/access/membership_late.h"
#include "cache/access/membership_past.h"
#include "cache/history/attempt.h"
#include "cache/record/record.h"
#include "cache/roster/inactive.h"
#include "cache/roster/publish.h"
#include "cache/update/looks.h"
#include "vendors/base/call.h"
#include "vendors/json/exact_print.h"
#include "vendors/rest/account.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Return true if STEP may have been ended just now. A read that shows it may then be stale. */
static bool may_be_ended(const struct membership *membership, const json_t *step)
{
	const json_t *key = json_object_get(step, membership->collection->step_key);
	json_t *other;
	size_t i;

	json_array_foreach(membership_steps(membership, membership->sent), i, other) {
		if (json_equal(json_object_get(other, membership->collection->step_key), key) &&
		    membership_is_inactive(membership) && membership_was_made(membership, i))
			return true;
	}
	return false;
}

/*
 * Remove from the undo the steps that RECORD, read after the last step, shows. A step that may have
 * been ended just now stays.
 */
static void trim_undo(struct membership *membership, const json_t *record)
{
	json_t *list = membership_steps(membership, membership->undo);
	const json_t *now = membership_steps(membership, record);

	for (size_t i = json_array_size(list); i-- > 0;) {
		const json_t *step = json_array_get(list, i);

		if (membership_has(membership, now, step) && !may_be_ended(membership, step))
			json_array_remove(list, i);
	}
	membership_past_keep(membership, true);
}

/* Name the steps that remain in the message of the error. */
static void add_remaining(struct membership *membership, const json_t *record)
{
	const char *key = membership->collection->step_key;
	json_t *step;
	size_t i;

	json_array_foreach(membership_steps(membership, record), i, step) {
		call_add_words(membership->call, i ? ", %s" : "; what remains is %s",
			       json_string_value(json_object_get(step, key)));
	}
}

/* Return true if RECORD shows each step that has taken effect, or may have. */
static bool shows_all(const struct membership *membership, const json_t *record)
{
	json_t *step;
	size_t i;

	json_array_foreach(membership_steps(membership, membership->sent), i, step) {
		if (membership_was_made(membership, i) &&
		    !membership_shows(membership, record, step))
			return false;
	}
	return true;
}

/* Return a record with the steps of LIST that are not in WITHOUT, or NULL if there is no memory. */
static json_t *difference(const struct membership *membership, const json_t *list,
			  const json_t *without)
{
	json_t *record = json_deep_copy(membership->sent), *rest = json_array(), *step;
	size_t i;

	json_array_foreach(list, i, step) {
		if (!membership_has_same(without, step, membership->collection->step_id_key))
			json_array_append(rest, step);
	}
	json_object_set_new(record, membership->collection->steps_key, rest);
	return record;
}

/* Have the vendor's file remember the steps that RECORD, read after the last step, proves. */
static void membership_proof_remember(struct membership *membership, const json_t *record)
{
	const json_t *now = membership_steps(membership, record);
	json_t *tried = json_array(), *seen = json_array(), *changed, *step;
	size_t i;

	json_array_foreach(membership_steps(membership, membership->sent), i, step) {
		if (membership_was_made(membership, i))
			json_array_append(tried, step);
	}
	json_array_foreach(now, i, step) {
		if (membership_has(membership, tried, step))
			json_array_append(seen, step);
	}
	changed = membership_is_inactive(membership)
		      ? difference(membership, tried, now)
		      : difference(membership, seen,
				   membership_steps(membership, membership->fresh));
	membership->collection->remember(membership->attempt->account, NULL,
					 membership_is_inactive(membership) ? changed : NULL,
					 membership_is_inactive(membership) ? NULL : changed);
	json_decref(changed);
	json_decref(seen);
	json_decref(tried);
}

/* Publish RECORD, the newest one, which CALL has read. ERROR is how the write ended. */
static void membership_proof_settle(struct membership *membership, const struct call *call,
				    json_t *record, int error)
{
	bool inactive = membership_is_inactive(membership);

	membership_proof_remember(membership, record);
	if (!error || !inactive)
		publish_status(membership->roster, membership->id, inactive);
	trim_undo(membership, record);
	membership_publish(membership, call, record);
	/* reads may lag: ask again for the next reader, and once more when `lag` ends */
	if (!shows_all(membership, record)) {
		publish_doubt(membership->roster, membership->id);
		membership_late_look(membership);
	}
	json_object_del(record, membership->collection->unconfirmed_key);
	if (!json_equal(record, membership->fresh))
		attempt_accepted(membership->attempt, membership->fresh, record, NULL);
}

static int fail_not_applied(struct membership *membership, const json_t *record)
{
	const char *status = membership_status_of(membership, record);
	const char *lag = membership->attempt->account->lag
			      ? "; the vendor's reads may lag behind its writes (lag)"
			      : "";

	if (strcmp(status, membership->word) != 0)
		return call_fail(membership->call, CALL_NOT_APPLIED,
				 "accepted but not applied: the user is still %s%s", status, lag);
	return call_fail(membership->call, CALL_NOT_APPLIED,
			 "accepted but not applied: some %s were not restored; write the status "
			 "again%s",
			 membership->collection->name, lag);
}

/*
 * Read until the vendor shows the steps that have taken effect, or until a writer should not wait
 * any longer for reads that lag. The last record goes into *RECORD. Returns 0 or a negative errno.
 */
static int membership_proof_look(struct membership *membership, struct call *call, json_t **record)
{
	struct looks looks;
	int error;

	looks_begin(&looks, membership->call, looks_seconds(membership->attempt->account));
	for (;;) {
		json_t *now = NULL;

		error = membership_get(membership, call, &now);
		json_decref(*record);
		*record = now;
		if (error ? !call_is_inconclusive(call) : shows_all(membership, now))
			break;
		if (!looks_again(&looks))
			break;
	}
	return error;
}

/*
 * Return true if `inactive` is written and RECORD may later show a step that this mount had asked
 * for, and that could not be ended because the vendor does not show it yet.
 */
static bool may_come(const struct membership *membership, const json_t *record)
{
	json_t *step;
	size_t i;

	if (!membership_is_inactive(membership))
		return false;
	json_array_foreach(json_object_get(record, membership->collection->unconfirmed_key), i,
			   step) {
		if (json_is_true(json_object_get(step, "asked")))
			return true;
	}
	return false;
}

/*
 * Have the vendor's file forget earlier steps that have the key of a step without an answer and are
 * not shown yet. Only reads can prove such a step, so an earlier one must not be taken for it. The
 * earlier one stays in the undo.
 */
static void forget_unanswered(struct membership *membership)
{
	const char *key = membership->collection->step_key;
	json_t *earlier = json_array(), *record, *step, *other;
	size_t i, j;

	json_array_foreach(membership_steps(membership, membership->sent), i, step) {
		json_array_foreach(membership->unconfirmed, j, other) {
			if (membership->outcomes[i] == VENDOR_UNKNOWN &&
			    json_equal(json_object_get(other, key), json_object_get(step, key)))
				json_array_append(earlier, other);
		}
	}
	record = difference(membership, earlier, NULL);
	if (json_array_size(earlier))
		membership->collection->forget(membership->attempt->account, record);
	json_array_foreach(membership->undo ? earlier : NULL, i, step) {
		if (!membership_has(membership, membership_steps(membership, membership->undo),
				    step))
			json_array_append(membership_steps(membership, membership->undo), step);
	}
	if (!membership->undo && json_array_size(earlier))
		membership->undo = json_incref(record);
	json_decref(record);
	json_decref(earlier);
}

int membership_proof_find(struct membership *membership, int error)
{
	struct call call;
	json_t *record = NULL;
	int get_error;

	if (!membership_is_inactive(membership))
		forget_unanswered(membership);
	call_continue(&call, membership->call);
	get_error = membership_proof_look(membership, &call, &record);
	if (get_error) {
		membership->attempt->unknown = true;
		publish_doubt(membership->roster, membership->id);
		if (!error)
			call_copy_error(membership->call, &call);
	} else {
		/* what the record shows now counts more than the answers */
		if (membership_is_done(membership, record) && !may_come(membership, record))
			error = 0;
		else if (!error)
			error = fail_not_applied(membership, record);
		else if (membership_is_inactive(membership))
			add_remaining(membership, record);
		membership_proof_settle(membership, &call, record, error);
	}
	json_decref(record);
	call_destroy(&call);
	return error ? error : get_error;
}

void membership_proof_settle_idle(struct membership *membership)
{
	struct account *account = membership->attempt->account;
	json_t *made, *list;

	if (!membership->undo)
		return;
	if (membership_is_inactive(membership)) {
		membership->collection->remember(account, NULL, membership->undo, NULL);
		return;
	}
	made = json_deep_copy(membership->fresh);
	list = membership_steps(membership, made);
	for (size_t i = json_array_size(list); i-- > 0;) {
		if (!membership_has(membership, membership_steps(membership, membership->undo),
				    json_array_get(list, i)))
			json_array_remove(list, i);
	}
	membership->collection->remember(account, NULL, NULL, made);
	trim_undo(membership, membership->fresh);
	json_decref(made);
}

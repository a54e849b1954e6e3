/* SPDX-License-Identifier: Apache-2.0 */
/*
 * membership_proof.c - what became of the steps of a status: see membership_state.h.
 *
 * Only what the vendor both answered and showed is acknowledged: its file remembers that while
 * reads may lag (collection->remember), and nothing else makes the undo shorter. It sends no
 * change.
 */
#include "cache/roster/inactive.h"
#include "cache/roster/publish.h"
#include "cache/access/membership_state.h"

#include "cache/roster/absence.h"
#include "cache/history/attempt.h"
#include "cache/update/looks.h"
#include "cache/record/record.h"
#include "vendors/base/call.h"
#include "vendors/json/exact.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

bool steps_is_inactive(const struct steps *steps)
{
	return strcmp(steps->word, "inactive") == 0;
}

json_t *steps_of(const struct steps *steps, const json_t *record)
{
	return json_object_get(record, steps->collection->steps_key);
}

/* Has LIST a step whose KEY is that of STEP? */
bool steps_has_same(const json_t *list, const json_t *step, const char *key)
{
	const json_t *wanted = json_object_get(step, key);
	json_t *other;
	size_t i;

	json_array_foreach(list, i, other) {
		if (json_equal(json_object_get(other, key), wanted))
			return true;
	}
	return false;
}

/* Is STEP one of LIST, by whatever id? */
bool steps_has(const struct steps *steps, const json_t *list, const json_t *step)
{
	return steps_has_same(list, step, steps->collection->step_key);
}

static const char *status_of(const struct steps *steps, const json_t *record)
{
	const char *status = exact_string(json_object_get(record, steps->collection->status_key));

	return status ? status : RECORD_STATUS_UNKNOWN;
}

int steps_get(struct steps *steps, struct call *call, json_t **record)
{
	call->good_until = 0;
	return absence_get_status(steps->roster, call, steps->id, record);
}

/* Others see OBJECT, which CALL has read. */
void steps_publish(struct steps *steps, const struct call *call, const json_t *object)
{
	struct timespec when;
	struct record *record;

	clock_gettime(CLOCK_REALTIME, &when);
	record = record_new(steps->collection, steps->id, object, when);
	if (record) {
		publish_record(steps->roster, record);
		publish_good_until(steps->roster, steps->id, call->good_until);
	} else {
		publish_doubt(steps->roster, steps->id);
	}
	record_put(record);
}

/* Has step number INDEX of those sent been made or ended, or may it have been? */
bool steps_was_made(const struct steps *steps, size_t index)
{
	return steps->outcomes[index] == VENDOR_DONE || steps->outcomes[index] == VENDOR_UNKNOWN;
}

/* May STEP have been ended just now, so that its being shown may be old? */
static bool may_be_ended(const struct steps *steps, const json_t *step)
{
	const json_t *key = json_object_get(step, steps->collection->step_key);
	json_t *other;
	size_t i;

	json_array_foreach(steps_of(steps, steps->sent), i, other) {
		if (json_equal(json_object_get(other, steps->collection->step_key), key) &&
		    steps_is_inactive(steps) && steps_was_made(steps, i))
			return true;
	}
	return false;
}

/* After the last one: what RECORD shows needs no undo, unless it may show that for lag. */
static void trim_undo(struct steps *steps, const json_t *record)
{
	json_t *list = steps_of(steps, steps->undo);
	const json_t *now = steps_of(steps, record);
	char *text = NULL;

	for (size_t i = json_array_size(list); i-- > 0;) {
		const json_t *step = json_array_get(list, i);

		if (steps_has(steps, now, step) && !may_be_ended(steps, step))
			json_array_remove(list, i);
	}
	if (json_array_size(list))
		text = exact_dump(steps->undo, 0);
	inactive_keep_undo(steps->roster, steps->id, text);
	free(text);
}

/* Does RECORD show what is wanted? For `active` that all is back that this mount has ended. */
bool steps_is_done(const struct steps *steps, const json_t *record)
{
	const json_t *now = steps_of(steps, record);
	json_t *step;
	size_t i;

	if (strcmp(status_of(steps, record), steps->word) != 0)
		return false;
	if (strcmp(steps->word, "active") != 0)
		return true;
	json_array_foreach(steps_of(steps, steps->undo), i, step) {
		if (!steps_has(steps, now, step))
			return false;
	}
	return true;
}

/* Say in the words of the error which steps remain. */
static void add_remaining(struct steps *steps, const json_t *record)
{
	const char *key = steps->collection->step_key;
	json_t *step;
	size_t i;

	json_array_foreach(steps_of(steps, record), i, step) {
		call_add_words(steps->call, i ? ", %s" : "; what remains is %s",
			       json_string_value(json_object_get(step, key)));
	}
}

/* Is STEP, which was made or ended, seen to be so in LIST? */
static bool shows_step(const struct steps *steps, const json_t *list, const json_t *step)
{
	return steps_is_inactive(steps)
		   ? !steps_has_same(list, step, steps->collection->step_id_key)
		   : steps_has(steps, list, step);
}

bool steps_shows(const struct steps *steps, const json_t *sent, const json_t *record)
{
	json_t *step;
	size_t i;

	json_array_foreach(steps_of(steps, sent), i, step) {
		if (!shows_step(steps, steps_of(steps, record), step))
			return false;
	}
	return true;
}

/* Does RECORD show each step that the vendor has made or ended, or may have? */
static bool shows_all(const struct steps *steps, const json_t *record)
{
	json_t *step;
	size_t i;

	json_array_foreach(steps_of(steps, steps->sent), i, step) {
		if (steps_was_made(steps, i) && !shows_step(steps, steps_of(steps, record), step))
			return false;
	}
	return true;
}

/* Those steps of LIST that were not in WITHOUT, as a record; NULL: no memory. */
static json_t *difference(const struct steps *steps, const json_t *list, const json_t *without)
{
	json_t *record = json_deep_copy(steps->sent), *rest = json_array(), *step;
	size_t i;

	json_array_foreach(list, i, step) {
		if (!steps_has_same(without, step, steps->collection->step_id_key))
			json_array_append(rest, step);
	}
	json_object_set_new(record, steps->collection->steps_key, rest);
	return record;
}

/* RECORD shows what became of the steps: what has been made or ended of them is remembered. */
static void remember(struct steps *steps, const json_t *record)
{
	const json_t *now = steps_of(steps, record);
	json_t *tried = json_array(), *seen = json_array(), *changed, *step;
	size_t i;

	json_array_foreach(steps_of(steps, steps->sent), i, step) {
		if (steps_was_made(steps, i))
			json_array_append(tried, step);
	}
	json_array_foreach(now, i, step) {
		if (steps_has(steps, tried, step))
			json_array_append(seen, step);
	}
	changed = steps_is_inactive(steps) ? difference(steps, tried, now)
					   : difference(steps, seen, steps_of(steps, steps->fresh));
	steps->collection->remember(steps->attempt->account, NULL,
				    steps_is_inactive(steps) ? changed : NULL,
				    steps_is_inactive(steps) ? NULL : changed);
	json_decref(changed);
	json_decref(seen);
	json_decref(tried);
}

/* RECORD is what CALL has read now; ERROR: of the steps. */
static void settle(struct steps *steps, const struct call *call, json_t *record, int error)
{
	bool inactive = steps_is_inactive(steps);

	remember(steps, record);
	if (!error || !inactive)
		inactive_note(steps->roster, steps->id, inactive);
	trim_undo(steps, record);
	steps_publish(steps, call, record);
	/* what may only not be shown yet is asked for at the next look, and at one more */
	if (!shows_all(steps, record)) {
		publish_doubt(steps->roster, steps->id);
		steps_look_later(steps);
	}
	json_object_del(record, steps->collection->unconfirmed_key);
	if (!json_equal(record, steps->fresh))
		attempt_accepted(steps->attempt, steps->fresh, record, NULL);
}

static int fail_not_applied(struct steps *steps, const json_t *record)
{
	const char *status = status_of(steps, record);
	const char *lag = steps->attempt->account->lag
			      ? "; the vendor's reads may lag behind its writes (lag)"
			      : "";

	if (strcmp(status, steps->word) != 0)
		return call_fail(steps->call, EREMOTEIO,
				 "accepted but not applied: the user is still %s%s", status, lag);
	return call_fail(steps->call, EREMOTEIO,
			 "accepted but not applied: not all is back that this mount had ended; "
			 "write the status again%s",
			 lag);
}

/*
 * The steps have been made, or some of them: look until that is shown, or until reads can't lag so
 * much that a writer should wait for it. The last record into *RECORD. 0 or a negative errno.
 */
static int look(struct steps *steps, struct call *call, json_t **record)
{
	struct looks looks;
	int error;

	looks_begin(&looks, steps->call, looks_seconds(steps->attempt->account));
	for (;;) {
		json_t *now = NULL;

		error = steps_get(steps, call, &now);
		json_decref(*record);
		*record = now;
		if (error ? error != -EREMOTEIO : shows_all(steps, now))
			break;
		if (!looks_again(&looks))
			break;
	}
	return error;
}

/* For `inactive`: may the vendor yet show a step that it was asked for, and that could not be
 * ended?
 */
static bool may_come(const struct steps *steps, const json_t *record)
{
	json_t *step;
	size_t i;

	if (!steps_is_inactive(steps))
		return false;
	json_array_foreach(json_object_get(record, steps->collection->unconfirmed_key), i, step) {
		if (json_is_true(json_object_get(step, "asked")))
			return true;
	}
	return false;
}

/*
 * A step that the vendor did not answer is proved by its reads alone: that one like it was made
 * before, and may not be shown yet, says nothing of this one. It remains to be restored.
 */
static void forget_unanswered(struct steps *steps)
{
	const char *key = steps->collection->step_key;
	json_t *earlier = json_array(), *record, *step, *other;
	size_t i, j;

	json_array_foreach(steps_of(steps, steps->sent), i, step) {
		json_array_foreach(steps->unconfirmed, j, other) {
			if (steps->outcomes[i] == VENDOR_UNKNOWN &&
			    json_equal(json_object_get(other, key), json_object_get(step, key)))
				json_array_append(earlier, other);
		}
	}
	record = difference(steps, earlier, NULL);
	if (json_array_size(earlier))
		steps->collection->forget(steps->attempt->account, record);
	json_array_foreach(steps->undo ? earlier : NULL, i, step) {
		if (!steps_has(steps, steps_of(steps, steps->undo), step))
			json_array_append(steps_of(steps, steps->undo), step);
	}
	if (!steps->undo && json_array_size(earlier))
		steps->undo = json_incref(record);
	json_decref(record);
	json_decref(earlier);
}

/* The steps have been made, or some of them: what is it now? */
int steps_prove(struct steps *steps, int error)
{
	struct call call;
	json_t *record = NULL;
	int get_error;

	if (!steps_is_inactive(steps))
		forget_unanswered(steps);
	call_continue(&call, steps->call);
	get_error = look(steps, &call, &record);
	if (get_error) {
		steps->attempt->unknown = true;
		publish_doubt(steps->roster, steps->id);
		if (!error)
			call_copy_error(steps->call, &call);
	} else {
		/* However the answers were: what it is now is what counts. */
		if (steps_is_done(steps, record) && !may_come(steps, record))
			error = 0;
		else if (!error)
			error = fail_not_applied(steps, record);
		else if (steps_is_inactive(steps))
			add_remaining(steps, record);
		settle(steps, &call, record, error);
	}
	json_decref(record);
	call_destroy(&call);
	return error ? error : get_error;
}

void steps_settle_idle(struct steps *steps)
{
	struct account *account = steps->attempt->account;
	json_t *made, *list;

	if (!steps->undo)
		return;
	if (steps_is_inactive(steps)) {
		steps->collection->remember(account, NULL, steps->undo, NULL);
		return;
	}
	made = json_deep_copy(steps->fresh);
	list = steps_of(steps, made);
	for (size_t i = json_array_size(list); i-- > 0;) {
		if (!steps_has(steps, steps_of(steps, steps->undo), json_array_get(list, i)))
			json_array_remove(list, i);
	}
	steps->collection->remember(account, NULL, NULL, made);
	trim_undo(steps, steps->fresh);
	json_decref(made);
}

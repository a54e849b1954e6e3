/* SPDX-License-Identifier: Apache-2.0 */
/*
 * membership.c - see membership.h.
 *
 * What the steps of a record are called is known from the vendor's table. It sends no change.
 */
#include "cache/access/membership.h"

#include "cache/record/record.h"
#include "cache/roster/absence.h"
#include "cache/roster/publish.h"
#include "vendors/base/call.h"
#include "vendors/base/status_words.h"
#include "vendors/json/exact.h"

#include <string.h>
#include <time.h>

bool membership_is_inactive(const struct membership *membership)
{
	return strcmp(membership->word, STATUS_INACTIVE) == 0;
}

json_t *membership_steps(const struct membership *membership, const json_t *record)
{
	return json_object_get(record, membership->collection->steps_key);
}

bool membership_has_same(const json_t *list, const json_t *step, const char *key)
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

bool membership_has(const struct membership *membership, const json_t *list, const json_t *step)
{
	return membership_has_same(list, step, membership->collection->step_key);
}

const char *membership_status_of(const struct membership *membership, const json_t *record)
{
	const char *status = exact_string(
	    json_object_get(record, membership->collection->status_key));

	return status ? status : STATUS_UNKNOWN;
}

int membership_get(struct membership *membership, struct call *call, json_t **record)
{
	call->good_until = 0;
	return absence_get_status(membership->roster, call, membership->id, record);
}

void membership_publish(struct membership *membership, const struct call *call,
			const json_t *record)
{
	struct timespec when;
	struct record *made;

	clock_gettime(CLOCK_REALTIME, &when);
	made = record_new(membership->collection, membership->id, record, when);
	if (made) {
		publish_record(membership->roster, made);
		publish_good_until(membership->roster, membership->id, call->good_until);
	} else {
		publish_doubt(membership->roster, membership->id);
	}
	record_put(made);
}

bool membership_was_made(const struct membership *membership, size_t index)
{
	return membership->outcomes[index] == VENDOR_DONE ||
	       membership->outcomes[index] == VENDOR_UNKNOWN;
}

bool membership_is_done(const struct membership *membership, const json_t *record)
{
	const json_t *now = membership_steps(membership, record);
	json_t *step;
	size_t i;

	if (strcmp(membership_status_of(membership, record), membership->word) != 0)
		return false;
	if (membership_is_inactive(membership))
		return true;
	json_array_foreach(membership_steps(membership, membership->undo), i, step) {
		if (!membership_has(membership, now, step))
			return false;
	}
	return true;
}

bool membership_shows(const struct membership *membership, const json_t *record, const json_t *step)
{
	const json_t *now = membership_steps(membership, record);

	/* the vendor uses no id again, so a step that has another id is another one */
	return membership_is_inactive(membership)
		   ? !membership_has_same(now, step, membership->collection->step_id_key)
		   : membership_has(membership, now, step);
}

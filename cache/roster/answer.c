/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer.c - see answer.h.
 *
 * It fills in the answer of a wait and starts no fetch.
 */
#define ROSTERFS_ROSTER_PRIVATE
#include "cache/roster/answer.h"

#include "cache/record/record.h"
#include "cache/record/snapshot.h"
#include "cache/roster/absence.h"
#include "cache/roster/known.h"
#include "cache/roster/roster_state.h"
#include "cache/roster/wait.h"
#include "cache/roster/roster_email.h"
#include "cache/roster/whole.h"
#include "vendors/base/call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/* ---- what is fresh ---- */

bool answer_knows_self(struct roster *roster)
{
	bool known;

	pthread_mutex_lock(&roster->lock);
	known = known_self_fresh_locked(roster);
	pthread_mutex_unlock(&roster->lock);
	return known;
}

static bool answer_self_locked(struct roster *roster, struct wait *wait)
{
	if (!known_self_fresh_locked(roster))
		return false;
	wait->self = roster->known.self.id ? strdup(roster->known.self.id) : NULL;
	wait->error = wait->self ? 0 : roster->known.self.id ? -ENOMEM : -ENODATA;
	return true;
}

static bool answer_email_locked(struct roster *roster, struct wait *wait)
{
	double seconds;

	wait->snapshot = roster_email_fresh_locked(roster, wait->id, &seconds);
	wait->error = wait->snapshot ? 0 : -ENOMEM;
	return wait->snapshot || seconds > 0;
}

static bool answer_detail_locked(struct roster *roster, struct wait *wait)
{
	struct record *record;
	double seconds;
	enum known knows = known_peek_locked(roster, wait->id, &record, &seconds);

	if (knows == KNOWN_ABSENT) {
		wait->error = -ENOENT;
		return true;
	}
	if (knows != KNOWN_FRESH || known_needs_get_locked(roster, wait->id, record, false))
		return false;
	wait->record = record_get(record);
	wait->error = 0;
	return true;
}

bool answer_locked(struct roster *roster, struct wait *wait, struct whole *whole)
{
	struct record *record;
	double seconds;

	switch (wait->kind) {
	case WAIT_WHOLE:
		if (!known_whole_fresh_locked(roster))
			return false;
		wait->error = whole_take_locked(roster, whole);
		return true;
	case WAIT_RECORD:
		switch (known_peek_locked(roster, wait->id, &record, &seconds)) {
		case KNOWN_FRESH:
			wait->record = record_get(record);
			wait->error = 0;
			return true;
		case KNOWN_ABSENT:
			wait->error = -ENOENT;
			return true;
		default:
			return false;
		}
	case WAIT_DETAIL:
		return answer_detail_locked(roster, wait);
	case WAIT_SELF:
		return answer_self_locked(roster, wait);
	case WAIT_EMAIL:
		return answer_email_locked(roster, wait);
	}
	return false;
}

/* ---- what is stale ---- */

bool answer_old_locked(struct roster *roster, struct wait *wait, struct whole *whole)
{
	struct record *record = NULL;
	double seconds;

	if (wait->kind == WAIT_SELF || wait->kind == WAIT_DETAIL ||
	    known_grace_locked(roster) <= 0 || known_whole_fresh_locked(roster) ||
	    (wait->kind == WAIT_EMAIL && roster_email_due_locked(roster, wait->id)))
		return false;
	if (wait->kind == WAIT_RECORD) {
		/* a record that a write may have changed is not shown as it was before */
		if (known_doubts_locked(roster, wait->id) ||
		    known_peek_locked(roster, wait->id, &record, &seconds) == KNOWN_NOTHING)
			return false;
		wait->record = record ? record_get(record) : NULL;
		wait->error = record ? 0 : -ENOENT;
	} else if (wait->kind == WAIT_WHOLE) {
		wait->error = whole_take_locked(roster, whole);
	} else {
		wait->snapshot = whole_with_email_locked(roster, wait->id);
		wait->error = wait->snapshot ? 0 : -ENOMEM;
	}
	return true;
}

/* ---- what a fetch has brought ---- */

void answer_settle_locked(struct flight *flight, struct wait *wait, struct whole *whole, int error)
{
	struct roster *roster = flight->roster;
	struct record *record = NULL;
	double seconds;

	if (absence_settle_locked(flight, wait, error))
		return;
	wait->error = error;
	if (error) {
		call_copy_error(wait->call, &flight->call);
		return;
	}
	switch (wait->kind) {
	case WAIT_WHOLE:
		if (!whole->snapshot)
			wait->error = whole_take_locked(roster, whole);
		break;
	case WAIT_RECORD:
	case WAIT_DETAIL:
		known_peek_locked(roster, wait->id, &record, &seconds);
		wait->record = record ? record_get(record) : NULL;
		wait->error = record ? 0 : -ENOENT;
		break;
	case WAIT_SELF:
		wait->self = roster->known.self.id ? strdup(roster->known.self.id) : NULL;
		wait->error = wait->self ? 0 : -ENOMEM;
		break;
	case WAIT_EMAIL:
		wait->snapshot = whole_with_email_locked(roster, wait->id);
		wait->error = wait->snapshot ? 0 : -ENOMEM;
		break;
	}
}

void answer_show(struct roster *roster, struct whole *whole, struct wait *waits)
{
	uint64_t generation = whole->generation;
	struct snapshot *snapshot = whole_make(roster, whole);
	struct wait *wait;

	DL_FOREACH(waits, wait) {
		if (wait->kind != WAIT_WHOLE || wait->error)
			continue;
		wait->snapshot = snapshot ? snapshot_get(snapshot) : NULL;
		wait->generation = generation;
		wait->error = snapshot ? 0 : -ENOMEM;
	}
	snapshot_put(snapshot);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * membership_past.c - see membership_past.h.
 *
 * One `inactive` may have taken several writes, each of which has ended some steps. They belong
 * together if each has found what the one before it left.
 *
 * The hosts' store keeps the record of the steps that are ended. When all are made again, it keeps
 * one without steps, so that no host goes by what it has itself ended before.
 */
#include "cache/access/membership_past.h"

#include "cache/access/membership.h"
#include "cache/history/attempt.h"
#include "cache/history/guard.h"
#include "cache/history/history.h"
#include "cache/history/takeback.h"
#include "cache/roster/inactive.h"
#include "cache/roster/roster.h"
#include "cache/roster/store.h"
#include "vendors/base/log.h"
#include "vendors/json/exact_parse.h"
#include "vendors/json/exact_print.h"

#include <stdlib.h>
#include <string.h>

/* Return true if LIST has each step of PART, with the vendor's id of it. */
static bool has_all(const struct membership *membership, const json_t *list, const json_t *part)
{
	json_t *step;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)part, i, step) {
		if (!membership_has_same(list, step, membership->collection->step_id_key))
			return false;
	}
	return true;
}

/* Return true if write NUMBER has ended steps, and has left just those of NEXT, and set *BEFORE to
 * the record before it, a new reference. */
static bool has_ended(const struct membership *membership, struct history *history, uint64_t number,
		      const json_t *next, json_t **before)
{
	json_t *was = history_record(history, number, HISTORY_BEFORE);
	json_t *after = history_record(history, number, HISTORY_AFTER);
	const json_t *had = membership_steps(membership, was);
	const json_t *left = membership_steps(membership, after);
	bool ended = json_array_size(had) > json_array_size(left) &&
		     has_all(membership, had, left) &&
		     json_array_size(left) == json_array_size(next) &&
		     has_all(membership, left, next);

	json_decref(after);
	if (ended)
		*before = was;
	else
		json_decref(was);
	return ended;
}

json_t *membership_past_undo(const struct membership *membership)
{
	struct history *history = guard_history(membership->guard);
	uint64_t number = takeback_past(membership->attempt, 0);
	json_t *undo = NULL, *before = NULL;

	while (number && has_ended(membership, history, number, membership_steps(membership, undo),
				   &before)) {
		/* what was there first has all that was ended since */
		json_decref(undo);
		undo = before;
		number = takeback_past(membership->attempt, number);
	}
	return undo;
}

json_t *membership_past_ended(const struct membership *membership)
{
	struct roster *roster = membership->roster;
	json_t *ended = roster_store(roster)->ops->recall(roster_seat(roster), membership->id);
	char *text;

	text = ended ? NULL : inactive_undo(roster, membership->id);
	if (text)
		ended = exact_parse(text, strlen(text), 0, NULL);
	free(text);
	return ended;
}

void membership_past_keep(const struct membership *membership, bool known)
{
	struct roster *roster = membership->roster;
	bool any = json_array_size(membership_steps(membership, membership->undo));
	char *text = any ? exact_print_text(membership->undo, 0) : NULL;

	inactive_keep_undo(roster, membership->id, text);
	free(text);
	if (!membership->undo || (!any && !known))
		return;
	if (roster_store(roster)->ops->remember(roster_seat(roster), membership->id,
						membership->undo))
		log_call(membership->call,
			 "the shared store can't be reached: other hosts do not know yet which %s "
			 "`active` makes again",
			 membership->collection->name);
}

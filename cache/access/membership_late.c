/* SPDX-License-Identifier: Apache-2.0 */
/*
 * membership_late.c - see membership_late.h.
 *
 * By then the write has ended, so the steps travel with the look (late.h) as a record.
 */
#include "cache/access/membership_late.h"

#include "cache/access/membership.h"
#include "cache/roster/roster.h"
#include "cache/update/late.h"
#include "vendors/base/log.h"
#include "vendors/base/status_words.h"

/* Return true if SIGHT's record shows the steps that were sent to make the status WORD. */
static bool shows_wanted(const struct late_sight *sight, const char *word)
{
	const struct membership membership = {.roster = sight->roster,
					      .collection = roster_collection(sight->roster),
					      .id = sight->id,
					      .word = word};
	json_t *step;
	size_t i;

	json_array_foreach(membership_steps(&membership, sight->wanted), i, step) {
		if (!membership_shows(&membership, sight->record, step))
			return false;
	}
	return true;
}

/* Log what SIGHT has found of the steps that were sent to make the status WORD. */
static void log_sight(const struct late_sight *sight, const char *word)
{
	if (!sight->record)
		log_call(sight->call,
			 "looked once more: the record can't be read, so that it is not known "
			 "whether it is %s: %s",
			 word, sight->words);
	else if (shows_wanted(sight, word))
		log_call(sight->call, "looked once more: what was accepted is applied by now");
	else
		log_call(sight->call,
			 "looked once more: what was accepted is still not applied; write %s again",
			 word);
}

static void log_inactive(const struct late_sight *sight)
{
	log_sight(sight, STATUS_INACTIVE);
}

static void log_active(const struct late_sight *sight)
{
	log_sight(sight, STATUS_ACTIVE);
}

/* Return a record with the steps that were sent and may have taken effect: a new reference. */
static json_t *find_made_steps(const struct membership *membership)
{
	json_t *made = json_deep_copy(membership->sent);
	json_t *list = membership_steps(membership, made);

	for (size_t i = json_array_size(list); i-- > 0;) {
		if (!membership_was_made(membership, i))
			json_array_remove(list, i);
	}
	return made;
}

void membership_late_look(const struct membership *membership)
{
	json_t *made = find_made_steps(membership);

	late_look(membership->call, membership->roster, membership->id, made,
		  membership_is_inactive(membership) ? log_inactive : log_active);
	json_decref(made);
}

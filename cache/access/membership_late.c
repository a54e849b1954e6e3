/* SPDX-License-Identifier: Apache-2.0 */
/*
 * membership_late.c - one more look, when reads can lag no longer, at steps that were accepted and not
 * shown: see membership_state.h. It tells the log, and changes nothing.
 */
#include "cache/access/membership_state.h"

#include "cache/history/attempt.h"
#include "cache/update/late.h"
#include "cache/roster/roster.h"
#include "vendors/base/call.h"
#include "vendors/base/log.h"
#include "vendors/base/words.h"

#include <stdlib.h>
#include <string.h>

/* Say whether the record shows the steps of SIGHT, which were to make it WORD. */
static void tell(const struct late_sight *sight, const char *word)
{
	const struct steps steps = {.roster = sight->roster,
				    .collection = roster_collection(sight->roster),
				    .id = sight->id,
				    .word = word};

	if (!sight->record)
		log_call(sight->call,
			 "looked once more: the record can't be read, so that it is not known "
			 "whether it is %s: %s",
			 word, sight->words);
	else if (steps_shows(&steps, sight->wanted, sight->record))
		log_call(sight->call, "looked once more: what was accepted is applied by now");
	else
		log_call(sight->call,
			 "looked once more: what was accepted is still not applied; write %s again",
			 word);
}

static void tell_inactive(const struct late_sight *sight)
{
	tell(sight, WORDS_INACTIVE);
}

static void tell_active(const struct late_sight *sight)
{
	tell(sight, WORDS_ACTIVE);
}

/* The steps that were sent and may have been made, a new reference. */
static json_t *made_steps(const struct steps *steps)
{
	json_t *made = json_deep_copy(steps->sent);
	json_t *list = steps_of(steps, made);

	for (size_t i = json_array_size(list); i-- > 0;) {
		if (!steps_was_made(steps, i))
			json_array_remove(list, i);
	}
	return made;
}

void steps_look_later(const struct steps *steps)
{
	json_t *made = made_steps(steps);

	late_look(steps->call, steps->roster, steps->id, made,
		  steps_is_inactive(steps) ? tell_inactive : tell_active);
	json_decref(made);
}

/*
 * steps_late.c - one more look, when reads can lag no longer, at steps that were accepted and not
 * shown: see steps_state.h. It tells the log, and changes nothing.
 */
#include "cache/steps_state.h"

#include "cache/attempt.h"
#include "cache/pool.h"
#include "cache/roster.h"
#include "vendors/call.h"
#include "vendors/log.h"

#include <stdlib.h>
#include <string.h>

struct late {
	struct roster *roster;
	struct call call; /* who wrote: for the log */
	char *id;
	char *sent; /* JSON: a record with the steps that were accepted, or may have been */
	bool inactive;
};

static void late_free(struct late *late)
{
	call_destroy(&late->call);
	free(late->id);
	free(late->sent);
	free(late);
}

/* GET, and say what there is. */
static void look(struct late *late)
{
	const char *word = late->inactive ? "inactive" : "active";
	json_t *sent = json_loads(late->sent, 0, NULL), *record = NULL;
	struct steps steps = {.roster = late->roster,
			      .collection = roster_collection(late->roster),
			      .id = late->id,
			      .word = word};
	struct call call;

	call_continue(&call, &late->call);
	if (!sent || steps_get(&steps, &call, &record))
		log_call(&late->call,
			 "looked once more: the record can't be read, so that it is not known "
			 "whether it is %s: %s",
			 word, call.words);
	else if (steps_shows(&steps, sent, record))
		log_call(&late->call, "looked once more: what was accepted is applied by now");
	else
		log_call(&late->call,
			 "looked once more: what was accepted is still not applied; write %s again",
			 word);
	/* whoever reads it next is told by the vendor */
	roster_doubt(late->roster, late->id);
	call_destroy(&call);
	json_decref(record);
	json_decref(sent);
}

static void run(void *arg, bool ending)
{
	struct late *late = arg;

	if (ending)
		log_call(&late->call, "the mount ends: an accepted change that did not show is not "
				      "looked at any more");
	else
		look(late);
	late_free(late);
}

/* What was sent and may have been made, as text; NULL: no memory. The caller frees. */
static char *made_text(const struct steps *steps)
{
	json_t *made = json_deep_copy(steps->sent);
	json_t *list = steps_of(steps, made);
	char *text;

	for (size_t i = json_array_size(list); i-- > 0;) {
		if (!steps_was_made(steps, i))
			json_array_remove(list, i);
	}
	text = made ? json_dumps(made, JSON_COMPACT) : NULL;
	json_decref(made);
	return text;
}

void steps_look_later(const struct steps *steps)
{
	unsigned lag = steps->attempt->account->lag;
	struct late *late = lag ? calloc(1, sizeof(*late)) : NULL;

	if (!late)
		return;
	late->roster = steps->roster;
	call_continue(&late->call, steps->call);
	late->id = strdup(steps->id);
	late->sent = made_text(steps);
	late->inactive = steps_is_inactive(steps);
	if (!late->id || !late->sent || pool_after(roster_pool(late->roster), lag, run, late)) {
		log_call(steps->call, "what became of it can't be looked at again");
		late_free(late);
	}
}

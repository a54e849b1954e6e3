/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attempt_history.c - see attempt_history.h.
 *
 * The history says who did what to whom, in words that can be searched. It gets names of fields,
 * and of values only the status and the email.
 */
#include "cache/history/attempt_history.h"

#include "cache/history/attempt.h"
#include "cache/history/attempt_undo.h"
#include "cache/history/guard.h"
#include "cache/history/history.h"
#include "cache/history/takeback.h"
#include "cache/record/record.h"
#include "cache/roster/known.h"
#include "cache/roster/publish.h"
#include "cache/roster/roster.h"
#include "vendors/base/call.h"
#include "vendors/base/log.h"
#include "vendors/rest/collection.h"
#include "vendors/rest/status_map.h"
#include "vendors/vendor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- words; each function returns a text that the caller frees, or NULL: none, or no memory ----
 */

/* Return the email of the user that the attempt's record belongs to, as it is known. */
static char *email_of_user(const struct attempt *attempt)
{
	struct roster *people = roster_people(attempt->roster);
	struct record *held = NULL;
	const char *email;
	double seconds;
	char *copy;

	if (people)
		known_peek(people, attempt->id, &held, &seconds);
	email = held ? record_email(held) : NULL;
	copy = email ? strdup(email) : NULL;
	record_put(held);
	return copy;
}

/* Return the email in BEFORE and that in AFTER (each may be NULL), if they differ. */
static char *email_words(const struct attempt *attempt, const json_t *before, const json_t *after)
{
	const struct collection *collection = roster_collection(attempt->roster);
	const char *old = before ? collection_email(collection, before) : NULL;
	const char *new = after ? collection_email(collection, after) : NULL;
	char *both = NULL;

	if (!old && !new)
		return email_of_user(attempt);
	if (!old || !new || strcmp(old, new) == 0)
		return strdup(old ? old : new);
	return asprintf(&both, "%s,%s", old, new) < 0 ? NULL : both;
}

/* Return the statuses in BEFORE and AFTER, if they differ: "active->inactive". */
static char *status_words(const struct attempt *attempt, const json_t *before, const json_t *after)
{
	const struct collection *collection = roster_collection(attempt->roster);
	char old_word[STATUS_MAP_MAX], new_word[STATUS_MAP_MAX], *both = NULL;
	const char *old = before ? status_map_word(collection, before, old_word) : NULL;
	const char *new = after ? status_map_word(collection, after, new_word) : NULL;

	if ((!old && !new) || (old && new &&strcmp(old, new) == 0))
		return NULL;
	return asprintf(&both, "%s->%s", old ? old : "none", new ? new : "none") < 0 ? NULL : both;
}

/* Return the names of the attempt's fields, with commas between them. */
static char *fields_words(const struct attempt *attempt)
{
	char *text = NULL;
	size_t size, i;
	json_t *field;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	json_array_foreach(attempt->fields, i, field)
		fprintf(out, "%s%s", i ? "," : "",
			json_string_value(json_object_get(field, "field")));
	if (!fclose(out))
		return text;
	free(text);
	return NULL;
}

/* ---- the history ---- */

static void tell_written(const struct attempt *attempt, const json_t *before, const json_t *after)
{
	const struct call *call = attempt->call;
	const struct roster_write write = {.id = attempt->id,
					   .before = before,
					   .after = after,
					   .uid = call->uid,
					   .pid = call->pid,
					   .command = call->command,
					   .number = attempt->number};

	publish_written(attempt->roster, &write);
}

/* Add the change, with the words for it, to HISTORY. */
static void add(struct attempt *attempt, struct history *history, struct history_write *write)
{
	char *email = email_words(attempt, write->before, write->after);
	char *status = status_words(attempt, write->before, write->after);
	char *fields = fields_words(attempt), *script = attempt_undo_script(attempt);
	struct history_facts *facts = &write->facts;

	facts->owner = roster_name(attempt->roster);
	facts->id = attempt->id;
	facts->uid = attempt->call->uid;
	facts->command = attempt->call->command;
	facts->path = attempt->call->path;
	facts->email = email;
	facts->status = status;
	facts->fields = fields;
	write->script = script;
	takeback_tell(attempt, write->before, write->after, &facts->access);
	attempt->number = history_add(history, write);
	takeback_tell_end(&facts->access);
	free(email);
	free(status);
	free(fields);
	free(script);
}

void attempt_history_add(struct attempt *attempt, const json_t *before, const json_t *after,
			 const json_t *undo)
{
	struct history *history = guard_history(attempt->guard);
	struct history_write write = {.before = before,
				      .after = after,
				      .undo = undo,
				      .stamp_key = roster_collection(attempt->roster)->stamp_key};

	if (!history)
		return;
	add(attempt, history, &write);
	if (attempt->number && undo)
		attempt_undo_set(attempt, undo);
	tell_written(attempt, before, after);
	if (!attempt->number)
		log_call(attempt->call, "no memory: the change is not in the history");
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attempt_undo.c - see attempt_undo.h.
 */
#include "cache/history/attempt_undo.h"

#include "cache/document/text_json.h"
#include "cache/history/attempt.h"
#include "cache/history/guard.h"
#include "cache/history/undo.h"
#include "cache/roster/roster.h"
#include "vendors/base/call.h"
#include "vendors/base/status_words.h"
#include "vendors/json/exact.h"
#include "vendors/rest/status_map.h"
#include "vendors/vendor.h"

#include <stdlib.h>
#include <string.h>

char *attempt_undo_command(const struct attempt *attempt, const struct undo *undo)
{
	const struct undo_words *words = guard_undo_words(attempt->guard);

	return words ? words->command(attempt->account, undo) : NULL;
}

void attempt_undo_add(struct attempt *attempt, const struct undo *undo)
{
	char *command = attempt_undo_command(attempt, undo);

	if (!command)
		return;
	if (!attempt->commands)
		attempt->commands = json_array();
	json_array_append_new(attempt->commands, json_string(command));
	free(command);
}

void attempt_undo_add_status(struct attempt *attempt, const char *id)
{
	const struct undo undo = {.what = UNDO_STATUS, .id = id, .word = STATUS_INACTIVE};

	attempt_undo_add(attempt, &undo);
}

/*
 * Return the command that makes WORD (NULL: none) the record's status; the caller frees. NULL: only
 * a document can restore another word of the vendor's.
 */
static char *status_command(const struct attempt *attempt, const char *word)
{
	const struct undo undo = {.what = UNDO_STATUS, .path = attempt->call->path, .word = word};

	if (!word || (strcmp(word, STATUS_ACTIVE) != 0 && strcmp(word, STATUS_INACTIVE) != 0))
		return NULL;
	return attempt_undo_command(attempt, &undo);
}

/* Return the command that restores the status from before, as an array. NULL: no status was
 * written. */
static json_t *undo_of_status(const struct attempt *attempt)
{
	const json_t *field = json_array_get(attempt->fields, 0);
	const json_t *before = json_object_get(field, "before");
	char *text = strcmp(attempt->action, "status") == 0
			 ? status_command(attempt, exact_string(before))
			 : NULL;
	json_t *undo = text ? json_pack("[o]", text_json(text)) : NULL;

	free(text);
	return undo;
}

json_t *attempt_undo_json(const struct attempt *attempt, bool open)
{
	if (attempt->undo)
		return json_pack("[o]", text_json(attempt->undo));
	if (attempt->commands)
		return json_incref(attempt->commands);
	return open ? undo_of_status(attempt) : NULL;
}

char *attempt_undo_script(const struct attempt *attempt)
{
	const struct undo_words *words = guard_undo_words(attempt->guard);

	return words && attempt->commands ? words->script(attempt->account, attempt->commands)
					  : NULL;
}

void attempt_undo_set(struct attempt *attempt, const json_t *undo)
{
	const struct undo copy = {.what = UNDO_DOCUMENT,
				  .path = attempt->call->path,
				  .number = attempt->number};
	char buffer[STATUS_MAP_MAX];
	const char *word = NULL;
	char *text;

	if (strcmp(attempt->action, "status") == 0)
		word = status_map_word(roster_collection(attempt->roster), undo, buffer);
	text = status_command(attempt, word);
	if (!text)
		text = attempt_undo_command(attempt, &copy);
	if (!text)
		return;
	free(attempt->undo);
	attempt->undo = text;
}

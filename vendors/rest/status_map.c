/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status_map.c - see status_map.h.
 *
 * Exact values are looked at before `*`, which stands for all others. A vendor's own word that
 * reads like one of rosterfs' words, and is not listed as it, is shown in quotes, so that it is not
 * taken for it.
 */
#include "vendors/rest/status_map.h"

#include "vendors/base/status_words.h"
#include "vendors/json/exact.h"
#include "vendors/json/exact_print.h"
#include "vendors/json/pointer.h"
#include "vendors/template/value.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Return true if STATUS is one of VALUES, or, with ANY, if one of them is `*` and stands for it. */
static bool is_among(const struct value *values, const json_t *status, bool any)
{
	for (; values && values->type != VALUE_END; values++) {
		if ((values->type == VALUE_ANY) == any && value_is(values, status))
			return true;
	}
	return false;
}

/* Return the word that TABLE has for STATUS, or NULL. */
static const char *listed_word(const struct rule_status *table, const json_t *status)
{
	if (table->word)
		return table->word(status);
	for (int any = 0; any < 2; any++) {
		if (is_among(table->active, status, any))
			return STATUS_ACTIVE;
		if (is_among(table->inactive, status, any))
			return STATUS_INACTIVE;
	}
	return NULL;
}

/* Return true if VALUES are WORD alone. */
static bool is_word_alone(const struct value *values, const char *word)
{
	return values && values[0].type == VALUE_TEXT && strcmp(values[0].text, word) == 0 &&
	       values[1].type == VALUE_END;
}

bool status_map_is_plain(const struct collection *collection)
{
	const struct rule_status *table = collection->status;

	return !table || (is_word_alone(table->active, STATUS_ACTIVE) &&
			  is_word_alone(table->inactive, STATUS_INACTIVE) && !table->activate &&
			  !table->deactivate);
}

/* Return the text of STATUS if it is a word on one line, or NULL. */
static const char *text_of(const json_t *status)
{
	const char *text = json_string_value(status);

	/* a NUL byte would make another word of it */
	if (!text || !*text || strpbrk(text, "\r\n") || strlen(text) != json_string_length(status))
		return NULL;
	return text;
}

static bool is_own_word(const char *text)
{
	return strcmp(text, STATUS_ACTIVE) == 0 || strcmp(text, STATUS_INACTIVE) == 0 ||
	       strcmp(text, STATUS_DELETED) == 0 || strcmp(text, STATUS_UNKNOWN) == 0;
}

/* Return STATUS, which is not listed, as it is shown, or NULL. */
static const char *other_word(const json_t *status, char buffer[STATUS_MAP_MAX])
{
	const char *text = text_of(status);
	char *json;

	if (text && is_own_word(text)) {
		snprintf(buffer, STATUS_MAP_MAX, "\"%s\"", text);
		return buffer;
	}
	if (text || !(json_is_boolean(status) || exact_is_number(status)))
		return text;
	json = exact_print_text(status, 0);
	if (json && strlen(json) < STATUS_MAP_MAX) {
		snprintf(buffer, STATUS_MAP_MAX, "%s", json);
		text = buffer;
	}
	free(json);
	return text;
}

const char *status_map_word(const struct collection *collection, const json_t *record,
			    char buffer[STATUS_MAP_MAX])
{
	const json_t *status;
	const char *word;

	if (!collection->status_key)
		return NULL;
	status = pointer_get(record, collection->status_key);
	word = status_map_is_plain(collection) ? text_of(status) : NULL;
	if (word || !collection->status)
		return word;
	word = listed_word(collection->status, status);
	return word ? word : other_word(status, buffer);
}

/* Return the values of TABLE that stand for WORD, or NULL. */
static const struct value *values_of(const struct rule_status *table, const char *word)
{
	if (strcmp(word, STATUS_ACTIVE) == 0)
		return table->active;
	return strcmp(word, STATUS_INACTIVE) == 0 ? table->inactive : NULL;
}

json_t *status_map_value(const struct collection *collection, const char *word)
{
	const struct value *values, *first;

	if (!collection->status)
		return json_string(word);
	values = values_of(collection->status, word);
	first = value_first(values);
	if (first)
		return value_json(first);
	return is_among(values, NULL, false) ? json_null() : json_string(word);
}

bool status_map_can_set(const struct collection *collection, const char *word)
{
	const struct rule_status *table = collection->status;

	return collection->status_key && (!table || value_first(values_of(table, word)));
}

int status_map_set(const struct collection *collection, json_t *record, const char *word)
{
	json_t *value;

	if (!status_map_can_set(collection, word))
		return -EOPNOTSUPP;
	value = status_map_value(collection, word);
	return value ? pointer_set(record, collection->status_key, value) : -ENOMEM;
}

bool status_map_has_request(const struct collection *collection, const char *word)
{
	const struct rule_status *table = collection->status;

	if (!table)
		return false;
	return strcmp(word, STATUS_ACTIVE) == 0 ? table->activate != NULL
						: table->deactivate != NULL;
}

bool status_map_may_activate(const struct collection *collection, const json_t *record)
{
	const struct rule_status *table = collection->status;
	const struct rule_status_request *request = table ? table->activate : NULL;
	const json_t *status;

	if (status_map_is_plain(collection))
		return true;
	status = pointer_get(record, collection->status_key);
	if (listed_word(table, status))
		return true;
	for (; request && request->name; request++) {
		if (value_is_one_of(request->from, status))
			return true;
	}
	return false;
}

bool status_map_has_requests(const struct collection *collection)
{
	return collection->status &&
	       (collection->status->activate || collection->status->deactivate);
}

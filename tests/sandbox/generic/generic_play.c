/* SPDX-License-Identifier: Apache-2.0 */
/*
 * generic_play: reading a play file.
 *
 * The play stays the JSON value that was read: generic_schema.c has checked it once, so that all
 * others may take each member for what it must be, and give its default where they use it.
 *
 * It must not know what any member means, except those that make a play of another one: scim, set.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "generic_parts.h"
#include "tests/sandbox/document.h"

/* Lay the play over the preset, and apply what "set" says of single members. */
static json_t *compose(json_t *own)
{
	json_t *play = json_is_true(json_object_get(own, "scim")) ? scim_preset() : json_object();
	json_t *set = json_incref(json_object_get(own, "set"));
	const char *key;
	json_t *value;
	json_object_del(own, "set");
	json_object_foreach(own, key, value)
		json_object_set_new(play, key, json_deep_copy(value));
	json_object_foreach(set, key, value) {
		if (json_is_null(value))
			pointer_del(play, key);
		else if (key[0] == '/')
			pointer_set(play, key, json_deep_copy(value));
	}
	json_decref(set);
	json_decref(own);
	return play;
}

json_t *play_load(const char *file)
{
	json_error_t error;
	char why[256];
	json_t *own = json_load_file(file, JSON_REJECT_DUPLICATES, &error);
	if (!json_is_object(own)) {
		fprintf(stderr, "rosterfs-sandbox: %s: not a play: line %d: %s\n", file,
			own ? 1 : error.line, own ? "not a JSON object" : error.text);
		json_decref(own);
		return NULL;
	}
	const json_t *set = json_object_get(own, "set");
	if (set && !json_is_object(set)) {
		fprintf(stderr, "rosterfs-sandbox: %s: set: not an object\n", file);
		json_decref(own);
		return NULL;
	}
	json_t *play = compose(own);
	if (schema_check(play, why, sizeof why))
		return play;
	fprintf(stderr, "rosterfs-sandbox: %s: %s\n", file, why);
	json_decref(play);
	return NULL;
}

const json_t *play_part(const json_t *part, const char *key)
{
	return json_object_get(part, key);
}

const char *play_word(const json_t *part, const char *key, const char *otherwise)
{
	const char *word = json_string_value(json_object_get(part, key));
	return word ? word : otherwise;
}

long play_number(const json_t *part, const char *key, long otherwise)
{
	const json_t *number = json_object_get(part, key);
	return json_is_integer(number) ? (long)json_integer_value(number) : otherwise;
}

bool play_flag(const json_t *part, const char *key, bool otherwise)
{
	const json_t *flag = json_object_get(part, key);
	return json_is_boolean(flag) ? json_is_true(flag) : otherwise;
}

bool play_is(const json_t *part, const char *key, const char *word, const char *otherwise)
{
	return strcmp(play_word(part, key, otherwise), word) == 0;
}

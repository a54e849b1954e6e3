/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value.c - see value.h.
 */
#include "vendors/template/value.h"

#include "vendors/json/exact.h"
#include "vendors/json/exact_parse.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static json_t *parse(const char *text)
{
	return exact_parse(text, strlen(text), EXACT_PARSE_ANY, NULL);
}

/* Set VALUE to TYPE with a copy of TEXT. */
static int set(struct value *value, enum value_type type, const char *text)
{
	*value = (struct value){type, strdup(text)};
	return value->text ? 0 : -ENOMEM;
}

/* Set VALUE to the JSON string TEXT. */
static int read_string(const char *text, struct value *value)
{
	json_t *json = parse(text);
	const char *own = exact_string(json);
	int rc = -EINVAL;

	/* one with a NUL or half a surrogate pair is no C string */
	if (own && strlen(own) == json_string_length(json))
		rc = set(value, VALUE_TEXT, own);
	json_decref(json);
	return rc;
}

int value_read(const char *text, struct value *value)
{
	static const struct {
		const char *word;
		enum value_type type;
	} words[] = {
	    {"null", VALUE_NULL},     {"true", VALUE_TRUE}, {"false", VALUE_FALSE},
	    {"absent", VALUE_ABSENT}, {"*", VALUE_ANY},
	};

	*value = (struct value){VALUE_END, NULL};
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strcmp(text, words[i].word) == 0) {
			value->type = words[i].type;
			return 0;
		}
	}
	if (*text == '"')
		return read_string(text, value);
	if (*text == '[' || *text == '{')
		return -EINVAL;
	return set(value, exact_parse_is_number(text, strlen(text)) ? VALUE_NUMBER : VALUE_TEXT,
		   text);
}

void value_clear(struct value *value)
{
	free((char *)(uintptr_t)value->text);
	*value = (struct value){VALUE_END, NULL};
}

/* Return true if JSON, a number, is the number TEXT. */
static bool is_number(const char *text, const json_t *json)
{
	char *end;
	long long integer;
	json_t *number;
	bool same;

	/* the usual case, for each row of a list: without an allocation */
	if (json_is_integer(json)) {
		errno = 0;
		integer = strtoll(text, &end, 10);
		if (!*end && !errno)
			return integer == json_integer_value(json);
	}
	number = parse(text);
	same = number && exact_same_number(number, json);
	json_decref(number);
	return same;
}

bool value_is(const struct value *value, const json_t *json)
{
	switch (value->type) {
	case VALUE_NULL:
		return json_is_null(json);
	case VALUE_TRUE:
		return json_is_true(json);
	case VALUE_FALSE:
		return json_is_false(json);
	case VALUE_NUMBER:
		return exact_is_number(json) && is_number(value->text, json);
	case VALUE_TEXT:
		return exact_string(json) && strlen(value->text) == json_string_length(json) &&
		       memcmp(json_string_value(json), value->text, strlen(value->text)) == 0;
	case VALUE_ABSENT:
		return !json;
	case VALUE_ANY:
		return json && !json_is_null(json);
	default:
		return false;
	}
}

bool value_is_one_of(const struct value *values, const json_t *json)
{
	for (; values && values->type != VALUE_END; values++) {
		if (value_is(values, json))
			return true;
	}
	return false;
}

json_t *value_json(const struct value *value)
{
	switch (value->type) {
	case VALUE_NULL:
		return json_null();
	case VALUE_TRUE:
		return json_true();
	case VALUE_FALSE:
		return json_false();
	case VALUE_NUMBER:
		return parse(value->text);
	case VALUE_TEXT:
		return json_string(value->text);
	default:
		return NULL;
	}
}

const struct value *value_first(const struct value *values)
{
	for (; values && values->type != VALUE_END; values++) {
		if (values->type != VALUE_ABSENT && values->type != VALUE_ANY)
			return values;
	}
	return NULL;
}

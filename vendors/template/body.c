/* SPDX-License-Identifier: Apache-2.0 */
/*
 * body.c - see body.h.
 *
 * A JSON body is parsed with a string for each bare placeholder, and a tree with the values is
 * built from that one. What is put in is never looked at for placeholders.
 */
#include "vendors/template/body.h"

#include "vendors/json/exact.h"
#include "vendors/json/exact_parse.h"
#include "vendors/json/exact_print.h"
#include "vendors/json/exact_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What a string begins with that stands for a bare placeholder. */
#define BARE "\x1a"

/* A body being filled in. */
struct filling {
	const struct template_values *values;
	char *why;
	size_t why_size;
	bool failed;
};

static json_t *fail(struct filling *filling, const char *format, const char *name)
{
	snprintf(filling->why, filling->why_size, format, name);
	filling->failed = true;
	return NULL;
}

bool body_is_json(const char *body)
{
	return *body == '{' || *body == '[';
}

/* ---- the tree of the template ---- */

/* If a placeholder begins at TEXT, copy its name and return the length with braces, else 0. */
static size_t placeholder(const char *text, char name[TEMPLATE_NAME_MAX])
{
	const char *at = text;

	return *text == '{' && template_next(&at, name) &&
		       at == text + strlen(name) + 2 /* and not a later one */
		   ? strlen(name) + 2
		   : 0;
}

/* Return the tree of BODY, in which "\x1a" and a name is a bare placeholder, or NULL and *WRONG. */
static json_t *parse(const char *body, const char **wrong)
{
	struct exact_text text = {0};
	char name[TEMPLATE_NAME_MAX];
	json_t *tree = NULL;

	*wrong = "a string begins with U+001A";
	while (*body) {
		size_t length = placeholder(body, name);

		if (length) {
			exact_text_put(&text, "\"\\u001a", 7);
			exact_text_put_escaped(&text, name, length - 2);
			exact_text_put(&text, "\"", 1);
		} else if (*body == '"') {
			bool escaped;
			const char *end = body + strlen(body);

			length = (size_t)(exact_parse_string_end(body + 1, end, &escaped) - body);
			length += body + length < end;
			if (strncasecmp(body, "\"\\u001a", 7) == 0)
				goto done;
			exact_text_put(&text, body, length);
		} else {
			length = 1;
			exact_text_put(&text, body, length);
		}
		body += length;
	}
	if (text.text)
		tree = exact_parse(text.text, text.length, EXACT_PARSE_ANY | EXACT_PARSE_NO_REPEATS,
				   NULL);
	*wrong = "it is not JSON, or has a member twice";
done:
	free(text.text);
	return tree;
}

/* Return what is wrong with a key or a string below VALUE, or NULL. */
static const char *check(const json_t *value)
{
	const char *wrong = NULL, *key;
	char name[TEMPLATE_NAME_MAX];
	json_t *member;
	size_t i;

	json_object_foreach((json_t *)(uintptr_t)value, key, member) {
		const char *at = key;

		if (*key == EXACT_KEY_MARK || template_next(&at, name))
			return "the name of a member has a placeholder or a character that cannot "
			       "be sent";
		wrong = check(member);
		if (wrong)
			return wrong;
	}
	json_array_foreach(value, i, member) {
		wrong = check(member);
		if (wrong)
			return wrong;
	}
	return NULL;
}

const char *body_check(const char *body)
{
	const char *wrong;
	json_t *tree;

	if (!body_is_json(body))
		return NULL;
	tree = parse(body, &wrong);
	if (!tree)
		return wrong;
	wrong = check(tree);
	json_decref(tree);
	return wrong;
}

/* ---- values ---- */

static json_t *value_of(struct filling *filling, const char *name)
{
	return filling->values->value(filling->values, name);
}

/* Append VALUE to TEXT as it stands between the quotes of a JSON string. */
static void put_between_quotes(struct exact_text *text, const json_t *value)
{
	const char *carried = exact_carried(value, 's'), *string = exact_string(value);
	char *printed;

	if (carried) {
		exact_text_put(text, carried, strlen(carried));
	} else if (string) {
		exact_text_put_escaped(text, string, json_string_length(value));
	} else {
		printed = exact_print_text(value, 0);
		if (printed)
			exact_text_put_escaped(text, printed, strlen(printed));
		free(printed);
	}
}

/* Return the string VALUE with its placeholders filled in. */
static json_t *fill_text(struct filling *filling, const json_t *value)
{
	const char *carried = exact_carried(value, 's'), *string = exact_string(value);
	const char *at = carried ? carried : string, *end, *next = at;
	struct exact_text text = {0};
	char name[TEMPLATE_NAME_MAX];
	json_t *filled = NULL;

	end = carried ? at + strlen(at) : at + json_string_length(value);
	exact_text_put(&text, "\"", 1);
	while (template_next(&next, name)) {
		const char *here = next - strlen(name) - 2;
		json_t *found = value_of(filling, name);

		if (!found) {
			/* only a placeholder: the member is left out */
			if (here != (carried ? carried : string) || next != end)
				fail(filling, "there is no value for {%s}", name);
			free(text.text);
			return NULL;
		}
		if (carried)
			exact_text_put(&text, at, (size_t)(here - at));
		else
			exact_text_put_escaped(&text, at, (size_t)(here - at));
		put_between_quotes(&text, found);
		json_decref(found);
		at = next;
	}
	if (carried)
		exact_text_put(&text, at, (size_t)(end - at));
	else
		exact_text_put_escaped(&text, at, (size_t)(end - at));
	exact_text_put(&text, "\"", 1);
	if (text.text) {
		filled = exact_parse(text.text, text.length, EXACT_PARSE_ANY, NULL);
		explicit_bzero(text.text, text.length);
	}
	free(text.text);
	return filled ? filled : fail(filling, "%s", "out of memory");
}

static json_t *fill(struct filling *filling, json_t *value);

static json_t *fill_object(struct filling *filling, json_t *object)
{
	json_t *filled = json_object(), *member;
	const char *key;

	json_object_foreach(object, key, member) {
		json_t *new = fill(filling, member);

		if (new &&json_object_set_new_nocheck(filled, key, new))
			fail(filling, "%s", "out of memory");
	}
	return filled;
}

static json_t *fill_array(struct filling *filling, json_t *array)
{
	json_t *filled = json_array(), *element;
	size_t i;

	json_array_foreach(array, i, element) {
		json_t *new = fill(filling, element);

		if (new &&json_array_append_new(filled, new))
			fail(filling, "%s", "out of memory");
	}
	return filled;
}

/* Return VALUE of the template with values for placeholders, a new reference. NULL: it is left out,
 * or FILLING has failed. */
static json_t *fill(struct filling *filling, json_t *value)
{
	const char *text = json_string_value(value);

	if (filling->failed)
		return NULL;
	if (json_is_object(value))
		return fill_object(filling, value);
	if (json_is_array(value))
		return fill_array(filling, value);
	if (text && *text == *BARE)
		return value_of(filling, text + 1);
	return exact_is_string(value) ? fill_text(filling, value) : json_incref(value);
}

char *body_expand(const char *body, const struct template_values *values, char *why,
		  size_t why_size)
{
	struct filling filling = {.values = values, .why = why, .why_size = why_size};
	const char *wrong;
	json_t *tree, *filled;
	char *text = NULL;

	if (!body_is_json(body))
		return template_expand(body, TEMPLATE_FORM, values, why, why_size);
	tree = parse(body, &wrong);
	if (!tree) {
		fail(&filling, "%s", wrong);
		return NULL;
	}
	filled = fill(&filling, tree);
	if (!filled && !filling.failed)
		fail(&filling, "there is no value for %s", body);
	if (filled && !filling.failed) {
		text = exact_print_text(filled, 0);
		if (!text)
			fail(&filling, "%s", "out of memory");
	}
	json_decref(tree);
	json_decref(filled);
	return text;
}

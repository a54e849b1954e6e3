/* SPDX-License-Identifier: Apache-2.0 */
/*
 * convert.c - see convert.h.
 *
 * One function for each type. None knows what a key is for. Placeholders are checked later
 * (placeholders.c), because what they may be depends on the whole description.
 */
#include "vendors/description/convert.h"

#include "vendors/description/draft.h"
#include "vendors/template/body.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---- texts ---- */

/* A value of "" is the empty text. */
static const char *plain(const char *text)
{
	return strcmp(text, "\"\"") == 0 ? "" : text;
}

static int convert_text(const char *text, const char **value)
{
	*value = plain(text);
	return 0;
}

static int convert_url(const struct convert *convert, const char *text, const char **value)
{
	if (strncasecmp(text, "https://", 8) != 0 && strncasecmp(text, "http://", 7) != 0 &&
	    *text != '{')
		return convert_fail(convert, "%s must begin with https://", convert->key);
	if (strpbrk(text, " \t?#"))
		return convert_fail(convert, "%s must not have a blank, ? or #", convert->key);
	*value = text;
	return 0;
}

static int convert_body(const struct convert *convert, const char *text, const char **value)
{
	const char *wrong;

	*value = *plain(text) ? text : NULL;
	wrong = *value ? body_check(text) : NULL;
	return wrong ? convert_fail(convert, "%s: %s", convert->key, wrong) : 0;
}

static int convert_number(const struct convert *convert, const struct grammar_key *row,
			  const char *text, long long *value)
{
	long long number = 0;
	const char *at = text;

	for (; isdigit((unsigned char)*at) && number <= row->max; at++)
		number = number * 10 + (*at - '0');
	if (at == text || *at || number < row->min || number > row->max)
		return convert_fail(convert, "%s must be a whole number from %lld to %lld",
				    convert->key, row->min, row->max);
	*value = number;
	return 0;
}

/* The first of row->words is 0. An empty word cannot be given: it is "no such key". */
static int convert_choice(const struct convert *convert, const struct grammar_key *row,
			  const char *text, unsigned *value)
{
	const char *at = row->words;
	char known[128] = "";
	size_t used = 0;

	for (unsigned i = 0; at; i++) {
		size_t length = strcspn(at, "|");

		if (length && length == strlen(text) && memcmp(at, text, length) == 0) {
			*value = i;
			return 0;
		}
		if (length && used < sizeof(known))
			used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%.*s",
						 used ? ", " : "", (int)length, at);
		at = at[length] ? at + length + 1 : NULL;
	}
	return convert_fail(convert, "%s must be one of: %s", convert->key, known);
}

/* ---- sources ---- */

static int convert_expires(const struct convert *convert, const char *text,
			   struct draft_expires *expires)
{
	size_t length = strcspn(text, " \t");
	const char *unit = text + length + strspn(text + length, " \t");
	char *source = arena_text(convert->arena, text, length);

	if (!source)
		return convert_fail_memory(convert);
	if (*unit && strcmp(unit, "ms") != 0)
		return convert_fail(convert, "%s: only ms may follow the source", convert->key);
	expires->ms = *unit;
	return convert_list_source(convert, source, &expires->source);
}

static int convert_condition(const struct convert *convert, const char *text,
			     struct condition *condition)
{
	size_t length = strcspn(text, " \t");
	char *source = arena_text(convert->arena, text, length);
	int result;

	if (!source)
		return convert_fail_memory(convert);
	text += length + strspn(text + length, " \t");
	if (!*text)
		return convert_fail(convert, "%s needs values behind the source: /path VALUE",
				    convert->key);
	result = convert_list_source(convert, source, &condition->source);
	return result ? result : convert_list_values(convert, text, &condition->values);
}

/* ---- requests ---- */

/* Return the length of the method that TEXT begins with, if a blank and a path or a URL follow. */
static size_t method_length(const char *text)
{
	static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};

	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++) {
		size_t length = strlen(methods[i]);

		if (strncmp(text, methods[i], length) == 0 &&
		    (text[length] == ' ' || text[length] == '\t'))
			return length;
	}
	return 0;
}

/* Return where an alternative begins: a comma, maybe blanks, and a method. Or NULL. */
static const char *find_alternative(const char *text, const char **comma)
{
	for (*comma = strchr(text, ','); *comma; *comma = strchr(*comma + 1, ',')) {
		const char *at = *comma + 1 + strspn(*comma + 1, " \t");

		if (method_length(at))
			return at;
	}
	return NULL;
}

/* Read "METHOD PATH" of LENGTH bytes. */
static int convert_line(const struct convert *convert, const char *text, size_t length,
			struct rule_request *rule)
{
	size_t method = method_length(text);
	const char *path = text + method + strspn(text + method, " \t");

	if (!method)
		return convert_fail(convert,
				    "%s must be METHOD PATH, with a method of GET, POST, "
				    "PUT, PATCH and DELETE",
				    convert->key);
	length -= (size_t)(path - text);
	rule->method = arena_text(convert->arena, text, method);
	rule->path = arena_text(convert->arena, path, length);
	if (!rule->method || !rule->path)
		return convert_fail_memory(convert);
	if (strpbrk(rule->path, " \t#"))
		return convert_fail(convert,
				    "%s: a path has no blank and no #: write %%20 and %%23",
				    convert->key);
	return 0;
}

static int convert_request(const struct convert *convert, const char *text,
			   struct draft_request *request)
{
	const char *comma, *other = find_alternative(text, &comma);
	int result;

	if (strcmp(text, "none") == 0) {
		request->rule.method = "";
		return 0;
	}
	result = convert_line(convert, text, other ? (size_t)(comma - text) : strlen(text),
			      &request->rule);
	if (result || !other)
		return result;
	if (find_alternative(other, &comma))
		return convert_fail(convert, "%s: there can be one alternative only", convert->key);
	return convert_line(convert, other, strlen(other), &request->alternative);
}

/* ---- keys that name something behind a dot ---- */

static int check_header(const struct convert *convert, const char *name)
{
	static const char *const own[] = {"Content-Length", "Content-Type", "Transfer-Encoding",
					  "Connection", "Host"};

	for (const char *at = name; *at; at++) {
		if (!isalnum((unsigned char)*at) && !strchr("!#$%&'*+-.^_`|~", *at))
			return convert_fail(convert, "no header has such a name");
	}
	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++) {
		if (strcasecmp(own[i], name) == 0)
			return convert_fail(convert, "rosterfs sets the header %s itself%s", own[i],
					    i == 1 ? ": use content_type" : "");
	}
	return 0;
}

static int convert_named(const struct convert *convert, const struct grammar_key *row,
			 const char *text, struct rule_header *list)
{
	const char *name = convert->key + strlen(row->key);
	long long count = 0;

	for (; list[count].name; count++) {
		if (row->type == TYPE_HEADERS && strcasecmp(list[count].name, name) == 0)
			return convert_fail(convert, "this header is there already, as %s",
					    list[count].name);
	}
	if (count == row->max)
		return convert_fail(convert, "there can be at most %lld keys %sNAME", row->max,
				    row->key);
	list[count] = (struct rule_header){name, plain(text)};
	return row->type == TYPE_HEADERS ? check_header(convert, name) : 0;
}

static int convert_save(const struct convert *convert, const struct grammar_key *row,
			const char *text, struct rule_save *list)
{
	const char *name = convert->key + strlen(row->key);
	long long count = 0;

	while (list[count].name)
		count++;
	if (count == row->max)
		return convert_fail(convert, "there can be at most %lld keys %sNAME", row->max,
				    row->key);
	if (grammar_is_placeholder(name) ||
	    name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")])
		return convert_fail(convert, "%s: {%s} cannot be a placeholder for this",
				    convert->key, name);
	list[count].name = name;
	return convert_list_source(convert, text, &list[count].source);
}

/* ---- all ---- */

int convert_value(const struct convert *convert, const struct grammar_key *row, const char *text,
		  void *section)
{
	void *place = (char *)section + row->offset;

	switch (row->type) {
	case TYPE_TEXT:
	case TYPE_TEMPLATE:
		return convert_text(text, place);
	case TYPE_POINTER:
		return convert_list_pointer(convert, text, place);
	case TYPE_POINTERS:
		return convert_list_pointers(convert, text, place);
	case TYPE_PARTS:
		return convert_list_parts(convert, text, place);
	case TYPE_SOURCE:
		return convert_list_source(convert, text, place);
	case TYPE_SOURCES:
		return convert_list_sources(convert, text, place);
	case TYPE_EXPIRES:
		return convert_expires(convert, text, place);
	case TYPE_CONDITION:
		return convert_condition(convert, text, place);
	case TYPE_VALUES:
		return convert_list_values(convert, text, place);
	case TYPE_URL:
		return convert_url(convert, text, place);
	case TYPE_BODY:
		return convert_body(convert, text, place);
	case TYPE_REQUEST:
		return convert_request(convert, text, place);
	case TYPE_NUMBER:
		return convert_number(convert, row, text, place);
	case TYPE_CHOICE:
		return convert_choice(convert, row, text, place);
	case TYPE_CODES:
		return convert_list_codes(convert, text, place);
	case TYPE_WORDS:
		return convert_list_words(convert, text, place);
	case TYPE_HEADERS:
	case TYPE_QUERY:
		return convert_named(convert, row, text, place);
	case TYPE_SAVES:
		return convert_save(convert, row, text, place);
	}
	return -EINVAL;
}

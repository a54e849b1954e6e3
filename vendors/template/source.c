/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source.c - see source.h.
 */
#include "vendors/template/source.h"

#include "vendors/json/exact.h"
#include "vendors/json/exact_parse.h"
#include "vendors/json/exact_text.h"
#include "vendors/json/pointer.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *check_header(const char *name)
{
	if (!*name)
		return "the name of the header is missing";
	for (; *name; name++) {
		if (!isalnum((unsigned char)*name) && !strchr("!#$%&'*+-.^_`|~", *name))
			return "no header has such a name";
	}
	return NULL;
}

const char *source_read(const char *text, struct source *source)
{
	static const char header[] = "header:", last[] = "last:";

	if (strncmp(text, header, sizeof(header) - 1) == 0) {
		*source = (struct source){SOURCE_HEADER, text + sizeof(header) - 1};
		return check_header(source->name);
	}
	if (strncmp(text, last, sizeof(last) - 1) == 0)
		*source = (struct source){SOURCE_LAST, text + sizeof(last) - 1};
	else
		*source = (struct source){SOURCE_BODY, text};
	return pointer_check(source->name);
}

char *source_header(const char *headers, const char *name)
{
	struct exact_text out = {0};
	size_t length = strlen(name);
	bool found = false;

	while (headers && *headers) {
		size_t line = strcspn(headers, "\n");

		if (line > length && headers[length] == ':' &&
		    strncasecmp(headers, name, length) == 0) {
			const char *at = headers + length + 1, *end = headers + line;

			while (at < end && isspace((unsigned char)*at))
				at++;
			while (end > at && isspace((unsigned char)end[-1]))
				end--;
			if (found)
				exact_text_put(&out, ", ", 2);
			exact_text_put(&out, at, (size_t)(end - at));
			found = true;
		}
		headers += line;
		headers += *headers == '\n';
	}
	if (!found)
		return NULL;
	exact_text_put(&out, "", 1);
	return out.text;
}

json_t *source_get(const struct source *source, const struct source_reply *reply)
{
	json_t *value = NULL;
	char *header;

	switch (source->kind) {
	case SOURCE_BODY:
		return reply->body ? json_incref(pointer_get(reply->body, source->name)) : NULL;
	case SOURCE_LAST:
		return reply->last ? json_incref(pointer_get(reply->last, source->name)) : NULL;
	case SOURCE_HEADER:
		header = source_header(reply->headers, source->name);
		if (header)
			value = json_string(header);
		free(header);
		return value;
	default:
		return NULL;
	}
}

json_t *source_first(const struct source *sources, const struct source_reply *reply)
{
	for (; sources && sources->kind != SOURCE_NONE; sources++) {
		json_t *value = source_get(sources, reply);

		if (value && !json_is_null(value) &&
		    !(json_is_string(value) && !json_string_length(value)))
			return value;
		json_decref(value);
	}
	return NULL;
}

/* What condition_holds looks for in a tree. */
struct wanted {
	const struct value *values;
	bool found;
};

static int match(json_t *at, void *arg)
{
	struct wanted *wanted = arg;

	wanted->found = true;
	return value_is_one_of(wanted->values, at);
}

static bool holds_in(const struct condition *condition, const json_t *tree)
{
	struct wanted wanted = {condition->values, false};

	if (!tree)
		return false;
	return pointer_each(tree, condition->source.name, match, &wanted) ||
	       (!wanted.found && value_is_one_of(condition->values, NULL));
}

/* Return true if a header with TEXT (NULL: there is none) is VALUE. A header has text only, so what
 * JSON would write for VALUE counts. */
static bool is_header(const struct value *value, const char *text)
{
	json_t *number;
	bool same;

	if (!text)
		return value->type == VALUE_ABSENT;
	switch (value->type) {
	case VALUE_NULL:
		return strcmp(text, "null") == 0;
	case VALUE_TRUE:
		return strcmp(text, "true") == 0;
	case VALUE_FALSE:
		return strcmp(text, "false") == 0;
	case VALUE_TEXT:
		return strcmp(text, value->text) == 0;
	case VALUE_NUMBER:
		if (!exact_parse_is_number(text, strlen(text)))
			return false;
		number = exact_parse(text, strlen(text), EXACT_PARSE_ANY, NULL);
		same = number && value_is(value, number);
		json_decref(number);
		return same;
	default:
		return value->type == VALUE_ANY;
	}
}

static bool holds_in_header(const struct condition *condition, const char *headers)
{
	char *text = source_header(headers, condition->source.name);
	bool holds = false;

	for (const struct value *value = condition->values;
	     value && value->type != VALUE_END && !holds; value++)
		holds = is_header(value, text);
	free(text);
	return holds;
}

bool condition_holds(const struct condition *condition, const struct source_reply *reply)
{
	switch (condition->source.kind) {
	case SOURCE_BODY:
		return holds_in(condition, reply->body);
	case SOURCE_LAST:
		return holds_in(condition, reply->last);
	case SOURCE_HEADER:
		return holds_in_header(condition, reply->headers);
	default:
		return false;
	}
}

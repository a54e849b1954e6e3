/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record_fields.c - see record_fields.h.
 *
 * A line of a record's text is a member, with two blanks of indentation for each level, or the end
 * of an object or array. No string has a line end in it. So what is nested ends with the first line
 * that has a bracket at the place where the nested value's key begins.
 */
#include "cache/tables/record_fields.h"

#include "cache/record/record.h"
#include "vendors/base/address.h"
#include "vendors/json/exact_parse.h"
#include "vendors/json/exact_text.h"

#include <errno.h>
#include <string.h>

#define INDENT 2
/* between a key and its value: a quote, a colon and a blank */
#define COLON 3

void record_fields_begin(struct record_fields *fields, const struct record *record)
{
	fields->at = record_text(record) + 1;
	fields->end = record_text(record) + record->length;
	fields->depth = 1;
}

/*
 * Return what is behind the BRACKET that ends a value. The value is a member of an object at DEPTH,
 * and its first line contains AT.
 */
static const char *find_close(const struct record_fields *fields, size_t depth, const char *at,
			      char bracket)
{
	size_t indent = INDENT * depth;

	while ((at = memchr(at, '\n', (size_t)(fields->end - at)))) {
		at++;
		if ((size_t)(fields->end - at) <= indent)
			break;
		if (at[indent] == bracket)
			return at + indent + 1;
	}
	return fields->end;
}

static enum record_field_kind word_kind(const struct record_field *field)
{
	return *field->value == 'n' ? RECORD_FIELD_NULL : RECORD_FIELD_WORD;
}

/* Take the value at fields->at. */
static void take_member(struct record_fields *fields, struct record_field *field)
{
	const char *at = fields->at, *end = at + 1;

	field->value = at;
	field->escaped = false;
	switch (*at) {
	case '"':
		end = exact_parse_string_end(at + 1, fields->end, &field->escaped);
		field->kind = RECORD_FIELD_TEXT;
		field->value = at + 1;
		field->length = (size_t)(end - field->value);
		fields->at = end + 1;
		return;
	case '[':
		field->kind = RECORD_FIELD_ARRAY;
		end = *end == ']' ? end + 1 : find_close(fields, fields->depth, at, ']');
		break;
	case '{':
		field->kind = *end == '}' ? RECORD_FIELD_EMPTY : RECORD_FIELD_OPEN;
		if (field->kind == RECORD_FIELD_EMPTY)
			end++;
		else
			fields->depth++;
		break;
	default:
		while (*end != ',' && *end != '\n')
			end++;
		field->kind = word_kind(field);
		break;
	}
	field->length = (size_t)(end - at);
	fields->at = end;
}

void record_fields_next(struct record_fields *fields, struct record_field *field)
{
	const char *at = fields->at;
	bool escaped;

	at += *at == ',';
	if (*at == '\n')
		at += 1 + INDENT * (fields->depth - (at[1 + INDENT * (fields->depth - 1)] == '}'));
	if (*at == '}') {
		fields->at = at + 1;
		field->kind = --fields->depth ? RECORD_FIELD_CLOSE : RECORD_FIELD_END;
		return;
	}
	field->key = at + 1;
	at = exact_parse_string_end(field->key, fields->end, &escaped);
	field->key_length = (size_t)(at - field->key);
	fields->at = at + COLON;
	take_member(fields, field);
}

void record_fields_skip(struct record_fields *fields, struct record_field *field)
{
	fields->depth--;
	fields->at = find_close(fields, fields->depth, field->value, '}');
	field->length = (size_t)(fields->at - field->value);
}

/* Return true if the line behind the line end at AT is a member with KEY on the top level. */
static bool line_has_key(const char *at, const char *end, const char *key, size_t length)
{
	const char *quote = at + 1 + INDENT;

	return (size_t)(end - at) > 1 + INDENT + 1 + length + COLON && *quote == '"' &&
	       memcmp(quote + 1, key, length) == 0 && quote[1 + length] == '"' &&
	       quote[1 + length + 1] == ':';
}

bool record_fields_find(const struct record *record, const char *key, size_t length,
			struct record_field *field)
{
	struct record_fields fields;
	const char *at;

	record_fields_begin(&fields, record);
	for (at = fields.at; (at = memchr(at, '\n', (size_t)(fields.end - at))); at++) {
		if (line_has_key(at, fields.end, key, length))
			break;
	}
	if (!at)
		return false;
	fields.at = at;
	record_fields_next(&fields, field);
	if (field->kind == RECORD_FIELD_OPEN)
		record_fields_skip(&fields, field);
	return true;
}

/* Write what the escape at *AT shows to TO, which has room for it, and move *AT behind the escape.
 * Return the end. */
static char *show_escape(char *to, const char **at, const char *end)
{
	const char *escape = *at;
	int character = exact_parse_take_escape(at, end);

	if (character > 0 && !address_is_half((uint32_t)character))
		return to + exact_text_utf8(character, to);
	memcpy(to, escape, (size_t)(*at - escape));
	return to + (*at - escape);
}

int record_fields_show(struct table_out *out, const char *text, size_t length)
{
	const char *end;
	char *to;

	if (!length)
		return 0;
	end = text + length;
	if (table_out_reserve(out, length))
		return -ENOMEM;
	to = out->text + out->length;
	while (text < end) {
		const char *escape = memchr(text, '\\', (size_t)(end - text));
		size_t plain = (size_t)((escape ? escape : end) - text);

		memcpy(to, text, plain);
		to += plain;
		text += plain;
		if (escape)
			to = show_escape(to, &text, end);
	}
	out->length = (size_t)(to - out->text);
	return 0;
}

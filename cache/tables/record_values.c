/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record_values.c - see record_values.h.
 */
#include "cache/tables/record_values.h"

#include "cache/record/snapshot.h"
#include "cache/tables/record_fields.h"
#include "vendors/base/address.h"
#include "vendors/json/exact.h"
#include "vendors/json/exact_parse.h"
#include "vendors/json/exact_print.h"
#include "vendors/json/exact_text.h"
#include "vendors/json/id_text.h"
#include "vendors/json/pointer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Values that are being gathered. */
struct values {
	struct table_out *out;
	size_t begin;
	const char *pointer; /* all of it */
};

/* ---- texts to JSON ---- */

static bool is_plain_text(const char *text)
{
	while (*text >= 0x20 && *text < 0x7f && *text != '"' && *text != '\\')
		text++;
	return !*text;
}

static void put_code_point(struct exact_text *out, uint32_t character)
{
	char bytes[8];

	if (!character || address_is_half(character)) {
		snprintf(bytes, sizeof(bytes), "\\u%04x", (unsigned)character & 0xffff);
		exact_text_put(out, bytes, 6);
		return;
	}
	if (character == UINT32_MAX)
		character = 0xfffd; /* the replacement character */
	exact_text_put_escaped(out, bytes, exact_text_utf8((int)character, bytes));
}

int record_values_add_text(struct table_out *out, const char *text)
{
	struct exact_text json = {0};
	int error = -ENOMEM;

	if (is_plain_text(text))
		return table_out_add(out, text, strlen(text));
	while (*text)
		put_code_point(&json, address_next(&text));
	if (json.text)
		error = table_out_add(out, json.text, json.length);
	free(json.text);
	return error;
}

int record_values_add_id(struct table_out *out, const char *id)
{
	size_t length;
	char *bytes, *text;
	int error;

	if (!strchr(id, ID_TEXT_MARK))
		return record_values_add_text(out, id);
	bytes = id_text_bytes(id, &length);
	text = bytes ? address_text(bytes, length) : NULL;
	error = text ? record_values_add_text(out, text) : -ENOMEM;
	free(text);
	free(bytes);
	return error;
}

/* ---- values ---- */

/* Append LENGTH bytes of TEXT, which is JSON without quotes, as a value. */
static int add_json(const struct values *values, const char *text, size_t length)
{
	int error = 0;

	if (!length)
		return 0;
	if (values->out->length > values->begin)
		error = table_out_add(values->out, " ", 1);
	return error ? error : table_out_add(values->out, text, length);
}

/* Append the name of the field that the pointer leads to. */
static int add_field_name(const struct values *values)
{
	const char *at = values->pointer;
	char name[POINTER_NAME_MAX];
	struct table_out json = {0};
	int error = 0;

	while (pointer_next(&at, name))
		;
	error = record_values_add_text(&json, name);
	if (!error)
		error = add_json(values, json.text, json.length);
	free(json.text);
	return error;
}

static int add_scalar(const struct values *values, const json_t *value)
{
	size_t quote = exact_is_string(value);
	int error = -ENOMEM;
	char *text;

	if (json_is_true(value))
		return add_field_name(values);
	if (!quote && !exact_is_number(value))
		return 0;
	text = exact_print_text(value, 0);
	if (text)
		error = add_json(values, text + quote, strlen(text) - 2 * quote);
	free(text);
	return error;
}

static int add_found(json_t *value, void *arg)
{
	const struct values *values = arg;
	json_t *element;
	int error = 0;
	size_t i;

	if (!json_is_array(value))
		return add_scalar(values, value);
	json_array_foreach(value, i, element) {
		if (!error)
			error = add_scalar(values, element);
	}
	return error;
}

const char *record_values_status(const struct record *record, const struct snapshot *statuses,
				 const char *absent)
{
	const struct record *with = statuses ? snapshot_find(statuses, record->id) : record;

	return with ? record_status(with) : absent;
}

/* ---- finding them ---- */

/* Append the values at POINTER below FIELD. */
static int add_below(struct values *values, const struct record_field *field, const char *pointer)
{
	json_t *value;
	int error;

	if (field->kind != RECORD_FIELD_OPEN && field->kind != RECORD_FIELD_ARRAY)
		return 0;
	value = exact_parse(field->value, field->length, 0, NULL);
	error = value ? pointer_each(value, pointer, add_found, values) : -ENOMEM;
	json_decref(value);
	return error;
}

/* Append FIELD's own value. */
static int add_member(const struct values *values, const struct record_field *field)
{
	bool word = field->kind == RECORD_FIELD_WORD;

	if (word && *field->value == 't')
		return add_field_name(values);
	if (field->kind == RECORD_FIELD_TEXT || (word && *field->value != 'f'))
		return add_json(values, field->value, field->length);
	return 0;
}

int record_values_add(struct table_out *out, size_t begin, const struct record *record,
		      const char *pointer)
{
	struct values values = {out, begin, pointer};
	struct table_out key = {0};
	struct record_field field;
	char name[POINTER_NAME_MAX];
	bool plain;
	int error = 0;

	if (!pointer_next(&pointer, name))
		return 0;
	plain = is_plain_text(name);
	if (!plain)
		error = record_values_add_text(&key, name);
	if (!error && record_fields_find(record, plain ? name : key.text,
					 plain ? strlen(name) : key.length, &field))
		error = *pointer || field.kind == RECORD_FIELD_ARRAY
			    ? add_below(&values, &field, pointer)
			    : add_member(&values, &field);
	free(key.text);
	return error;
}

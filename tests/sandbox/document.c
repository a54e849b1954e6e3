/* SPDX-License-Identifier: Apache-2.0 */
/*
 * document: JSON in and out, as a strict vendor does it.
 *
 * jansson writes 7.1 as 7.0999999999999996 when it is asked for every digit, and loses digits of
 * other numbers when it is asked for fewer. A vendor writes the shortest text that means the same
 * number, and a test that compares texts before and after a write relies on that, so the precision
 * is chosen for each document.
 *
 * It must not know what a user is.
 */
#include "document.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *document_parse(const char *bytes, size_t len, char *why, size_t why_size)
{
	json_error_t error;
	json_t *value = json_loadb(bytes, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
	if (!value) {
		snprintf(why, why_size, "the body is not JSON (line %d, column %d)", error.line,
			 error.column);
		return NULL;
	}
	if (!json_is_object(value)) {
		snprintf(why, why_size, "the body is not a JSON object");
		json_decref(value);
		return NULL;
	}
	return value;
}

/* 0 where the value holds no decimal. Depth is bounded by jansson's parser. */
static int digits_needed(json_t *value)
{
	int most = 0;
	if (json_is_real(value)) {
		double number = json_real_value(value);
		for (most = 15; most < 17; most++) {
			char shown[64];
			snprintf(shown, sizeof shown, "%.*g", most, number);
			double back = strtod(shown, NULL);
			if (back >= number && back <= number)
				break;
		}
	} else if (json_is_array(value)) {
		for (size_t i = 0; i < json_array_size(value); i++) {
			int digits = digits_needed(json_array_get(value, i));
			most = digits > most ? digits : most;
		}
	} else if (json_is_object(value)) {
		const char *key;
		json_t *member;
		json_object_foreach(value, key, member) {
			int digits = digits_needed(member);
			most = digits > most ? digits : most;
		}
	}
	return most;
}

char *document_text(json_t *value, bool ascii)
{
	size_t flags = JSON_COMPACT | JSON_ENCODE_ANY | (ascii ? JSON_ENSURE_ASCII : 0U);
	flags |= JSON_REAL_PRECISION((size_t)digits_needed(value));
	char *text = json_dumps(value, flags);
	return text ? text : text_copy("null", 4);
}

const char *document_email(const json_t *string)
{
	const char *text = json_string_value(string);
	return text && strlen(text) == json_string_length(string) ? text : NULL;
}

void document_add_string(struct text *text, const char *string)
{
	text_add(text, "\"", 1);
	for (const char *c = string; *c;) {
		size_t plain = 0;
		while ((unsigned char)c[plain] >= 0x20 && c[plain] != '"' && c[plain] != '\\')
			plain++;
		text_add(text, c, plain);
		c += plain;
		if (*c && (unsigned char)*c < 0x20)
			text_fmt(text, "\\u%04x", (unsigned)(unsigned char)*c);
		else if (*c)
			text_fmt(text, "\\%c", *c);
		c += *c != '\0';
	}
	text_add(text, "\"", 1);
}

void document_patch(json_t *target, json_t *patch, bool keep_nulls)
{
	const char *key;
	json_t *value;
	json_object_foreach(patch, key, value) {
		json_t *member = json_object_get(target, key);
		if (json_is_null(value) && !keep_nulls) {
			json_object_del(target, key);
		} else if (json_is_object(value)) {
			if (!json_is_object(member))
				json_object_set_new(target, key, json_object());
			document_patch(json_object_get(target, key), value, keep_nulls);
		} else {
			json_object_set_new(target, key, json_deep_copy(value));
		}
	}
}

/* New; ASCII, and the Latin letters of two bytes whose small ones are 32 further on. */
static json_t *tidy_text(const json_t *value)
{
	const char *text = json_string_value(value);
	size_t len = json_string_length(value);
	while (len && isspace((unsigned char)*text)) {
		text++;
		len--;
	}
	while (len && isspace((unsigned char)text[len - 1]))
		len--;
	char *small = text_copy(text, len);
	for (char *c = small; *c; c++) {
		unsigned char next = (unsigned char)c[1];
		*c = (char)tolower((unsigned char)*c);
		if ((unsigned char)*c == 0xC3 && next >= 0x80 && next <= 0x9E && next != 0x97)
			*++c = (char)(next + 0x20);
	}
	json_t *tidy = json_string(small);
	free(small);
	return tidy;
}

void document_tidy(json_t *object)
{
	const char *name;
	json_t *value;
	json_object_foreach(object, name, value) {
		if (json_is_string(value) && strcmp(name, "type") != 0)
			json_object_set_new(object, name, tidy_text(value));
		else if (json_is_object(value))
			document_tidy(value);
	}
}

void document_trim(json_t *object)
{
	const char *name;
	json_t *value;
	json_object_foreach(object, name, value) {
		const char *text = json_string_value(value);
		if (!text)
			continue;
		size_t len = json_string_length(value), from = 0;
		while (from < len && strchr(" \t\r\n", text[from]))
			from++;
		while (len > from && strchr(" \t\r\n", text[len - 1]))
			len--;
		json_object_set_new(object, name, json_stringn(text + from, len - from));
	}
}

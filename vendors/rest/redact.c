/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redact.c - see redact.h. Pure functions over text; nothing is known of records or of calls.
 */
#include "vendors/rest/redact.h"

#include "vendors/http/http_url.h"
#include "vendors/json/exact_print.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* This many letters identify a secret, because the rest may have been cut. */
#define FIRST 5

/* Return C as call_fail shows it: a control character becomes a space. */
static char redact_shown(char c)
{
	return (char)((unsigned char)c < 0x20 || c == 0x7f ? ' ' : c);
}

/* Return how much of FORM is at AT, or 0 if that is too little to identify it. */
static size_t match(const char *at, const char *form)
{
	size_t same = 0;

	while (form && form[same] && at[same] == redact_shown(form[same]))
		same++;
	return same >= FIRST || (same && !form[same]) ? same : 0;
}

static void redact_wipe(char *form)
{
	if (form)
		explicit_bzero(form, strlen(form));
	free(form);
}

/* Return TEXT as JSON writes it, without the quotes, or NULL. The caller wipes and frees it. */
static char *json_form(const char *text)
{
	json_t *string = json_string(text);
	char *form = string ? exact_print_text(string, 0) : NULL;
	size_t length = form ? strlen(form) : 0;

	if (length >= 2) {
		memmove(form, form + 1, length - 2);
		memset(form + length - 2, 0, 2);
	}
	json_decref(string);
	return form;
}

void redact(char *words, const char *secret)
{
	char *escaped, *json;

	if (!secret[0] || !secret[1])
		return;
	escaped = http_url_escape(secret);
	json = json_form(secret);
	for (char *at = words; *at;) {
		/* the forms begin alike: the longest match is the one that was written */
		size_t longest = match(at, secret);

		if (match(at, escaped) > longest)
			longest = match(at, escaped);
		if (match(at, json) > longest)
			longest = match(at, json);
		memset(at, '*', longest);
		at += longest ? longest : 1;
	}
	redact_wipe(escaped);
	redact_wipe(json);
}

#define WHOLE_MIN 4

/* Overwrite FORM (or NULL) in WORDS where all of it is there, or as much as the end leaves. */
static void overwrite(char *words, const char *form)
{
	size_t length = form ? strlen(form) : 0;

	if (length < WHOLE_MIN)
		return;
	for (char *at = words; *at; at++) {
		size_t same = 0;

		while (same < length && at[same] == redact_shown(form[same]))
			same++;
		if (same == length || (same >= WHOLE_MIN && !at[same]))
			memset(at, '*', same);
	}
}

void redact_whole(char *words, const char *secret)
{
	char *escaped, *json;

	if (!secret || strlen(secret) < WHOLE_MIN)
		return;
	escaped = http_url_escape(secret);
	json = json_form(secret);
	overwrite(words, secret);
	overwrite(words, escaped);
	overwrite(words, json);
	redact_wipe(escaped);
	redact_wipe(json);
}

#define PADDING 64 /* of the digits */

/*
 * Return USER:PASSWORD in base64, as HTTP Basic sends it, or NULL without memory. The caller wipes
 * and frees it.
 */
static char *basic_form(const char *user, const char *password)
{
	static const char
	    digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
		       "="; /* the last one fills up */
	char *text = NULL, *form = NULL, *end;
	int length = asprintf(&text, "%s:%s", user, password);

	if (length < 0)
		return NULL;
	form = end = calloc(1, ((size_t)length + 2) / 3 * 4 + 1);
	for (int i = 0; form && i < length; i += 3) {
		const unsigned char *at = (const unsigned char *)text + i;
		unsigned bits = (unsigned)at[0] << 16;

		bits |= i + 1 < length ? (unsigned)at[1] << 8 : 0;
		bits |= i + 2 < length ? at[2] : 0;
		*end++ = digits[bits >> 18];
		*end++ = digits[bits >> 12 & 63];
		*end++ = digits[i + 1 < length ? bits >> 6 & 63 : PADDING];
		*end++ = digits[i + 2 < length ? bits & 63 : PADDING];
	}
	redact_wipe(text);
	return form;
}

void redact_basic(char *words, const char *user, const char *password)
{
	char *form = basic_form(user, password);

	if (form)
		redact(words, form);
	redact_wipe(form);
}

void redact_whole_basic(char *words, const char *user, const char *password)
{
	char *form = basic_form(user, password);

	overwrite(words, form);
	redact_wipe(form);
}

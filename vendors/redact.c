/*
 * redact.c - see redact.h. Pure functions over text; nothing is known of records or of calls.
 */
#include "vendors/redact.h"

#include "vendors/http.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* So many letters of a secret tell where it stands: the rest may have been cut. */
#define FIRST 5

/* Control characters are spaces in a call's words. */
static char shown(char c)
{
	return (char)((unsigned char)c < 0x20 || c == 0x7f ? ' ' : c);
}

static void overwrite(char *words, const char *form)
{
	char first[FIRST + 1];

	snprintf(first, sizeof(first), "%s", form);
	for (char *c = first; *c; c++)
		*c = shown(*c);
	for (char *at = strstr(words, first); at; at = strstr(at, first)) {
		for (const char *same = form; *same && *at == shown(*same); same++)
			*at++ = '*';
	}
}

/* The same with a FORM that was made for it: it is wiped and freed. NULL or empty: nothing. */
static void overwrite_made(char *words, char *form)
{
	if (!form)
		return;
	if (*form)
		overwrite(words, form);
	explicit_bzero(form, strlen(form));
	free(form);
}

/* TEXT as JSON writes it, without the quotes. */
static char *json_form(const char *text)
{
	json_t *string = json_string(text);
	char *form = string ? json_dumps(string, JSON_ENCODE_ANY) : NULL;
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
	escaped = http_escape(secret);
	json = json_form(secret);
	/* the plain one last: it may stand inside the others */
	overwrite_made(words, json);
	overwrite_made(words, escaped);
	overwrite(words, secret);
}

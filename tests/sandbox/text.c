/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text: bytes that grow.
 *
 * Answers of the simulated vendors are concatenated, not built as JSON trees: a roster of 100,000
 * users is served as 1,000 pages, and the tests that time rosterfs must not measure this program
 * instead.
 *
 * It must not know what the bytes mean.
 */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void out_of_memory(void)
{
	fputs("rosterfs-sandbox: out of memory\n", stderr);
	abort();
}

static void text_reserve(struct text *text, size_t more)
{
	size_t need = text->len + more + 1;
	if (need <= text->room)
		return;
	size_t room = text->room ? text->room : 64;
	while (room < need)
		room *= 2;
	char *data = realloc(text->data, room);
	if (!data)
		out_of_memory();
	text->data = data;
	text->room = room;
}

void text_add(struct text *text, const char *bytes, size_t len)
{
	text_reserve(text, len);
	if (len)
		memcpy(text->data + text->len, bytes, len);
	text->len += len;
	text->data[text->len] = '\0';
}

void text_str(struct text *text, const char *string)
{
	text_add(text, string, strlen(string));
}

void text_fmt(struct text *text, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	va_list again;
	va_copy(again, args);
	int len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len >= 0) {
		text_reserve(text, (size_t)len);
		vsnprintf(text->data + text->len, (size_t)len + 1, format, again);
		text->len += (size_t)len;
	}
	va_end(again);
}

void text_free(struct text *text)
{
	free(text->data);
	*text = (struct text){0};
}

char *text_copy(const char *bytes, size_t len)
{
	char *copy = malloc(len + 1);
	if (!copy)
		out_of_memory();
	if (len)
		memcpy(copy, bytes, len);
	copy[len] = '\0';
	return copy;
}

void *text_alloc(size_t count, size_t size)
{
	void *memory = calloc(count, size);
	if (!memory)
		out_of_memory();
	return memory;
}

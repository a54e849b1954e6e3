/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shell_word.c - see shell_word.h.
 */
#include "vendors/base/shell_word.h"

#include <stdlib.h>
#include <string.h>

/* Bytes that no shell gives a meaning to. */
#define PLAIN                                                                                      \
	"abcdefghijklmnopqrstuvwxyz"                                                               \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ"                                                               \
	"0123456789./_-"

void shell_word_put(FILE *out, const char *word)
{
	/* a leading dash would make it an option */
	if (*word == '-')
		fputs("./", out);
	if (*word && !word[strspn(word, PLAIN)]) {
		fputs(word, out);
		return;
	}
	fputc('\'', out);
	for (; *word; word++) {
		if (*word == '\'')
			fputs("'\\''", out);
		else
			fputc(*word, out);
	}
	fputc('\'', out);
}

char *shell_word(const char *word)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	if (!out)
		return NULL;
	shell_word_put(out, word);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

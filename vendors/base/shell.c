/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shell.c - see shell.h.
 *
 * Ids are the vendor's, and what is pasted is run: whatever could mean something to a shell is
 * quoted. It must not know what the commands are.
 */
#include "vendors/base/shell.h"

#include <string.h>

#define PLAIN                                                                                      \
	"abcdefghijklmnopqrstuvwxyz"                                                               \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ"                                                               \
	"0123456789./_-"

/* A longer name may be cut. */
#define NAME_LENGTH_MAX 200

/* Put TEXT at the end of WORD. False: it does not fit. */
static bool append(char *word, const char *text, size_t length)
{
	size_t end = strlen(word);

	if (end + length + 1 > SHELL_WORD_MAX)
		return false;
	memcpy(word + end, text, length);
	word[end + length] = '\0';
	return true;
}

bool shell_word(const char *name, char *word)
{
	bool quoted = !*name || name[strspn(name, PLAIN)], fits = true;

	word[0] = '\0';
	/* no option */
	if (*name == '-')
		fits = append(word, "./", 2);
	if (!quoted)
		return fits && append(word, name, strlen(name));
	fits = fits && append(word, "'", 1);
	for (const char *c = name; *c && fits; c++)
		fits = *c == '\'' ? append(word, "'\\''", 4) : append(word, c, 1);
	return fits && append(word, "'", 1);
}

bool shell_is_name(const char *id)
{
	if (!*id || *id == '.' || *id == '#' || strlen(id) > NAME_LENGTH_MAX)
		return false;
	for (; *id; id++) {
		if (strchr("/%\x7f", *id) || (unsigned char)*id < ' ')
			return false;
	}
	return true;
}

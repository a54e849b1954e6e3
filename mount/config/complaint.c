/* SPDX-License-Identifier: Apache-2.0 */
/*
 * complaint.c - see complaint.h.
 *
 * A word of the command that is a program's name is left as it is: programs begin their messages
 * with it, and a secret has no file in PATH.
 */
#include "mount/config/complaint.h"

#include "vendors/base/one_line.h"
#include "vendors/rest/redact.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHOWN_MAX 300
#define TOKEN_MIN 20
#define BLANKS " \t\r\n"
/* what ends a word for a shell, or for a program that takes `name=value` */
#define ENDS BLANKS "'\"`$()<>|&;{}[]\\=,:@!*?#~"

ssize_t complaint_read(struct complaint *complaint, int fd)
{
	char rest[512];
	size_t room = COMPLAINT_MAX - complaint->length;
	ssize_t count = room ? read(fd, complaint->text + complaint->length, room)
			     : read(fd, rest, sizeof(rest));

	if (!room)
		explicit_bzero(rest, sizeof(rest));
	else if (count > 0)
		complaint->length += (size_t)count;
	return count;
}

/* Return true if NAME is a program, by its path or in PATH. */
static bool is_program(const char *name)
{
	const char *path = getenv("PATH");
	char file[PATH_MAX];

	if (strchr(name, '/'))
		return access(name, X_OK) == 0;
	while (path && *path) {
		int length = (int)strcspn(path, ":");

		(void)snprintf(file, sizeof(file), "%.*s/%s", length, path, name);
		if (access(file, X_OK) == 0)
			return true;
		path += length;
		path += *path == ':';
	}
	return false;
}

/* Overwrite the words of COMMAND, between bytes of ENDS_OF_WORDS, in TEXT. */
static void hide_words(char *text, const char *command, const char *ends_of_words)
{
	char *copy = strdup(command), *rest = copy, *word;

	/* without memory, nothing is shown */
	if (!copy)
		*text = '\0';
	while (copy && (word = strtok_r(rest, ends_of_words, &rest))) {
		if (!is_program(word))
			redact_whole(text, word);
	}
	if (copy)
		explicit_bzero(copy, strlen(command));
	free(copy);
}

/* Return true if LINE is one of the shell. */
static bool is_of_shell(const char *line)
{
	/* the last one is what set -x prints */
	static const char *const names[] = {"sh: ", "/bin/sh: ", "dash: ", "bash: ", "-sh: ", "+"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strncmp(line, names[i], strlen(names[i])) == 0)
			return true;
	}
	return false;
}

/* Leave out lines of the shell and empty ones, and put "; " between the others. */
static void join_lines(char *text, size_t size)
{
	char *copy = strdup(text), *rest = copy, *line;
	size_t used = 0;

	*text = '\0';
	while (copy && (line = strsep(&rest, "\n"))) {
		line += strspn(line, BLANKS);
		if (*line && !is_of_shell(line) && used < size)
			used += (size_t)snprintf(text + used, size - used, "%s%s",
						 used ? "; " : ": ", line);
	}
	if (copy)
		explicit_bzero(copy, strlen(copy));
	free(copy);
}

/* Overwrite what looks like a token, which a command that is told to be verbose may print: a long
 * word with letters and digits. */
static void hide_tokens(char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-+=";
	static const char digits[] = "0123456789";
	char all[sizeof(letters) + sizeof(digits)];

	(void)snprintf(all, sizeof(all), "%s%s", letters, digits);
	while (*text) {
		size_t length = strspn(text, all);

		if (length >= TOKEN_MIN && strcspn(text, letters) < length &&
		    strcspn(text, digits) < length)
			memset(text, '*', length);
		text += length ? length : 1;
	}
}

const char *complaint_words(struct complaint *complaint, const char *command, const char *printed)
{
	char *text = complaint->text;
	char joined[COMPLAINT_MAX + 1];

	text[complaint->length] = '\0';
	(void)snprintf(joined, sizeof(joined), "%s", text);
	join_lines(joined, sizeof(joined));
	one_line(joined, ' ');
	hide_words(joined, command, BLANKS);
	hide_words(joined, command, BLANKS "'\"");
	hide_words(joined, command, ENDS);
	redact_whole(joined, printed);
	hide_tokens(joined);
	joined[SHOWN_MAX] = '\0';
	one_line(joined, ' ');
	(void)snprintf(text, sizeof(complaint->text), "%s", joined);
	explicit_bzero(joined, sizeof(joined));
	return text;
}

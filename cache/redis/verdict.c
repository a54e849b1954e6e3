/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verdict.c - see verdict.h.
 */
#include "cache/redis/verdict.h"

#include "vendors/base/one_line.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *code;
	int error;
	const char *words;
} codes[] = {
    {"NOAUTH", -EACCES, "it wants a password (shared_password_file)"},
    {"WRONGPASS", -EACCES,
     "it does not know this user with this password (shared_user, shared_password_file)"},
    {"NOPERM", -EACCES, "its ACL does not permit this"},
    {"DENIED", -EACCES, "it is in protected mode"},
    {"READONLY", -EROFS, "it is a read-only replica"},
    {"MASTERDOWN", -EROFS, "it is a replica without its master"},
    {"OOM", -ENOSPC, "its memory is full (maxmemory)"},
    {"MISCONF", -ENOSPC, "it cannot save to its disk, so it takes no writes"},
    {"LOADING", -EAGAIN, "it is still loading its data"},
    {"BUSY", -EAGAIN, "it is busy with a script"},
    {"NOREPLICAS", -EAGAIN, "it has too few replicas to take writes"},
    {"TRYAGAIN", -EAGAIN, "it is being reorganised"},
    {"CLUSTERDOWN", -EAGAIN, "its cluster is down"},
    {"MOVED", -EPROTONOSUPPORT, "it is part of a cluster, which is not supported"},
    {"ASK", -EPROTONOSUPPORT, "it is part of a cluster, which is not supported"},
    {"ERR max number of clients reached", -EAGAIN, "it has no connection to spare"},
    {"ERR DB index is out of range", -EINVAL, "it has no database with this number"},
    {"ERR AUTH", -EACCES, "it wants no password: remove shared_password_file"},
};

/* Return true if TEXT begins with the word or words CODE. */
static bool begins(const char *text, const char *code)
{
	size_t length = strlen(code);

	return strncmp(text, code, length) == 0 && (text[length] == ' ' || !text[length]);
}

/* Return what a command in a script was refused with, where TEXT only tells of it, else TEXT. */
static const char *inner(const char *text)
{
	static const char *const marks[] = {": -", ": @user_script: "};
	const char *found;
	size_t i;

	if (!begins(text, "ERR"))
		return text;
	if (strstr(text, "ACL failure in script") || strstr(text, "can't run this command"))
		return "NOPERM the ACL lacks a command that a script needs";
	for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		found = strstr(text, marks[i]);
		if (found)
			return found + strlen(marks[i]);
	}
	return text;
}

/* Return how long TEXT is without what only tells of the script that it happened in, and without
 * its full stop. */
static int told_length(const char *text)
{
	const char *end = strstr(text, " script: ");
	size_t length = end ? (size_t)(end - text) : strlen(text);

	while (length && strchr(" .,", text[length - 1]))
		length--;
	return (int)length;
}

/* Put "..." at the end of WORDS, which were cut. */
static void mark_cut(char words[REDIS_WORDS_MAX])
{
	char *blank = strrchr(words, ' ');

	if (blank && blank < words + REDIS_WORDS_MAX - 4)
		memcpy(blank, "...", sizeof("..."));
	else
		memcpy(words + REDIS_WORDS_MAX - 4, "...", sizeof("..."));
}

int verdict_of(const struct redis_reply *reply, char words[REDIS_WORDS_MAX])
{
	const char *text;
	size_t i;

	if (redis_type(reply) != REDIS_REFUSAL)
		return 0;
	text = inner(redis_text(reply, NULL));
	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (!begins(text, codes[i].code))
			continue;
		if (snprintf(words, REDIS_WORDS_MAX, "%s: %.*s", codes[i].words, told_length(text),
			     text) >= REDIS_WORDS_MAX)
			mark_cut(words);
		one_line(words, ' ');
		return codes[i].error;
	}
	return 0;
}

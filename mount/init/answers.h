/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answers.h - a section of the config that is being asked for.
 *
 * Nothing is on disk: a file that is to be written is in memory, where the process reads it as
 * /proc/self/fd/N. One thread. Nothing blocks.
 */
#ifndef ROSTERFS_ANSWERS_H
#define ROSTERFS_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>

enum answer_kind {
	ANSWER_TEXT,
	ANSWER_COMMAND, /* prints the secret */
	ANSWER_SECRET,  /* in memory, for a file that is to be written */
	ANSWER_FILE,    /* the same, of a text that is no secret */
};

struct answer {
	char *key;
	enum answer_kind kind;
	char *text; /* the value, the command, or the path of the file ("": not chosen yet) */
	int fd;     /* of the file in memory, else -1 */
};

struct answers {
	char *name, *type;
	struct answer *list;
	size_t count;
};

/* Free everything, and the files in memory. */
void answers_clear(struct answers *answers);

/* Return the answer for KEY, or NULL. */
struct answer *answers_find(const struct answers *answers, const char *key);

/* Return the value of KEY, or NULL if it has none, or is no text. */
const char *answers_value(const struct answers *answers, const char *key);

/* Set KEY to TEXT (copied) of KIND, ANSWER_TEXT or ANSWER_COMMAND. Returns 0 or -ENOMEM. */
int answers_set(struct answers *answers, const char *key, enum answer_kind kind, const char *text);

/* Set KEY to a file in memory with CONTENT, of KIND ANSWER_SECRET or ANSWER_FILE. Returns 0 or a
 * negative errno. */
int answers_set_file(struct answers *answers, const char *key, enum answer_kind kind,
		     const char *content);

/* Remove the answer for KEY, if there is one. */
void answers_remove(struct answers *answers, const char *key);

/*
 * Return the section as text, which the caller frees, or NULL without memory. TRIAL: as it can be
 * read now, from files in memory; its third line has the first answer. ONLY: with the answer for
 * that key alone; NULL: with all.
 */
char *answers_text(const struct answers *answers, bool trial, const char *only);

/* Return the path by which this process reads the file of ANSWER, in a static buffer. */
const char *answers_path(const struct answer *answer);

#endif

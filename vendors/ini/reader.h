/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reader.h - an INI file that is being read: where it is, and what was refused.
 *
 * For sections.c and indented.c only. No message quotes the file. Nothing here blocks.
 */
#ifndef ROSTERFS_READER_H
#define ROSTERFS_READER_H

#include "vendors/ini/sections.h"

#include <stdbool.h>
#include <stddef.h>

struct reader {
	const char *file;
	const struct sections_rules *rules;
	const char *at, *end; /* the rest of the text */
	unsigned line;        /* the line that was taken last */
	bool gap;             /* an empty line or a comment was before this line */
	struct sections *sections;
	size_t section; /* index of the section that lines belong to, unless they are lost */
	bool lost;      /* the header above was refused, or there is none */
	bool orphan;    /* what an indented line would continue was refused */
	struct faults *faults;
	int error;    /* a negative errno of a fault */
	bool stopped; /* out of memory */
};

/* Add a fault in the line that was taken last. Returns -EINVAL. */
int reader_fail(struct reader *reader, const char *words);

/* Refuse the invisible character at AT, unless that is NULL. WHERE: "the key holds" or the like.
 * Returns 0 or -EINVAL. */
int reader_fail_invisible(struct reader *reader, const char *where, const char *at,
			  const char *end);

/* Stop without memory. Returns -ENOMEM. */
int reader_fail_memory(struct reader *reader);

/* Refuse what looks like a comment behind a value. Returns 0 or -EINVAL. */
int reader_check_semicolon(struct reader *reader, const char *text, size_t length);

/* Return the section that lines belong to, or NULL: there is none, or its header was refused. */
struct section *reader_section(const struct reader *reader);

/* Add KEY, the LENGTH bytes at KEY, with VALUE to SECTION. Returns the entry, or NULL without
 * memory. */
struct entry *reader_add(struct reader *reader, struct section *section, const char *key,
			 size_t length, const char *value);

/*
 * Note that a line, the LENGTH bytes at TEXT, was refused: its key is given, and only its value is
 * not known. If even the key is not, the section is broken.
 */
void reader_note_refused(struct reader *reader, const char *text, size_t length);

#endif

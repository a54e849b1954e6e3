/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sections.h - the parsed config file: sections, and in each its keys with their lines.
 *
 * For config.c and keys.c, which know what the keys mean. Values may be secrets: no message quotes
 * a value, nor a key, because a stray line of a secret can look like a key.
 */
#ifndef ROSTERFS_SECTIONS_H
#define ROSTERFS_SECTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct entry {
	char *key;
	char *value; /* never empty */
	unsigned line;
};

struct section {
	char *name; /* the text between the brackets; may be empty */
	unsigned line;
	struct entry *entries;
	size_t count;
};

struct sections {
	struct section *list; /* in the order of the file; names differ */
	size_t count;
	bool shared; /* group or others can read the file */
};

/*
 * Read FILE into *SECTIONS. Refused with a line number: an indented or overlong line, control
 * characters, a byte order mark, an invisible character (invisible.h) in a key or at the ends of a
 * value or a section's name, a value that inih would cut at ` ;`, a key outside of sections, a key
 * without a value, and a repeated key or section. Returns 0, or a negative errno and one line in
 * WHY. May block if FILE is a pipe. Pair with sections_clear.
 */
int sections_read(const char *file, struct sections *sections, char *why, size_t why_size);

/* Wipe the values and free everything. */
void sections_clear(struct sections *sections);

/* Return the entry of KEY in SECTION, or NULL. */
const struct entry *sections_find(const struct section *section, const char *key);

/*
 * Write "FILE:LINE: " and the formatted words to WHY, on one line (LINE 0: "FILE: "). Returns
 * -ERROR, so that a caller can `return sections_fail(...)`.
 */
int sections_fail(char *why, size_t why_size, int error, const char *file, unsigned line,
		  const char *format, ...) __attribute__((format(printf, 6, 7)));

/*
 * Read FILE into *TEXT, NUL-terminated, which the caller frees, and its length into *LENGTH.
 * *SHARED (may be NULL) is set if group or others can read it. Returns 0 or a negative errno;
 * -EFBIG: it has more than MAX bytes. May block if FILE is a pipe.
 */
int sections_text(const char *file, size_t max, char **text, size_t *length, bool *shared);

#endif

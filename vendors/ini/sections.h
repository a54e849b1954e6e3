/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sections.h - a parsed INI file: sections, and in each its keys with their lines.
 *
 * The config file and the descriptions of vendors are such files. Others know what the keys mean.
 * Values may be secrets: no message quotes a value, nor a key, because a stray line of a secret can
 * look like a key.
 */
#ifndef ROSTERFS_SECTIONS_H
#define ROSTERFS_SECTIONS_H

#include "vendors/ini/faults.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct entry {
	char *key;
	char *value; /* never empty, except if it was refused */
	unsigned line;
	bool refused; /* something is wrong with its line, and a fault says what */
};

struct section {
	char *name; /* the text between the brackets; may be empty */
	unsigned line;
	struct entry *entries;
	size_t count;
	/* a line was refused whose key is not known: a key that is missing may be it */
	bool broken;
	/* the header has no ], so that its name may be anything, such as a secret: broken too, and
	 * no message may quote the name */
	bool refused;
};

struct sections {
	struct section *list; /* in the order of the file; names differ */
	size_t count;
	bool shared;  /* group or others can read the file */
	dev_t device; /* with inode: which file it is; 0: none */
	ino_t inode;
	bool broken; /* a header was refused: a section that is missing may be it */
};

/* What an indented line does to the value above it. */
enum sections_join {
	SECTIONS_ONE_LINE, /* it is an error */
	SECTIONS_JOINED,   /* it is appended, without the blanks at its ends */
	SECTIONS_LIST,     /* the same, after a blank if the value ends with a comma */
	SECTIONS_TEXT,     /* it is a line of a text, without one blank; " ." is an empty line */
};

/* How files of one kind differ. */
struct sections_rules {
	/* Return what an indented line below KEY of SECTION does. NULL: it is an error. */
	enum sections_join (*join)(const char *section, const char *key);
	/* what to do about a line that is too long, and about a value with " ;" in it */
	const char *too_long, *semicolon;
};

/* The rules of the config file. */
extern const struct sections_rules sections_plain;

/*
 * Read FILE into *SECTIONS. Refused with a line number: an overlong line (of those that continue a
 * value, only the first is limited), an indented line that continues nothing, control characters,
 * a byte order mark, an invisible character (invisible.h) in a key or at the ends of a value or a
 * section's name, a value that inih would cut at ` ;`, a key outside of sections, a key without a
 * value, and a repeated key or section. What is refused is added to FAULTS, and reading goes on:
 * the caller checks the rest. Returns 0, or a negative errno of a fault: -EINVAL with *SECTIONS,
 * others without. -EPERM: another user could have written FILE, or can replace it (trusted.h).
 * Waits for the disk only. Pair with sections_clear.
 */
int sections_read(const char *file, const struct sections_rules *rules, struct sections *sections,
		  struct faults *faults);

/* As sections_read, from the LENGTH bytes at TEXT. FILE is its name in messages. */
int sections_parse(const char *file, const char *text, size_t length,
		   const struct sections_rules *rules, struct sections *sections,
		   struct faults *faults);

/* Wipe the values and free everything. */
void sections_clear(struct sections *sections);

/* Return the entry of KEY in SECTION, or NULL. */
const struct entry *sections_find(const struct section *section, const char *key);

/* The same, for a caller that may change it. */
struct entry *sections_entry(struct section *section, const char *key);

#endif

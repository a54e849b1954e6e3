/* SPDX-License-Identifier: Apache-2.0 */
/*
 * path.h - names of files and ids of records, one made from the other. Pure functions.
 *
 * A record's files are STEM.json and STEM.status. The stem is the id with each byte that a name
 * can't hold, a leading dot or #, `%` and control characters as %XX; a stem that would be too long
 * is cut and ends in %~ and a hash of the id, which no other id can give.
 */
#ifndef ROSTERFS_PATH_H
#define ROSTERFS_PATH_H

#include <stdbool.h>

#define PATH_NAME_MAX 240                 /* bytes of a record's name */
#define PATH_STEM_MAX (PATH_NAME_MAX - 7) /* without ".status" */

enum path_kind {
	PATH_OTHER, /* can't be a record's name */
	PATH_JSON,
	PATH_STATUS,
};

/* A name, parsed once when the kernel sends it, and handed on. */
struct path_name {
	const char *text;    /* the name itself, borrowed */
	enum path_kind kind; /* which of a record's files it could be */
	/*
	 * Only a record's file has a name of this form; any other may be a file in memory. ".json"
	 * and ".status" alone are reserved too: those are names without the id that was meant.
	 */
	bool reserved;
	bool cut;                     /* the stem was cut, so that only a roster knows the id */
	bool has_id;                  /* the stem gives the whole id */
	char stem[PATH_STEM_MAX + 1]; /* "" if the name could be no record's */
	char id[PATH_STEM_MAX + 1];   /* if has_id */
};

/* Parse TEXT, the name of a file: "STEM.json" or "STEM.status". */
void path_parse(const char *text, struct path_name *name);

/* Parse TEXT, the name of a record's directory: "STEM". */
void path_parse_folder(const char *text, struct path_name *name);

/* The stem for ID into STEM (PATH_STEM_MAX + 1 bytes). ID is not empty. */
void path_stem(const char *id, char *stem);

/*
 * The same for EMAIL, in which ADDRESS_NUL is %00, and control characters that are not ASCII are
 * %XX too. ASCII: no character may be overlooked: all that is not ASCII is %XX.
 */
void path_email_stem(const char *email, bool ascii, char *stem);

/*
 * The stem for ID where HEAD, a stem, is not enough to tell it from others: HEAD~STEM, cut as above
 * where that is too long, or where CUT says so.
 */
void path_join(const char *head, const char *id, bool cut, char *stem);

/* Does the stem tell the whole id? Then it is in ID (PATH_STEM_MAX + 1 bytes). False: cut, or no
 * stem of any id. */
bool path_id(const char *stem, char *id);

/*
 * The same for an email's stem, of either kind. A STEM that is none is the email itself, as it is
 * typed, but for names without an @ that begin with a dot or # or have a `%`.
 */
bool path_email(const char *stem, char *email);

/* Is STEM one that was cut, so that only a roster can tell whose it is? */
bool path_is_cut(const char *stem);

#endif

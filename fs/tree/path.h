/* SPDX-License-Identifier: Apache-2.0 */
/*
 * path.h - names of files and ids of records, each made from the other. Pure functions.
 *
 * A record's files are STEM.json and STEM.status. Ids are texts of id_text.h. The stem is the id's
 * bytes with %XX for each that a name can't hold, a leading dot or #, `%` and control characters. A
 * stem that would be too long is cut and ends in %~ and a hash of the id, which no other id can
 * give.
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

/* Write the stem for ID, which is not empty, to STEM (PATH_STEM_MAX + 1 bytes). */
void path_stem(const char *id, char *stem);

/*
 * As path_stem, for EMAIL, in which ADDRESS_NUL is %00, and control characters that are not ASCII
 * are %XX too. ASCII: everything that is not ASCII is %XX, so that no character can be overlooked.
 */
void path_email_stem(const char *email, bool ascii, char *stem);

/*
 * As path_stem, for ID where HEAD, a stem, is not enough to tell it from others: HEAD~STEM, cut as
 * above if that is too long, or if CUT.
 */
void path_join(const char *head, const char *id, bool cut, char *stem);

/* Write the id that STEM stands for to ID (PATH_STEM_MAX + 1 bytes). Return false if STEM was cut
 * or is no id's. */
bool path_id(const char *stem, char *id);

/*
 * As path_id, for an email's stem, of either kind. A STEM that is neither is the email itself, as
 * it was typed, except names without an @ that begin with a dot or # or have a `%`.
 */
bool path_email(const char *stem, char *email);

/* Return true if STEM was cut, so that only a roster knows whose it is. */
bool path_is_cut(const char *stem);

#endif

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

/* Which of a record's files could NAME be? Unless PATH_OTHER, STEM (PATH_STEM_MAX + 1 bytes) is
 * filled. */
enum path_kind path_parse(const char *name, char *stem);

/*
 * Is NAME of the form that only a record's file has? Any other may be a scratch file's, but for
 * ".json" and ".status" alone: those are ids that somebody forgot.
 */
bool path_is_reserved(const char *name);

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

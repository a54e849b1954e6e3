/* SPDX-License-Identifier: Apache-2.0 */
/*
 * change_line.h - one change of a user as a line of JSON.
 *
 * Pure functions, except that a line has the time at which it is made. Nothing here waits.
 */
#ifndef ROSTERFS_CHANGE_LINE_H
#define ROSTERFS_CHANGE_LINE_H

#include <jansson.h>
#include <stdbool.h>

struct change_marks;
struct collection;
struct roster_write;

/* A change. All is borrowed. */
struct change_line {
	const struct change_marks *marks;
	const struct collection *collection; /* of the documents */
	const char *vendor, *id;
	const char *email;            /* as the record has it; NULL: none */
	const json_t *before, *after; /* the user's record; NULL: there was none, there is none */
	/* One of the documents may show less than the other: a member that only one has is no
	   change. */
	bool part;
	bool returns;                  /* a user that was removed before is there again */
	const struct roster_write *by; /* by this mount; NULL: it is not known by whom */
};

/*
 * Return the fields in which BEFORE and AFTER differ, as audit_log has them: an array of {field,
 * before, after}, a new reference. NULL: no memory. What is never shown in a record's file is not
 * in it.
 */
json_t *change_line_fields(const struct change_line *line);

/* Return true if all of FIELDS are times or names of a version, which a vendor sets at any change.
 */
bool change_line_is_stamp(const struct change_line *line, const json_t *fields);

/* Return LINE with FIELDS as text without a newline, which the caller frees. NULL: no memory. */
char *change_line_text(const struct change_line *line, const json_t *fields);

#endif

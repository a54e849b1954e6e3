/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resets.h - members that a vendor empties because a change left them out.
 *
 * A description may say that an update merges ({changes}) although the server replaces the record:
 * then each change of one field empties others. This file tells that from what a vendor clears for
 * reasons of its own, and remembers for the mount what such a vendor keeps.
 *
 * What counts: a member that was not empty, and that the newest GET shows as null, "", [], {} or
 * not at all. What does not: members that were edited, that the description calls read_only, or
 * that are hidden; the status and what is inside of it; numbers, true and false; dates with a time
 * (locked_until, invited_at). It is evidence if at least two are emptied, or all that the record
 * has; after a change of the status, only if as many are kept at most, since a deactivation may end
 * licences and groups.
 *
 * One table per roster; its mutex is a leaf lock. Nothing here waits.
 */
#ifndef ROSTERFS_RESETS_H
#define ROSTERFS_RESETS_H

#include "cache/document/merge.h"

#include <jansson.h>
#include <stdbool.h>

struct collection;
struct resets;

/* Return the memory of one roster, or NULL: no memory. */
struct resets *resets_new(void);
void resets_free(struct resets *resets); /* NULL is a no-op */

/* A change of a record that was sent, or is about to be; all borrowed. */
struct resets_change {
	const struct collection *collection;
	const json_t *before; /* the record that it rests on */
	const json_t *wanted; /* the same with the edits */
	bool leaves_out;      /* what was not edited is not sent */
};

/*
 * Set *LOST to the members that are empty since CHANGE, as AFTER, the record since then, shows: as
 * edits from the old value to the new one. Pair with merge_clear. Return true if they are evidence
 * of such a vendor, which a change that sends the whole record cannot give; then RESETS (or NULL)
 * remembers that it keeps only what AFTER still has.
 */
bool resets_find(struct resets *resets, const struct resets_change *change, const json_t *after,
		 struct merge *lost);

/* Return the name (new) of a member that the vendor may empty if CHANGE is sent, or NULL: nothing
 * is known against it. */
char *resets_risk(struct resets *resets, const struct resets_change *change);

/* Remember that responses to changes lack members that a GET shows. */
void resets_note_partial(struct resets *resets);
bool resets_is_partial(struct resets *resets);

#endif

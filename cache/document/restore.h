/* SPDX-License-Identifier: Apache-2.0 */
/*
 * restore.h - a document that went through a tool which keeps less than the vendor writes.
 *
 * jq and JavaScript read a number as a double: 9007199254740993 becomes 9007199254740992, 1e400 the
 * largest double, or null. Many tools write U+FFFD for half a surrogate pair. Nobody edited such a
 * value, so it must not be sent. Pure JSON; nothing blocks.
 */
#ifndef ROSTERFS_RESTORE_H
#define ROSTERFS_RESTORE_H

#include "cache/document/merge.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* What a tool had rounded. */
struct restored {
	size_t count;
	size_t nulls; /* how many of them were null */
	char *path;   /* of the first, for words; NULL: count is 0, or no memory was left */
	char *doubt;  /* of what nobody can tell, or NULL */
};

/*
 * Put into DOCUMENT, in place, BASE's own value wherever DOCUMENT's is BASE's, but rounded
 * (exact_is_rounded) or spelled another way (19.9 for 19.90), and BASE's own key for one with
 * U+FFFD. Elements of an array are found where they are or were moved to (align.h). Adds what was
 * rounded to RESTORED, all zero to begin with; pair with restored_clear. Returns 0, -ENOMEM, or
 * -EINVAL: an element was rounded, and may have been one of several. DOCUMENT is not to be sent
 * then.
 */
int restore_document(const json_t *base, json_t *document, struct restored *restored);

void restored_clear(struct restored *restored);

/*
 * The first of MERGE's edits that brings half a surrogate pair to where its base has none, or NULL:
 * such a text is the vendor's own, and no caller may make one.
 */
const struct edit *restore_find_unpaired(const struct merge *merge);

/* Has VALUE half a surrogate pair that BASE (NULL: nothing) has nowhere? */
bool restore_brings_unpaired(const json_t *value, const json_t *base);

#endif

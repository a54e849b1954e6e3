/* SPDX-License-Identifier: Apache-2.0 */
/*
 * restore.h - restore values that a tool has rounded in a document.
 *
 * jq and JavaScript read a number as a double: 9007199254740993 becomes 9007199254740992, and 1e400
 * the largest double, or null. Many tools write U+FFFD for half a surrogate pair. Such a value was
 * not edited, so it must not be sent. Pure JSON; nothing waits.
 */
#ifndef ROSTERFS_RESTORE_H
#define ROSTERFS_RESTORE_H

#include "cache/document/merge.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* What a tool has rounded. */
struct restored {
	size_t count;
	size_t nulls; /* how many of them were null */
	char *path;   /* of the first, for messages; NULL: count is 0, or no memory */
	char *doubt;  /* path of what may have been one of several, or NULL */
};

/*
 * Replace in DOCUMENT each value that is BASE's, but rounded (exact_is_rounded) or spelled another
 * way (19.9 for 19.90), by BASE's own, and each key with U+FFFD by BASE's own key. Elements of an
 * array are found where they are or were moved to (align.h). What was rounded is added to RESTORED,
 * which is all zero to begin with; pair with restore_clear. Return 0, -ENOMEM, or -EINVAL: a
 * rounded element may have been one of several, and DOCUMENT must not be sent.
 */
int restore_document(const json_t *base, json_t *document, struct restored *restored);

void restore_clear(struct restored *restored);

/*
 * Return the first of MERGE's edits that adds half a surrogate pair where its base has none, or
 * NULL. Only the vendor may have such a text; no caller may create one.
 */
const struct edit *restore_find_unpaired(const struct merge *merge);

/* Return true if VALUE has half a surrogate pair that is nowhere in BASE (NULL: nothing). */
bool restore_brings_unpaired(const json_t *value, const json_t *base);

#endif

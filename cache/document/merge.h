/* SPDX-License-Identifier: Apache-2.0 */
/*
 * merge.h - the edits between two versions of a record, and applying them to a third.
 *
 * Objects are compared member by member at any depth, everything else (arrays too) as a whole. A
 * member that a document leaves out is not a change. null clears a member: it is a change unless
 * the base has null there or lacks the member. Pure JSON. No function keeps a reference to its
 * arguments: edits and records get copies. None waits.
 */
#ifndef ROSTERFS_MERGE_H
#define ROSTERFS_MERGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* One changed member. path: names from the top, e.g. {"address", "city"}. */
struct edit {
	char **path;    /* depth names, at least one */
	size_t depth;   /* how many */
	json_t *before; /* NULL: the base has no such member */
	json_t *after;  /* never NULL; JSON null: cleared */
};

/* The difference between a base and a document, in the document's order. */
struct merge {
	struct edit *edits;
	size_t count;
};

/* What the third version has at the path of an edit. */
enum merge_state {
	MERGE_OLD,     /* still the value that the edit started from */
	MERGE_NEW,     /* already the value that the edit wants */
	MERGE_OTHER,   /* another value (or null), or something above it is not an object */
	MERGE_MISSING, /* the member, or one above it, is missing, and it is neither of the first
			  two */
};

/*
 * Set MERGE to the edits that turn BASE into DOCUMENT, both objects. An object that replaces an
 * object is compared member by member; an object where the base has none is one edit (a null inside
 * it stays null). Return 0, or -ENOMEM: MERGE is then empty. Pair with merge_clear.
 */
int merge_diff(const json_t *base, const json_t *document, struct merge *merge);

/* Free the edits and leave MERGE empty; all zero is a no-op. */
void merge_clear(struct merge *merge);

/*
 * Return true if A and B are the same value. 1 and 1.0 are the same; the order of members does not
 * matter. A null member and a missing one are not the same here. NULL is the same as NULL only.
 */
bool merge_same(const json_t *a, const json_t *b);

/*
 * As merge_same, but a null member and a missing one are the same, also inside objects (not inside
 * arrays). NULL counts as null.
 */
bool merge_alike(const json_t *a, const json_t *b);

/* Return the value at EDIT's path in RECORD, borrowed, or NULL. */
json_t *merge_value(const struct edit *edit, const json_t *record);

/*
 * Return what RECORD has at the path of EDIT. Null and a missing member are the same here, also
 * inside an object that is compared (not inside an array): an edit from or to null finds its value
 * also where the member is missing.
 */
enum merge_state merge_state(const struct edit *edit, const json_t *record);

/*
 * Apply the edits to RECORD, in place. An edit whose value is there already is skipped. Conflicts:
 * - Without FORCE, an edit that finds MERGE_OTHER or MERGE_MISSING: another client has changed or
 *   removed the member.
 * - With or without FORCE, a value on the path that is neither an object nor null, because it would
 *   be lost.
 * Members on the path that are missing or null become objects. Members keep their place, new ones
 * go to the end. Return 0; -ESTALE for a conflict (*CONFLICT is the first such edit, and RECORD is
 * unchanged); or -ENOMEM (RECORD is then unspecified).
 */
int merge_apply(const struct merge *merge, json_t *record, bool force,
		const struct edit **conflict);

/* Return the path of EDIT for messages, as in "address.city"; the caller frees. NULL: no memory. */
char *merge_path(const struct edit *edit);

#endif

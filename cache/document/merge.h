/* SPDX-License-Identifier: Apache-2.0 */
/*
 * merge.h - what changed between two versions of a record, and laying that on a third. Pure JSON.
 *
 * Objects are compared member by member at any depth, everything else (arrays too) as a whole.
 * A document may leave members out: what it leaves out is not a change. null clears a member: it is
 * a change to null unless the base has null there or lacks the member.
 * No function keeps a reference to its arguments: edits and records get copies. None blocks.
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

/* What the third version shows where an edit wants its value. */
enum merge_state {
	MERGE_OLD,     /* still what the edit started from */
	MERGE_NEW,     /* already what the edit wants */
	MERGE_OTHER,   /* something else (a null too), or something above it is no object */
	MERGE_MISSING, /* the member, or one above it, is not there (MERGE_OLD and _NEW go first) */
};

/*
 * The changes that turn BASE into DOCUMENT, both objects. An object that replaces an object is
 * looked into; an object where the base has none is one change (a null inside it stays null).
 * Returns 0 or -ENOMEM (MERGE is empty then); pair with merge_clear.
 */
int merge_diff(const json_t *base, const json_t *document, struct merge *merge);

/* Free the edits and leave MERGE empty. An all-zero MERGE is fine. */
void merge_clear(struct merge *merge);

/*
 * Is it the same value? 1 and 1.0 are; the order of members does not matter. A null member and a
 * missing one are not the same here. NULL is the same as NULL only.
 */
bool merge_same(const json_t *a, const json_t *b);

/*
 * The same, but a null member and a missing one count as the same thing, also inside objects (not
 * inside arrays). NULL counts as null.
 */
bool merge_alike(const json_t *a, const json_t *b);

/* The value at EDIT's path in RECORD, borrowed, or NULL. */
json_t *merge_value(const struct edit *edit, const json_t *record);

/*
 * How RECORD stands to EDIT. JSON null and a missing member are the same thing here, also inside an
 * object that is compared (not inside an array): an edit from or to null finds its value also where
 * the member is missing.
 */
enum merge_state merge_state(const struct edit *edit, const json_t *record);

/*
 * Lay the edits on RECORD, in place. An edit whose value is there already is left alone. With FORCE
 * unset an edit that finds MERGE_OTHER or MERGE_MISSING stops it: somebody else changed or removed
 * the member. Members on the way that are missing or null become objects; one that is another kind
 * of value is a conflict, also with FORCE: it would have to be thrown away whole.
 * On a conflict *CONFLICT is the first such edit, the record is unchanged and -ESTALE is returned.
 * Members keep their place, new ones go to the end.
 * Returns 0, -ESTALE or -ENOMEM (the record is then unspecified).
 */
int merge_apply(const struct merge *merge, json_t *record, bool force,
		const struct edit **conflict);

/* "address.city", for words; the caller frees. NULL: no memory. */
char *merge_path(const struct edit *edit);

#endif

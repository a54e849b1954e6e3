/* SPDX-License-Identifier: Apache-2.0 */
/*
 * member_place.h - where a value stands in the text of a record. Pure functions.
 *
 * A text may be as large as a group is, so it is not parsed: in a text of render.h, each member and
 * each element has a line of its own, whose indentation tells its depth.
 */
#ifndef ROSTERFS_MEMBER_PLACE_H
#define ROSTERFS_MEMBER_PLACE_H

#include <stddef.h>

/* A value in a text. */
struct member_place {
	const char *value; /* NULL: there is none */
	size_t length;
};

/*
 * Return the value at POINTER, without `*`, in the LENGTH bytes of TEXT. *DEPTH: how deep it is, 1
 * for a member of the record.
 */
struct member_place member_place_find(const char *text, size_t length, const char *pointer,
				      unsigned *depth);

/*
 * Return the element behind PLACE in ARRAY, whose depth is DEPTH; PLACE->value NULL: the first. No
 * value: there are no more, or ARRAY is none.
 */
struct member_place member_place_next(const struct member_place *array, unsigned depth,
				      const struct member_place *place);

/* Return the value at DEPTH that begins at VALUE and ends before END. */
struct member_place member_place_at(const char *value, const char *end, unsigned depth);

#endif

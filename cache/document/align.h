/* SPDX-License-Identifier: Apache-2.0 */
/*
 * align.h - which element of an array became which, in a document that a tool may have rounded.
 *
 * Two numbers that are close become one when they are rounded, and then nobody can tell which of
 * them an element was. Elements are equal to one of the base first, each of those at most once;
 * what is doubtful then is an error. Pure JSON; nothing blocks.
 */
#ifndef ROSTERFS_ALIGN_H
#define ROSTERFS_ALIGN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define ALIGN_NONE ((size_t)-1)

struct align {
	const json_t *base, *document;
	size_t count, base_count; /* elements of document and base */
	size_t *match;            /* for each of the document's: the base's index, or ALIGN_NONE */
	bool *used;               /* for each of the base's: is it some element's match? */
	size_t budget; /* comparisons that are left: large arrays must not take for ever */
};

/*
 * Match the elements of DOCUMENT that are BASE's, rounded (exact_is_rounded), spelled another way
 * or not. Without a match is what was edited or is new. Returns 0, -ENOMEM, or -EINVAL: a rounded
 * element may have been one of several, or the arrays are too large to tell. Pair with align_clear
 * in any case.
 */
int align_begin(struct align *align, const json_t *base, const json_t *document);

void align_clear(struct align *align);

/* Take COST of the comparisons that are left. False: there are not so many. */
bool align_spend(struct align *align, size_t cost);

/* Element INDEX of the document is ORIGINAL of the base. */
void align_match(struct align *align, size_t index, size_t original);

/* What stands in OBJECT for KEY of a base, whole or with U+FFFD. *NAME (the caller frees) is what
 * it is there in the second case, else NULL. */
json_t *align_member(const json_t *object, const char *key, char **name);

/* Is VALUE the ORIGINAL, or what a tool made of it? */
bool align_same(const json_t *value, const json_t *original);

#endif

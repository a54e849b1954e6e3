/* SPDX-License-Identifier: Apache-2.0 */
/*
 * align.h - match the elements of an array in a document with those in its base.
 *
 * A tool may have rounded the document. Two numbers that are close become equal when they are
 * rounded, and then it is not known which of them an element was. Elements that are equal are
 * matched first, each element of the base at most once; what is doubtful then is an error. Pure
 * JSON; nothing waits.
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
	bool *used;               /* for each of base: it is the match of an element */
	size_t budget; /* comparisons that are left: large arrays must not take for ever */
};

/*
 * Match the elements of DOCUMENT that are elements of BASE: unchanged, rounded (exact_is_rounded)
 * or spelled another way. Elements that were edited or are new get no match. Return 0, -ENOMEM, or
 * -EINVAL: a rounded element may have been one of several, or the arrays are too large to tell.
 * Pair with align_clear in any case.
 */
int align_begin(struct align *align, const json_t *base, const json_t *document);

void align_clear(struct align *align);

/* Take COST of the comparisons that are left. Return false if there are not so many. */
bool align_spend(struct align *align, size_t cost);

/* Match element INDEX of the document with ORIGINAL of the base. */
void align_match(struct align *align, size_t index, size_t original);

/*
 * Return the member of OBJECT for KEY of a base, which a tool may have written with U+FFFD. In that
 * case *NAME is the key in OBJECT, which the caller frees; otherwise NULL.
 */
json_t *align_member(const json_t *object, const char *key, char **name);

#endif

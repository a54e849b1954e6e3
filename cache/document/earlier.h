/* SPDX-License-Identifier: Apache-2.0 */
/*
 * earlier.h - remember which values the saves of one process, all from one version, replaced and
 * left.
 *
 * A document with such a value may be an old copy. A value is kept as a hash of its path and of
 * itself: 32 bytes, and no password in clear text. Objects are kept member by member, at any depth,
 * arrays as a whole; numbers and null are compared as in merge.h. At most EARLIER_MAX values are
 * kept. Pure: no function waits; the caller locks.
 */
#ifndef ROSTERFS_EARLIER_H
#define ROSTERFS_EARLIER_H

#include "cache/document/merge.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The most values that are kept. If there are more, the oldest values that saves left are
 * forgotten. The values of the version itself are never forgotten: if they do not fit, FULL is set,
 * and the process must not save from that version again.
 */
#define EARLIER_MAX 4096

struct collection;
struct earlier_value;

/* All zero: no save was noted yet. */
struct earlier {
	struct earlier_value *values; /* the one noted last is at the end */
	size_t count, room;
	bool full;
};

/* One save, for earlier_note; all is borrowed. */
struct earlier_save {
	const struct collection *collection;
	const struct merge *merge; /* its edits */
	const json_t *document;    /* its base with the edits */
	const json_t *left;        /* the record as the save left it */
	uint64_t number;           /* in the history; 0: it is not there */
};

/* An earlier value that was found in a document. */
struct earlier_hit {
	char *path;          /* "address.city" */
	const json_t *value; /* borrowed from the edit */
	const json_t *now;   /* what the vendor has there, borrowed; NULL: nothing */
	uint64_t number;     /* of the last save that changed the field; 0: in no history */
};

/* Add the values that SAVE replaced, wrote and left. Without memory, EARLIER becomes full. */
void earlier_note(struct earlier *earlier, const struct earlier_save *save);

/*
 * Return true if EDIT sets a field to a value that an earlier save replaced or left, and that FRESH
 * does not have. For SECRET fields, which no record shows, the value that was written last does not
 * count. HIT is then the first such field; pair with earlier_hit_clear.
 */
bool earlier_find(const struct earlier *earlier, const struct edit *edit, const json_t *fresh,
		  bool secret, struct earlier_hit *hit);

void earlier_hit_clear(struct earlier_hit *hit);

/*
 * Prepare SAVED, the last save's document, as the base of DOCUMENT. If the vendor changed a value
 * that a save wrote, and DOCUMENT does not repeat what was written, the next edit starts from the
 * vendor's value: SAVED gets it from LEFT. What others changed stays as SAVED has it.
 */
void earlier_rebase(const struct earlier *earlier, json_t *saved, const json_t *left,
		    const json_t *document);

/* Make TO, which holds nothing, a copy of FROM. Without memory, TO is full. */
void earlier_copy(struct earlier *to, const struct earlier *from);

/* Free what EARLIER holds and leave it empty. */
void earlier_clear(struct earlier *earlier);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * edit_base.h - which version was a document read from?
 *
 * What somebody changed is the difference between their document and that version. The rules are
 * the contract's: a stamp (updated_at) in the document names the version; without one it is the
 * version that this mount showed last. A process that saves from one version again is compared with
 * its last save from it, and must not bring back a value that was there before: an old copy cannot
 * be told from an undo. Local: nothing here waits.
 */
#ifndef ROSTERFS_EDIT_BASE_H
#define ROSTERFS_EDIT_BASE_H

#include "cache/record/versions.h"

struct call;
struct collection;
struct merge;
struct roster;

#define BASE_DOUBTS_MAX (VERSIONS_MAX + 1)

struct edit_base {
	json_t *record; /* compare the document with this: without what the vendor hides */
	bool is_newest; /* the vendor's record is known to be just that version */
	bool named;     /* the vendor gives each version a stamp */
	bool ambiguous; /* versions that differ have the stamp: it does not tell which is newest */
	/* Older versions that the document might as well have been read from: a value of theirs is
	 * no edit. */
	json_t *doubts[BASE_DOUBTS_MAX];
	size_t doubt_count;
	/* Values that earlier saves of the process, from this version, replaced or left. */
	struct earlier earlier;
	bool saved_before; /* there was such a save: RECORD is its document */
	/* For words; borrowed: */
	const struct collection *collection;
	const json_t *fresh;
	const char *id;
	bool read_again; /* the version to be read now has another stamp than the document */
};

/*
 * Find the base of DOCUMENT, which names version STAMP (NULL: none) and which PROCESS saves onto
 * record ID; FRESH is what the vendor has now. Returns 0, -ESTALE with words in CALL when the
 * version named is not held any more, or -ENOMEM. Pair with edit_base_clear. Before FRESH is
 * published to the roster.
 */
int edit_base_find(struct call *call, struct roster *roster, const char *id,
		   const struct versions_process *process, const char *stamp,
		   const json_t *document, const json_t *fresh, struct edit_base *base);

/* VERSION (its reference is taken) is known to be what a document was read from. As above. */
void edit_base_take(struct roster *roster, json_t *version, const json_t *fresh,
		    struct edit_base *base);

void edit_base_clear(struct edit_base *base);

/*
 * Is one of the edits in MERGE (of the document against BASE) a value that an older version had, or
 * that an earlier save of the process replaced or left, so that the document may be older than its
 * base? 0, or -ESTALE with words.
 */
int edit_base_check_doubts(struct call *call, const struct edit_base *base,
			   const struct merge *merge);

/*
 * PROCESS made SAVE of record ID of ROSTER with a document that named version STAMP (NULL: none):
 * its next save from the same version is compared with it. IDLE: the vendor had it all already, so
 * that it only counts if there was one before.
 */
void edit_base_keep(struct roster *roster, const char *id, const struct versions_process *process,
		    const char *stamp, const struct earlier_save *save, bool idle);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * edit_base.h - find the version that a document was read from.
 *
 * What the user has changed is the difference between the document and that version, the base. A
 * stamp (updated_at) in the document names the version. Without a stamp it is the version that this
 * mount showed last. If a process saves from one version again, its document is compared with its
 * last save, and must not bring back a value that was there before, because an old copy cannot be
 * told from an undo.
 *
 * Nothing here waits. A function that fails leaves a message in CALL.
 */
#ifndef ROSTERFS_EDIT_BASE_H
#define ROSTERFS_EDIT_BASE_H

#include "cache/document/earlier.h"
#include "cache/record/versions.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct call;
struct collection;
struct merge;
struct roster;

#define EDIT_BASE_DOUBTS_MAX (VERSIONS_MAX + 1)

struct edit_base {
	json_t *record; /* to compare the document with, without what the vendor hides */
	bool is_newest; /* the vendor's record is known to be just that version */
	bool named;     /* the vendor gives each version a stamp */
	bool ambiguous; /* several versions have the stamp: it does not tell which is newest */
	/* Older versions that the document may have been read from as well. If the document has a
	 * value of theirs, that is not an edit. */
	json_t *doubts[EDIT_BASE_DOUBTS_MAX];
	size_t doubt_count;
	/* Values that earlier saves of the process, from this version, replaced or left. */
	struct earlier earlier;
	bool saved_before; /* there was such a save: RECORD is its document */
	/* for messages; borrowed */
	const struct collection *collection;
	const json_t *fresh;
	bool read_again; /* the version that can be read now has another stamp than the document */
};

/*
 * Find the base of DOCUMENT, which names version STAMP (NULL: none) and which PROCESS saves to
 * record ID. FRESH is the vendor's record; call this before FRESH is published to the roster. Pair
 * with edit_base_clear. Returns 0, -ENOMEM, or -ESTALE if the named version is no longer held.
 */
int edit_base_find(struct call *call, struct roster *roster, const char *id,
		   const struct versions_process *process, const char *stamp,
		   const json_t *document, const json_t *fresh, struct edit_base *base);

/*
 * Make VERSION (its reference is taken) the base, because it is known to be what the document was
 * read from. Pair with edit_base_clear.
 */
void edit_base_take(struct roster *roster, json_t *version, const json_t *fresh,
		    struct edit_base *base);

/* Free what BASE holds. */
void edit_base_clear(struct edit_base *base);

/*
 * Check that no edit in MERGE (of the document against BASE) sets a value that an older version
 * had, or that an earlier save of the process replaced or left: the document may then be older than
 * its base. Returns 0 or -ESTALE.
 */
int edit_base_check_doubts(struct call *call, const struct edit_base *base,
			   const struct merge *merge);

/*
 * Remember SAVE, which PROCESS made of record ID with a document that named version STAMP (NULL:
 * none), to compare the next save of the process from that version with. IDLE: the vendor had it
 * all already; the save is then remembered only if there was one before.
 */
void edit_base_keep(struct roster *roster, const char *id, const struct versions_process *process,
		    const char *stamp, const struct earlier_save *save, bool idle);

#endif

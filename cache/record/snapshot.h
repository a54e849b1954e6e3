/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshot.h - all records of a roster at one moment: immutable once published, reference-counted.
 *
 * A refresh builds a new snapshot beside the old one. The two share each record that did not
 * change, so both together take little more memory than one, and the kernel's caches of unchanged
 * records stay valid.
 */
#ifndef ROSTERFS_SNAPSHOT_H
#define ROSTERFS_SNAPSHOT_H

#include "cache/record/record.h"
#include "vendors/base/table.h"

struct snapshot {
	atomic_uint references;
	struct timespec fetched; /* wall clock; the mtime of the directory */
	size_t count;
	size_t kinds[RECORD_KINDS]; /* how many records have a status of each kind */
	struct record **records;    /* in the vendor's order */
	struct table ids;           /* the same records by id, borrowed */
	/* made when first needed, then kept */
	struct snapshot_emails *_Atomic by_email;
	struct snapshot_similar *_Atomic similar;
};

/*
 * The records with an email, sorted by its key, then by its spelling (address.h), then by id;
 * borrowed from the snapshot.
 */
struct snapshot_emails {
	size_t count;
	struct record *records[];
};

/* The places of the records with an email, sorted by the hash of its skeleton (skeleton.h). */
struct snapshot_similar {
	size_t count;
	uint32_t places[];
};

struct snapshot *snapshot_get(struct snapshot *snapshot);
void snapshot_put(struct snapshot *snapshot); /* NULL is a no-op */

/* Return the record with ID, borrowed from SNAPSHOT, or NULL. */
struct record *snapshot_find(const struct snapshot *snapshot, const char *id);

/*
 * Return the records with an email in SNAPSHOT, borrowed from it. NULL: no memory. The first call
 * takes a while, and 8 bytes per user: do not make it with a lock that others wait for.
 */
const struct snapshot_emails *snapshot_emails(struct snapshot *snapshot);

/*
 * Return the first record in EMAILS whose email has KEY (address.h; in any case of ASCII letters),
 * and set *COUNT to how many there are.
 */
struct record *const *snapshot_with_email(const struct snapshot_emails *emails, const char *key,
					  size_t *count);

/*
 * Call VISIT(ARG, before, after) for each record that OLD and NEW do not share: BEFORE is OLD's
 * with its id, AFTER is NEW's; one of them may be NULL. First those of NEW, then those that only
 * OLD has, each in its order. Ends if VISIT returns false, and then returns false.
 */
bool snapshot_compare(const struct snapshot *old, const struct snapshot *new,
		      bool (*visit)(void *arg, struct record *before, struct record *after),
		      void *arg);

/* ---- building a snapshot, in one thread ---- */

struct snapshot_builder {
	struct snapshot *old; /* borrowed, may be NULL */
	struct record **records;
	struct table ids; /* of what was added: finds repeats, then becomes the snapshot's */
	size_t count, room;
	size_t kinds[RECORD_KINDS]; /* as the snapshot's */
	size_t bytes;               /* what all of it takes */
};

void snapshot_begin(struct snapshot_builder *builder, struct snapshot *old);

/*
 * Return the old snapshot's record with ID, which is added next, borrowed, or NULL. If it shows the
 * same as the new record would, add it instead, so that both snapshots share it.
 */
struct record *snapshot_old(const struct snapshot_builder *builder, const char *id);

/*
 * Add RECORD, whose reference is taken, also on error. Return 0, -EEXIST (its id was added before)
 * or -ENOMEM.
 */
int snapshot_add(struct snapshot_builder *builder, struct record *record);

/* Remove everything that was added so far. */
void snapshot_reset(struct snapshot_builder *builder);

/* Return the snapshot, a new reference. NULL: no memory. The builder is empty in any case. */
struct snapshot *snapshot_end(struct snapshot_builder *builder, struct timespec fetched);

#endif

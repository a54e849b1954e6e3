/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshot.h - all records of a roster at one moment: immutable once published, counted.
 *
 * A refresh builds a new snapshot beside the old one and shares with it each record that did not
 * change, so that both together cost little more than one, and kernel caches of unchanged records
 * stay.
 */
#ifndef ROSTERFS_SNAPSHOT_H
#define ROSTERFS_SNAPSHOT_H

#include "cache/record/record.h"
#include "vendors/base/table.h"

struct snapshot {
	atomic_uint references;
	struct timespec fetched; /* wall clock, the directory's mtime */
	size_t count;
	struct record **records; /* in the vendor's order */
	struct table ids;        /* the same by id; borrows their references */
	/* made when first asked for, then kept */
	struct snapshot_emails *_Atomic by_email;
	struct snapshot_similar *_Atomic similar;
};

/* Those who have an email, sorted by its key, then its spelling (address.h), then by id; borrowed
 * from the snapshot. */
struct snapshot_emails {
	size_t count;
	struct record *records[];
};

/* Places of those who have an email, sorted by the hash of its skeleton (similar.c). */
struct snapshot_similar {
	size_t count;
	uint32_t places[];
};

struct snapshot *snapshot_get(struct snapshot *snapshot);
void snapshot_put(struct snapshot *snapshot); /* NULL is fine */

/* The record with ID, borrowed from SNAPSHOT, or NULL. */
struct record *snapshot_find(const struct snapshot *snapshot, const char *id);

/*
 * Who has an email in SNAPSHOT; borrowed from it. The first call takes a while and 8 bytes a user:
 * not for a thread that holds up others. NULL: no memory.
 */
const struct snapshot_emails *snapshot_emails(struct snapshot *snapshot);

/*
 * The first of those in EMAILS whose email has KEY (address.h; in any case of ASCII letters);
 * *COUNT of them.
 */
struct record *const *snapshot_with_email(const struct snapshot_emails *emails, const char *key,
					  size_t *count);

/* ---- building one; one thread ---- */

struct snapshot_builder {
	struct snapshot *old; /* borrowed, may be NULL */
	struct record **records;
	struct table ids; /* of what was added: to find repeats, and then the snapshot's */
	size_t count, room;
};

void snapshot_begin(struct snapshot_builder *builder, struct snapshot *old);

/*
 * The old snapshot's record with ID, which is added next; borrowed, or NULL. If that shows the same
 * as the new one would, it is to be added in its place: both snapshots share it then.
 */
struct record *snapshot_old(const struct snapshot_builder *builder, const char *id);

/* Add RECORD (takes its reference, also on error). Returns 0, -EEXIST (its id came before) or
 * -ENOMEM. */
int snapshot_add(struct snapshot_builder *builder, struct record *record);

/* Forget what was added so far. */
void snapshot_reset(struct snapshot_builder *builder);

/* The snapshot, with one reference, or NULL: no memory. The builder is empty afterwards, in any
 * case. */
struct snapshot *snapshot_end(struct snapshot_builder *builder, struct timespec fetched);

#endif

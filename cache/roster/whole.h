/* SPDX-License-Identifier: Apache-2.0 */
/*
 * whole.h - a whole roster as it is now: the newest snapshot, and what was written since.
 */
#ifndef ROSTERFS_WHOLE_H
#define ROSTERFS_WHOLE_H

#include <stddef.h>
#include <stdint.h>

struct record;
struct roster;
struct snapshot;

/*
 * Return the newest snapshot with what was written since, a new reference, or NULL. *SECONDS is how
 * long it stays fresh; 0: it is stale. Never waits; after a write it takes as long as the roster is
 * large.
 */
struct snapshot *whole_snapshot(struct roster *roster, double *seconds);

/* As whole_snapshot, with whole_generation's number in *GENERATION. */
struct snapshot *whole_show(struct roster *roster, uint64_t *generation, double *seconds);

/*
 * Store a copy of an id in *ID whose record in SNAPSHOT, of the whole ROSTER, may not be what the
 * vendor has: a write to it ended in an unknown state, or its row is not JSON. It must be asked for
 * by id. NULL: there is none. Return 0 or -ENOMEM. Never waits; it takes as long as the roster is
 * large.
 */
int whole_unsettled(struct roster *roster, const struct snapshot *snapshot, char **id);

/*
 * Return a number that changes whenever any record may be shown differently. A snapshot that came
 * with the number is complete as long as the number stays. *SECONDS is how long the roster stays
 * fresh; 0: it is stale.
 */
uint64_t whole_generation(struct roster *roster, double *seconds);

/* ---- private to cache/roster ---- */

struct written {
	struct record *old; /* of the snapshot, borrowed; NULL: there is none */
	struct record *now; /* a reference; NULL: it is deleted */
};

/* What readers of the whole roster see. It is noted with the lock, and copied without it. */
struct whole {
	struct snapshot *snapshot; /* a reference; NULL: it is empty */
	struct written *written;   /* since the snapshot was made */
	size_t count;
	uint64_t generation; /* the roster's when it was taken */
};

/* Note what ROSTER, which has a snapshot, shows now. Return 0, or -ENOMEM: VIEW is then empty. */
int whole_take_locked(struct roster *roster, struct whole *whole);

/*
 * Make a snapshot of VIEW, which is empty afterwards. If nothing newer came meanwhile, it becomes
 * ROSTER's. Return a new reference; NULL: no memory, or VIEW was empty. Without the lock.
 */
struct snapshot *whole_make(struct roster *roster, struct whole *whole);

/*
 * Return those that have EMAIL by the whole roster and what was written since, fresh or not: a new
 * reference. NULL: no memory. ROSTER has a snapshot.
 */
struct snapshot *whole_with_email_locked(struct roster *roster, const char *email);

/* Make the index that whole_with_email_locked needs, without the lock, because it takes a while. */
void whole_index_emails(struct roster *roster);

#endif

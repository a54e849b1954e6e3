/* SPDX-License-Identifier: Apache-2.0 */
/*
 * change.h - one change on its way to the vendor: for update.c, which says what, change.c, which
 * sends, and proof.c, which finds out what became of it.
 */
#ifndef ROSTERFS_CHANGE_H
#define ROSTERFS_CHANGE_H

#include "cache/update/edit_base.h"
#include "cache/record/lag.h"
#include "cache/document/merge.h"
#include "vendors/http/basis.h"
#include "vendors/vendor.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct attempt;
struct guard;

/* What is to be done next. */
enum change_step {
	CHANGE_READ, /* GET the record */
	CHANGE_PLAN, /* it has just been read: find the edits */
	CHANGE_SEND, /* they are known: PUT, or nothing if there is nothing to do */
};

struct change {
	struct call *call;
	struct roster *roster;
	struct guard *guard;
	struct attempt *attempt; /* what is told of it; outlives the change */
	const struct collection *collection;
	const char *id;

	/*
	 * Say what to change: fill merge with the edits against fresh, having checked them. Called
	 * again with a newer fresh when the vendor says that the record is not what we thought. 0
	 * or a negative errno.
	 */
	int (*plan)(struct change *change);
	void *arg;

	/* Write `inactive` to record ID once more, in the name of CALL; for late_watch. */
	int (*reapply)(struct call *call, struct roster *roster, struct guard *guard,
		       const char *id);

	/* Stands in for the record where a GET answers 404 (borrowed), or NULL: what the vendor
	 * has shown of a record that it has just made. */
	const json_t *made;
	bool stands_in; /* fresh is a copy of it */

	/* The edits hold whatever the status is now: a status that reads and this mount's own
	 * writes disagree about is no obstacle. */
	bool absolute;

	json_t *fresh; /* the vendor's record, by GET, without what is stale in it (lag.h) */
	/* The status as that GET has it, where this mount wrote another one since; else NULL. */
	char *read_status;
	char *etag;    /* its ETag, or NULL */
	json_t *first; /* fresh as it was before a part of the change was made; NULL: no part is */
	struct merge merge;
	json_t *target;      /* fresh with the edits laid on */
	json_t *result;      /* what the vendor has now, as far as it accepted the change */
	bool sent;           /* something was, or may have been, changed at the vendor */
	bool write_only;     /* all edits are of fields that the vendor does not show */
	bool part;           /* of a larger attempt, whose fields are known already */
	bool status_checked; /* the plan has passed the guards on statuses already */
	bool counted;        /* one status change is taken from the brake, or need not be */
	uint64_t ticket;     /* for what is taken */

	/* change.c's own */
	struct call *alone; /* for what must be asked even when the caller is gone */
	struct basis basis;
	double end;            /* of the retry budget, monotonic seconds */
	double waited;         /* seconds, as the vendor asked */
	unsigned reads;        /* answered GETs that the change could rest on */
	unsigned limited;      /* times that the vendor answered the PUT with 429, in a row */
	unsigned contradicted; /* times that it answered 409 or 412 */
	unsigned retries;      /* of PUTs of which nobody knew what became of them */
	enum change_step next;
	json_t *unanswered; /* the newest body that was sent and got no response, or NULL */
};

/* Fill CHANGE for ATTEMPT's record; the caller sets plan and arg. Pair with change_clear. */
void change_begin(struct change *change, struct attempt *attempt);

void change_clear(struct change *change);

/* The status in RECORD, borrowed, or NULL when it has none. */
const char *change_status(const struct change *change, const json_t *record);

/* Return the account of the record, borrowed. */
struct account *change_account(const struct change *change);

/* The flags of the field that EDIT is about, or is inside of. */
unsigned change_flags(const struct change *change, const struct edit *edit);

/* Is EDIT about a field that the vendor does not show (collection_hides)? */
bool change_is_hidden(const struct change *change, const struct edit *edit);

/* The record as it was before any part of the change was made, borrowed. */
const json_t *change_before(const struct change *change);

/* Others see RECORD from now on. */
void change_publish(struct change *change, const json_t *record);

/*
 * GET the record under CALL, and replace what is stale in it, as lag_correct does. With ETAG it is
 * what a PUT may rest on, and read_status is set. As
 * absence_get: -ENOENT means that the record does not exist.
 */
int change_get(struct change *change, struct call *call, enum lag_reading reading, json_t **record,
	       char **etag);

/* GET what the PUT is to rest on, into fresh. 0 or a negative errno. */
int change_read(struct change *change);

/* The change has met 429s, and a request ended: -EBUSY if it waited in vain, else its own error. */
int change_fail_limited(struct change *change);

#endif

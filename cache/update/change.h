/* SPDX-License-Identifier: Apache-2.0 */
/*
 * change.h - the state of one change of one record, and what all of its steps need: read the
 * record, publish it, ask about an edit.
 *
 * A change is made in this order:
 *
 * - apply.c locks the record and runs the steps.
 * - GET: change.c reads the record into `fresh`.
 * - Plan: update.c, status_field.c or create_rest.c compares `fresh` with what the user wants, and
 *   fills `merge` with the edits.
 * - PUT: apply.c applies the edits to a copy of `fresh`, the `target`, and sends that.
 * - response.c decides by the response which step is next: read again, plan again, send again, end.
 * - proof.c proves by the response, or by further GETs, that the change took.
 * - part.c settles a change of which only the first of two requests was made.
 * - late.c watches for a PUT without a response, which the vendor may apply late.
 *
 * describe.c puts the edits into text and JSON for all of them.
 *
 * A change belongs to the thread that runs it. A function here that takes `record` expects one of
 * this change's record.
 */
#ifndef ROSTERFS_CHANGE_H
#define ROSTERFS_CHANGE_H

#include "cache/document/merge.h"
#include "cache/history/overtaken.h"
#include "cache/record/lag.h"
#include "cache/record/resets.h"
#include "vendors/http/basis.h"
#include "vendors/rest/status_map.h"
#include "vendors/vendor.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct account;
struct attempt;
struct collection;
struct guard;
struct roster;
struct rule_status_request;

/* The next step of a change. */
enum change_step {
	CHANGE_READ, /* GET the record */
	CHANGE_PLAN, /* find the edits: the record has just been read */
	CHANGE_SEND, /* PUT the edits, or nothing if there is nothing to do */
};

struct change {
	struct call *call;
	struct roster *roster;
	struct guard *guard;
	struct attempt *attempt; /* for the audit log and the history; outlives the change */
	const struct collection *collection;
	const char *id;

	/*
	 * Check what the user wants, and fill merge with the edits against fresh. Called again with
	 * a newer fresh if the vendor answers that the record has changed. Returns 0 or a negative
	 * errno with a message in the call.
	 */
	int (*plan)(struct change *change);
	void *arg; /* for plan */

	/* Make record ID inactive again on behalf of CALL, for late_watch. May block. Returns 0 or
	 * a negative errno with a message in CALL. */
	int (*reapply)(struct call *call, struct roster *roster, struct guard *guard,
		       const char *id);

	/* What the vendor has shown of a record that it has just created (borrowed), or NULL. It
	 * takes the place of the record if a GET answers 404. */
	const json_t *made;
	bool stands_in; /* fresh is a copy of it */

	/* The status that is to be written, or NULL: the change is of a document. */
	const char *word;
	/* The request that sets it, or NULL: an update of the record does. */
	const struct rule_status_request *request;

	/* The edits do not depend on the status that the record has now: it is no obstacle if reads
	 * and this mount's own writes disagree about it. */
	bool absolute;

	json_t *fresh; /* the record of the last GET, with its stale fields replaced (lag.h) */
	/* The status in the response to that GET, if this mount has written another one; or NULL.
	 */
	char *read_status;
	json_t *read_value; /* the value of the field there, or NULL: it was missing */
	char *etag;         /* the ETag of that response, or NULL */
	json_t *first;      /* fresh from before a part of the change was made; NULL: no part was */
	struct merge merge;
	struct merge lost;   /* members that the vendor has emptied although nobody edited them */
	json_t *target;      /* fresh with the edits applied */
	json_t *result;      /* the record now, as far as the vendor accepted the change; or NULL */
	bool sent;           /* something was, or may have been, changed at the vendor */
	bool gone;           /* a request for a status has deleted the record */
	bool write_only;     /* all edits are of fields that the vendor does not show */
	bool part;           /* of a larger attempt, whose fields are known already */
	bool status_checked; /* the guards have passed the status */
	bool counted;        /* status_limit has counted the change, or need not count it */

	/* of apply.c and response.c */
	struct call *alone; /* for requests that are made even if the caller has gone */
	struct basis basis;
	double end;            /* of the retry budget, monotonic seconds */
	double waited;         /* seconds that the vendor asked to wait */
	unsigned reads;        /* answered GETs that a PUT could rest on */
	unsigned limited;      /* responses 429 to the PUT, in a row */
	unsigned contradicted; /* responses 409 or 412 */
	unsigned retries;      /* PUTs without a response, or with one that cannot be read */
	unsigned unread;       /* of these: a success with a body that cannot be read */
	enum change_step next;
	const char *told;           /* what change_log logs, static; or NULL */
	char *told_more;            /* the same, or NULL */
	struct overtaken overtaken; /* what became of the lock */
	json_t *unanswered;         /* the newest body that was sent and got no response, or NULL */
};

/* Initialise CHANGE for the record of ATTEMPT. The caller sets plan, arg and reapply. Pair with
 * change_clear. */
void change_begin(struct change *change, struct attempt *attempt);

/* Free what CHANGE holds. */
void change_clear(struct change *change);

/*
 * Keep for change_log what the log says of CHANGE, which was accepted: WHAT, a note about the
 * caller and the history, and MORE (taken, or NULL).
 */
void change_tell(struct change *change, const char *what, char *more);

/* Log what change_tell was given, after attempt_accepted, so that the line names the number in the
 * history. A no-op if there is nothing. */
void change_log(struct change *change);

/* Return the word for the status in RECORD (status_map_word), or NULL if it has none. */
const char *change_status(const struct change *change, const json_t *record,
			  char buffer[STATUS_MAP_MAX]);

/* Return the word for the status that CHANGE, which has a target, leads to, or NULL: none. */
const char *change_wanted(const struct change *change, char buffer[STATUS_MAP_MAX]);

/* Return true if EDIT changes the status, a part of it, or something that contains it. */
bool change_is_of_status(const struct change *change, const struct edit *edit);

/* Fail because the status NOW, which is neither active nor inactive, is not ended by writing active
 * over it. Returns -EOPNOTSUPP. */
int change_fail_other(struct change *change, const char *now);

/* Return the account of the record, borrowed. */
struct account *change_account(const struct change *change);

/* Return the flags of the fields that EDIT is about, or is inside of. */
unsigned change_flags(const struct change *change, const struct edit *edit);

/* Return true if the vendor does not show EDIT's field (collection_hides). */
bool change_is_hidden(const struct change *change, const struct edit *edit);

/* Return the record as it was before any part of the change was made, borrowed. */
const json_t *change_before(const struct change *change);

/* Return the change as resets.h takes it, which has a target. */
struct resets_change change_resets(const struct change *change);

/*
 * Remove from the target, which is all that is known of the record now, what the vendor does not
 * show. ANSWER is the vendor's newest record, or NULL.
 */
void change_hide_target(struct change *change, const json_t *answer);

/* Make RECORD (borrowed) what readers see from now on. */
void change_publish(struct change *change, const json_t *record);

/*
 * Read the record by GET under CALL into *RECORD (a new reference), and replace what is stale in it
 * (lag_correct). If ETAG is not NULL, a PUT may rest on this read, and read_status is set. Blocks.
 * Returns 0 or a negative errno with a message in CALL; -ENOENT: the record does not exist.
 */
int change_get(struct change *change, struct call *call, enum lag_reading reading, json_t **record,
	       char **etag);

/* Let the reads of CHANGE go on until its budget ends, and for a second at least. */
void change_allow_reads(struct change *change);

/* Read the record that a PUT is to rest on into fresh. Blocks. Returns 0 or a negative errno with a
 * message in the call. */
int change_read(struct change *change);

/*
 * Fail after the vendor has answered 429. Returns -EBUSY if the change has waited in vain, else the
 * error of the request that ended, as a negative errno.
 */
int change_fail_limited(struct change *change);

/* Check, right before something is sent, that the record is still this mount's alone. May wait.
 * Returns 0, -EAGAIN (the next step is to read it again) or a negative errno with a message in the
 * call. */
int change_check_lock(struct change *change);

/*
 * Return OUTCOME; or VENDOR_UNKNOWN, and *ANSWER is released, if the lock was lost while the
 * request was under way: another host may have written the record since the vendor answered. May
 * wait.
 */
enum vendor_outcome change_settle_lock(struct change *change, enum vendor_outcome outcome,
				       json_t **answer);

/* Return true if an edit makes the user active. */
bool change_makes_active(const struct change *change);

#endif

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

/*
 * Lock the record, GET, plan, PUT, prove, publish. A PUT leaves only right after the GET that it
 * rests on (basis.h); after a wait of any kind all begins anew with a GET. One retry_budget covers
 * the whole change. Returns 0 or a negative errno with words in the call. Pair with change_clear,
 * in any case.
 */
int change_run(struct change *change);

void change_clear(struct change *change);

/* The status in RECORD, borrowed, or NULL when it has none. */
const char *change_status(const struct change *change, const json_t *record);

/*
 * May the status of the record become STATUS? -EPERM when it is the key's own user, or nobody can
 * tell whose the key is. 0 for a vendor whose keys are no user's. May wait for the vendor (self).
 */
int change_check_self(struct change *change, const char *status);

/* One line in the log: a dry run does not send METHOD for record ID of ROSTER (NULL: of its list).
 */
void change_log_unsent(struct call *call, struct roster *roster, const char *method,
		       const char *id);

/* Parse what was written. NULL: -EINVAL with words in CALL that quote nothing of it. */
json_t *change_parse(struct call *call, const char *text, size_t length);

/*
 * Clearing what nobody can see (a password) leaves no difference to find: it is refused by itself.
 * So is leaving out what the vendor wants to be told each time. 0, or -EINVAL with words.
 */
int change_check_hidden(struct call *call, struct roster *roster, const json_t *document);

/*
 * DOCUMENT, without a stamp of its collection: a name of a version that the history gave to a
 * record of another kind must not be sent as data. 0, or -ESTALE with words.
 */
int change_check_history(struct call *call, const json_t *document);

/*
 * Undo in DOCUMENT, in place, what the tool that wrote it has rounded of BASE (restore.h). Unless
 * *TOLD the log says so, and *TOLD is set. 0, or with words -ENOMEM, or -ESTALE: nobody can tell.
 */
int change_restore(struct call *call, const json_t *base, json_t *document, bool *told);

/*
 * Half a surrogate pair may go back to where the vendor has it, and nowhere else. 0, or -EINVAL
 * with words.
 */
int change_check_unpaired(struct call *call, const struct merge *merge);

/* The same for a DOCUMENT that has no base. */
int change_check_paired(struct call *call, const json_t *document);

/* ---- between change.c, verdict.c, proof.c, part.c and tell.c ---- */

/* GET what the PUT is to rest on, into fresh. 0 or a negative errno. */
int change_read(struct change *change);

/* The change has met 429s, and a request ended: -EBUSY if it waited in vain, else its own error. */
int change_fail_limited(struct change *change);

/*
 * The vendor has answered the PUT of BODY with OUTCOME and ANSWER (both borrowed). Proves or
 * settles what became of it. 0 when it is done, -EAGAIN when change->next is to be done, or a
 * negative errno.
 */
int change_judge(struct change *change, enum vendor_outcome outcome, json_t *body, json_t *answer);

/* Return the account of the record, borrowed. */
struct account *change_account(const struct change *change);

/* The flags of the field that EDIT is about, or is inside of. */
unsigned change_flags(const struct change *change, const struct edit *edit);

/* Is EDIT about a field that the vendor does not show (collection_hides)? */
bool change_is_hidden(const struct change *change, const struct edit *edit);

/* VALUE of EDIT's field as JSON, cut short, for words; a write-only one is "(set)". The caller
 * frees. */
char *change_value_text(const struct change *change, const struct edit *edit, const json_t *value);

/* Is there something to tell of EDIT, or was it at the vendor already? */
bool change_is_told(const struct change *change, const struct edit *edit);

/* A document of the fields that are to be shown once the change is made, a new reference. */
json_t *change_accepted(const struct change *change);

/* "firstname: "Jane" -> "Joan", ..." for the log, write-only values as (set). The caller frees. */
char *change_describe(const struct change *change);

/* Say in the log what a status that the change has made to be that of RECORD leaves to be done; the
 * line that says that it is made follows. */
void change_log_remains(const struct change *change, const json_t *record);

/* The edits as attempt_set_fields takes them; NULL: there are none. */
json_t *change_fields(const struct change *change);

/* What a document must set to undo the edits, a new reference; NULL: none can. */
json_t *change_undo(const struct change *change);

/* -ESTALE, and words that name the field of EDIT and both values. */
int change_fail_conflict(struct change *change, const struct edit *edit);

/* Others see RECORD from now on. */
void change_publish(struct change *change, const json_t *record);

/*
 * GET the record under CALL, and replace what is stale in it, as lag_correct does. With ETAG it is
 * what a PUT may rest on, and read_status is set. As
 * absence_get: -ENOENT means that the record does not exist.
 */
int change_get(struct change *change, struct call *call, enum lag_reading reading, json_t **record,
	       char **etag);

/* The record as it was before any part of the change was made, borrowed. */
const json_t *change_before(const struct change *change);

/* The vendor has shown in SEEN that the edits in merge took; RECORD is all that is known of it now.
 * It is published, and the result; the log says so. Returns 0. */
int change_took(struct change *change, json_t *record, const json_t *seen);

/* A request has ended: where the change takes two, the first may have been made. */
void change_note_part(struct change *change);

/*
 * The change has failed. Where a part of it was made, one more GET is made, that part becomes what
 * merge and result are about, as by change_took, and is named in the call's words. It may wait,
 * also for a caller that has gone.
 */
void change_settle_part(struct change *change);

/*
 * The vendor says that the change is made; ANSWER is what it answered, or NULL. Proves it by that,
 * or by GETs, of which there are more while the vendor's reads may lag, unless the caller is
 * interrupted. 0 when it took (result is set and published), else a negative errno.
 */
int change_settle_done(struct change *change, json_t *answer);

/*
 * Nobody knows whether the change was made: a GET tells. 0 when it was (result is set
 * and published), -EAGAIN when it was not as far as the vendor shows (fresh is then the newest, and
 * a PUT may rest on it), else a negative errno.
 */
int change_settle_unknown(struct change *change);

#endif

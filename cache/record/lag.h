/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lag.h - what acknowledged writes of this mount have changed, while the vendor's reads may lag
 * behind them.
 *
 * For `lag` seconds after a write was acknowledged, a GET or a list row may still show the record
 * from before it. The table remembers, for each field that a write changed, the values before and
 * after, and the time of update that the vendor gave to the result. A record that was read is stale
 * in a field if it shows a value from before the write there and its time of update is not later
 * than the acknowledged one; and if that time is an earlier one, whatever it shows there, because
 * the write may have replaced a value that no read has shown. Only that field is replaced. Times
 * are the vendor's own and are never compared with a clock of this machine.
 *
 * A third value without such a time ends the memory of its field. A later time means that another
 * client has written since: what that record shows is remembered in place of what the write left,
 * so that a staler read after it changes nothing. One case cannot be told apart: at a vendor
 * without times of update, a field that another client sets back to a value from before the write
 * counts as stale until `lag` ends.
 *
 * One table per roster. One mutex, a leaf lock; no function waits; any thread. All arguments are
 * borrowed.
 */
#ifndef ROSTERFS_LAG_H
#define ROSTERFS_LAG_H

#include "cache/document/merge.h"

#include <jansson.h>
#include <stdbool.h>

struct collection;
struct lag;

/*
 * Create a table for records of COLLECTION. It remembers writes for SECONDS; 0: nothing is
 * remembered. NULL: no memory.
 */
struct lag *lag_new(const struct collection *collection, unsigned seconds);
void lag_free(struct lag *lag); /* NULL is a no-op */

/*
 * Note that a write to record ID was acknowledged: the fields that MERGE names went from what
 * BEFORE shows to what AFTER shows. ANSWER is the record in which the vendor showed the result,
 * with its time of update (NULL: none). Write-only fields must not be in MERGE. Without memory
 * nothing is remembered. Return true if the last read was stale: what is held of it was corrected
 * by what was remembered before this write.
 */
bool lag_note(struct lag *lag, const char *id, const struct merge *merge, const json_t *before,
	      const json_t *after, const json_t *answer);

enum lag_reading {
	LAG_READ,   /* to show the record: third values and later times end or renew the memory */
	LAG_PROOF,  /* to prove a write that the vendor has acknowledged: changes no memory */
	LAG_SETTLE, /* to find out what became of a write without a response: changes no memory */
};

/* What lag_correct found. */
struct lag_found {
	bool corrected; /* a field was stale and was replaced */
	char *status;   /* the word for the status that was read, if that was stale; or NULL */
	json_t *value;  /* the value of the field then; NULL: it was missing */
};

/* Free what FOUND holds. */
void lag_found_clear(struct lag_found *found);

/*
 * Replace what is stale in RECORD, which was read from the vendor as ID. PROVED (NULL with
 * LAG_READ) are the edits of the write in question: what is remembered of earlier writes never
 * counts as a proof of them. With LAG_PROOF, a field that shows what they want stays, although it
 * may be a value from before an earlier write. FOUND may be NULL; else pair with
 * lag_found_clear. Takes no lock if nothing is remembered.
 */
void lag_correct(struct lag *lag, const char *id, json_t *record, enum lag_reading reading,
		 const struct merge *proved, struct lag_found *found);

/* Return the remembered members of record ID, on its top level: a new object, or NULL. */
json_t *lag_acknowledged(struct lag *lag, const char *id);

/* Return true if this mount has written record ID within the last `lag` seconds. */
bool lag_covers(struct lag *lag, const char *id);

/*
 * Forget what is older than `lag`. TELL is called, without the lock, for each id whose last read
 * was stale: what is held of it is not what the vendor has shown. Return the seconds until the next
 * entry is due; 0: there is none.
 */
double lag_expire(struct lag *lag, void (*tell)(void *arg, const char *id), void *arg);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lag.h - what acknowledged writes of this mount changed, for as long as the vendor's reads may lag
 * behind them.
 *
 * For `lag` seconds after a write was acknowledged, a GET or a list row may still show the record
 * from before it. The table remembers, for each field that a write changed, the values before and
 * after, and the time of update that the vendor gave to the result. A record that was read is stale
 * in a field if it shows a value from before the write there and its time of update is not later
 * than the acknowledged one; and if that time is an earlier one, whatever it shows there, because
 * the write may have gone over a value that no read has shown. Only that field is replaced. Times
 * are the vendor's own and are never compared with a clock of this machine.
 *
 * A third value without such a time ends the memory of its field. A later time means that somebody
 * wrote since: what that record shows is remembered in place of what the write left, so that a
 * staler read after it changes nothing. What can't be told apart: at a vendor without times of
 * update, a field that somebody sets back to a value from before the write is taken for stale until
 * `lag` ends.
 *
 * One table a roster. One mutex, a leaf lock; no function waits; any thread. Arguments stay the
 * caller's.
 */
#ifndef ROSTERFS_LAG_H
#define ROSTERFS_LAG_H

#include "cache/document/merge.h"

#include <jansson.h>
#include <stdbool.h>

struct collection;
struct lag;

/* For records of COLLECTION; 0 SECONDS: nothing is remembered. NULL: no memory. */
struct lag *lag_new(const struct collection *collection, unsigned seconds);
void lag_free(struct lag *lag); /* NULL is fine */

/*
 * A write to record ID was acknowledged: the fields that MERGE names went from what BEFORE shows to
 * what AFTER shows. ANSWER is the record in which the vendor showed the result (NULL: none): it has
 * the time of update. Write-only fields must not be in MERGE. Without memory nothing is remembered.
 */
void lag_note(struct lag *lag, const char *id, const struct merge *merge, const json_t *before,
	      const json_t *after, const json_t *answer);

enum lag_reading {
	LAG_READ,   /* for its own sake: third values and later times end or renew the memory */
	LAG_PROOF,  /* to prove a write that the vendor has acknowledged: nothing is learnt from it
		     */
	LAG_SETTLE, /* to find out what became of a write that got no response: nor from this */
};

/* What lag_correct found. */
struct lag_found {
	bool corrected; /* a field was stale and has been replaced */
	char *status;   /* the status as it was read, if it was stale; the caller frees; or NULL */
};

/*
 * RECORD, of ID, has been read from the vendor: replace what is stale in it. PROVED (NULL with
 * LAG_READ) are the edits of the write in question: what is remembered of earlier writes never
 * counts as a proof of them. A field that shows what they want stays, though it may be a value from
 * before an earlier write, if the vendor has acknowledged them (LAG_PROOF). FOUND may be NULL.
 * Quick where nothing is remembered.
 */
void lag_correct(struct lag *lag, const char *id, json_t *record, enum lag_reading reading,
		 const struct merge *proved, struct lag_found *found);

/* The members of record ID, on its highest level, that are remembered: a new object, or NULL. */
json_t *lag_acknowledged(struct lag *lag, const char *id);

/* Was record ID written by this mount within the last `lag` seconds? */
bool lag_covers(struct lag *lag, const char *id);

/*
 * Forget what is older than `lag`. TELL is called, without the lock, for each id whose
 * last read was stale: what is held of it is not what the vendor shows any more. Returns the
 * seconds until the next one is due; 0: none is.
 */
double lag_expire(struct lag *lag, void (*tell)(void *arg, const char *id), void *arg);

#endif

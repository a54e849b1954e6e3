/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ep_lag.h - what this mount created and ended at an Elastic Path store, while the vendor's reads
 * may not show it yet.
 *
 * The vendor's documents warn that a read may lag a write by up to a minute. So each change is
 * remembered for account->lag seconds, and is applied to what is read meanwhile:
 *
 * - A membership's id is never used again. So a list that has a membership which was ended is
 *   certainly stale.
 * - A list without a membership that was created is taken for stale too. If another client has
 *   ended that membership, this shows when account->lag seconds are over.
 * - A membership that was requested and not acknowledged is not shown. It may still appear, so a
 *   change to inactive is told of it.
 *
 * COMPANY is the id of an account of the store; "account" here is a section of the config file.
 * Nothing here blocks or sends a request. The functions may be called from any thread.
 */
#ifndef ROSTERFS_EP_LAG_H
#define ROSTERFS_EP_LAG_H

#include <jansson.h>
#include <pthread.h>
#include <stdbool.h>

struct account;
struct call;
struct ep_lag_change;

/* The changes of one account. Part of struct ep_memory. */
struct ep_lag {
	pthread_mutex_t lock; /* a leaf; guards changes */
	struct ep_lag_change *changes;
};

/* Initialize LAG: nothing is remembered. */
void ep_lag_init(struct ep_lag *lag);

/* Free what LAG refers to. */
void ep_lag_destroy(struct ep_lag *lag);

/*
 * Remember that the vendor has acknowledged that membership ID of MEMBER in COMPANY was created, or
 * ENDED. Does nothing if one of the ids is NULL, or if there is no memory.
 */
void ep_lag_note(struct account *account, const char *company, const char *member, const char *id,
		 bool ended);

/*
 * Remember that a membership of MEMBER in COMPANY was requested and not acknowledged. ID is NULL if
 * it is unknown.
 */
void ep_lag_note_asked(struct account *account, const char *company, const char *member,
		       const char *id);

/* Remember that RECORD, an account of the store or a member, was created. It has no memberships
 * except those that were noted. */
void ep_lag_note_new(struct account *account, const json_t *record);

/*
 * Forget that membership ID of MEMBER in COMPANY was created or requested, and that one with an
 * unknown id was requested. What was ended stays remembered.
 */
void ep_lag_forget(struct account *account, const char *company, const char *member,
		   const char *id);

/* Return true if the account of the store or member ID was created here and is remembered. */
bool ep_lag_is_new(struct account *account, const char *id);

/*
 * Return the memberships that are remembered, as a new array of {id, account, member, ended, asked,
 * until}. COMPANY and MEMBER select those of one account or member; NULL selects all. An entry with
 * "asked": true was requested only, and has no id if that is unknown. "until" is in monotonic
 * seconds.
 */
json_t *ep_lag_changes(struct account *account, const char *company, const char *member);

/* Note in CALL that its result contains CHANGE (an entry of ep_lag_changes), which the vendor did
 * not show: the result is good until CHANGE is forgotten. */
void ep_lag_used(struct call *call, const json_t *change);

/*
 * Apply CHANGES (ep_lag_changes of one member) to MEMBERSHIPS, an array of {id, account} as the
 * vendor showed it to CALL. Append each change that differs to UNCONFIRMED, in the same form.
 */
void ep_lag_apply(struct call *call, const json_t *changes, json_t *memberships,
		  json_t *unconfirmed);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * membership.h - one write of a status that consists of memberships, or of other steps: its state,
 * and questions about it.
 *
 * The collection has set_status. Its records hold an array of steps (steps_key). Writing `inactive`
 * ends the steps, and writing `active` makes those again that this mount has ended.
 *
 * A struct membership belongs to the thread that writes the status.
 */
#ifndef ROSTERFS_MEMBERSHIP_H
#define ROSTERFS_MEMBERSHIP_H

#include "vendors/vendor.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct attempt;
struct call;
struct guard;
struct overtaken;
struct roster;

struct membership {
	struct attempt *attempt;
	struct call *call;
	struct roster *roster;
	struct guard *guard;
	const struct collection *collection;
	const char *id;
	const char *word;    /* the status that is written: STATUS_ACTIVE or STATUS_INACTIVE */
	json_t *fresh;       /* the record as the vendor showed it last, before a step is sent */
	json_t *unconfirmed; /* the steps that the vendor does not show yet as this mount has made
				or ended them, or NULL */
	json_t *undo;        /* a record with the steps that this mount has ended, or NULL */
	json_t *sent;        /* a record with the steps that are sent, or NULL */
	enum vendor_outcome *outcomes; /* of the steps in sent */
	struct overtaken *overtaken;   /* what became of the lock */
	bool halted;                   /* it was lost, so that no further step is sent */
};

/* Return true if the status that is written is `inactive`. */
bool membership_is_inactive(const struct membership *membership);

/* Return the array of steps in RECORD, borrowed, or NULL. */
json_t *membership_steps(const struct membership *membership, const json_t *record);

/* Return true if LIST has a step whose value at KEY equals that of STEP. */
bool membership_has_same(const json_t *list, const json_t *step, const char *key);

/* Return true if LIST has STEP, whatever id the vendor has given it. */
bool membership_has(const struct membership *membership, const json_t *list, const json_t *step);

/* Return the status in RECORD, borrowed, or STATUS_UNKNOWN. */
const char *membership_status_of(const struct membership *membership, const json_t *record);

/*
 * Ask the vendor for the record, on behalf of CALL, into *RECORD, a new reference. A 404 is noted
 * in the roster. Returns 0, or a negative errno with a message in CALL. May wait.
 */
int membership_get(struct membership *membership, struct call *call, json_t **record);

/* Make RECORD, which CALL has read, what other readers see. */
void membership_publish(struct membership *membership, const struct call *call,
			const json_t *record);

/* Return true if step INDEX of those that were sent has taken effect, or may have. */
bool membership_was_made(const struct membership *membership, size_t index);

/*
 * Return true if RECORD shows the wanted status. For `active`, all steps that this mount has ended
 * must be there again.
 */
bool membership_is_done(const struct membership *membership, const json_t *record);

/* Return true if RECORD shows that STEP was ended, or for `active` that it was made. */
bool membership_shows(const struct membership *membership, const json_t *record,
		      const json_t *step);

#endif

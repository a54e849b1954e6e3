/* SPDX-License-Identifier: Apache-2.0 */
/*
 * membership_state.h - a status of several steps on its way: for membership_status.c, which makes them, and
 * membership_proof.c and membership_late.c, which find out what became of them.
 */
#ifndef ROSTERFS_MEMBERSHIP_STATE_H
#define ROSTERFS_MEMBERSHIP_STATE_H

#include "vendors/vendor.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct attempt;
struct call;
struct guard;
struct roster;

struct steps {
	struct attempt *attempt;
	struct call *call;
	struct roster *roster;
	struct guard *guard;
	const struct collection *collection;
	const char *id;
	const char *word;
	json_t *fresh;
	json_t *unconfirmed; /* what the vendor showed otherwise than fresh has it, or NULL */
	json_t *undo;        /* for a restoration */
	json_t *sent;        /* a record with the steps that are made or ended, or NULL */
	enum vendor_outcome *outcomes; /* of these */
};

/* Is the wanted word "inactive"? */
bool steps_is_inactive(const struct steps *steps);

/* The steps in RECORD, borrowed, or NULL. */
json_t *steps_of(const struct steps *steps, const json_t *record);

/* Has LIST a step whose KEY is that of STEP? */
bool steps_has_same(const json_t *list, const json_t *step, const char *key);

/* Is STEP one of LIST, by whatever id? */
bool steps_has(const struct steps *steps, const json_t *list, const json_t *step);

/* What the vendor shows now, under CALL; a 404 is noted in the roster. 0 or a negative errno. */
int steps_get(struct steps *steps, struct call *call, json_t **record);

/* Others see OBJECT, which CALL has read. */
void steps_publish(struct steps *steps, const struct call *call, const json_t *object);

/* Has step number INDEX of those sent been made or ended, or may it have been? */
bool steps_was_made(const struct steps *steps, size_t index);

/* Does RECORD show what is wanted? For `active` that all is back that this mount has ended. */
bool steps_is_done(const struct steps *steps, const json_t *record);

/*
 * The steps have been made, or some of them, which ended with ERROR: look what it is now, until
 * that is what the vendor answered, or its reads can't lag so much that a writer should wait for
 * it. Then remember, publish and trim the undo. 0 or a negative errno, with words in the call.
 */
int steps_prove(struct steps *steps, int error);

/* Does RECORD show that all steps of SENT have been made, or ended? */
bool steps_shows(const struct steps *steps, const json_t *sent, const json_t *record);

/* Some steps were accepted, or may have been, and are not shown: look once more when `lag` ends,
 * and log what there is. Never waits. In membership_late.c. */
void steps_look_later(const struct steps *steps);

/* There is nothing to do: fresh shows what was made or ended before, and had not been shown then.
 */
void steps_settle_idle(struct steps *steps);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * late.h - looking at a record again some time after a change: a PUT that got no response may be
 * applied late, and reads that lag show an accepted change late.
 *
 * Looks run on the pool, each is one GET. They end with the mount at the latest, which is logged.
 */
#ifndef ROSTERFS_LATE_H
#define ROSTERFS_LATE_H

#include <jansson.h>

struct call;
struct change;
struct roster;

/*
 * CHANGE sent a body (change->unanswered) that got no response. Look at the record after 1, 2, 4
 * ... s, until the later of `lag` and four times `timeout`, at most five minutes. If that body is
 * what the record then shows, in each field that the vendor does not assign, and it undoes the
 * `inactive` that this mount wrote last, `inactive` is sent once more (status_field_reapply).
 * Anything else that it undid is logged, with both values. Never waits.
 */
void late_watch(struct change *change);

/* What a last look has found. */
struct late_sight {
	struct call *call; /* of the writer: for the log */
	struct roster *roster;
	const char *id;
	const json_t
	    *record; /* NULL: it can't be read; ERROR and WORDS say why (-ENOENT: not there) */
	const json_t *wanted; /* what late_look was given */
	int error;
	const char *words;
};

/*
 * CALL's change of record ID was accepted, and the vendor does not show it. Look once more when
 * `lag` ends, and have TELL log what there is; the next reader of the record asks for it
 * anew. WANTED (borrowed, may be NULL) is handed on to TELL. With a lag of 0 this does nothing.
 * Never waits.
 */
void late_look(const struct call *call, struct roster *roster, const char *id, const json_t *wanted,
	       void (*tell)(const struct late_sight *sight));

#endif

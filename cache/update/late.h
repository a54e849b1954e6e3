/* SPDX-License-Identifier: Apache-2.0 */
/*
 * late.h - read a record again some time after a change.
 *
 * There are two reasons. A vendor may apply a PUT late that got no response: late_watch. And a
 * vendor whose reads lag may show an accepted change late: late_look. Each read is one GET on a
 * thread of the pool. The functions here do not block. When the mount ends, reads that are still
 * due are not made, and the log says so.
 */
#ifndef ROSTERFS_LATE_H
#define ROSTERFS_LATE_H

#include <jansson.h>

struct call;
struct change;
struct roster;

/*
 * Watch for the late application of change->unanswered, a body that CHANGE sent and that got no
 * response. Reads the record after 1, 2, 4 ... seconds. Stops at the later of `lag` and four times
 * `timeout`, and after five minutes at the latest.
 *
 * The body was applied if the record shows it in each field that the vendor does not assign. If it
 * then undoes the `inactive` that this mount wrote last, `inactive` is sent again
 * (change->reapply). Any other field that it undid is logged, with both values.
 */
void late_watch(struct change *change);

/* What the last read has found; all is borrowed. */
struct late_sight {
	struct call *call; /* the writer's, for the log */
	struct roster *roster;
	const char *id;
	const json_t *record; /* NULL: it cannot be read, and ERROR and WORDS say why */
	const json_t *wanted; /* as given to late_look */
	int error;            /* negative errno; -ENOENT: the record does not exist */
	const char *words;
};

/*
 * Read record ID once more when `lag` ends, because CALL's change of it was accepted and the vendor
 * does not show it. TELL, called on another thread, logs what the read has found; the next reader
 * of the record asks the vendor again. WANTED (borrowed, may be NULL) is passed to TELL. A no-op if
 * `lag` is 0.
 */
void late_look(const struct call *call, struct roster *roster, const char *id, const json_t *wanted,
	       void (*tell)(const struct late_sight *sight));

/*
 * Read the record of CHANGE once more when `lag` ends, because its change was accepted and the
 * vendor does not show it, and log what that read has found. A no-op if `lag` is 0.
 */
void late_look_accepted(const struct change *change);

#endif

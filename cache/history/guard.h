/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard.h - what holds for every change through this mount: read-only, dry run, the brake on
 * statuses, and who is told of it.
 *
 * One guard a mount. All but the brake is set before threads start; the brake has its own mutex.
 * What takes back a change of this mount (takeback.h) is not counted, and its callers do not ask.
 * Nothing here waits.
 */
#ifndef ROSTERFS_GUARD_H
#define ROSTERFS_GUARD_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct audit;
struct call;
struct guard;
struct history;
struct undo_words;

/* LIMIT status changes in WINDOW seconds (0: no limit). NULL: no memory. */
struct guard *guard_new(bool read_only, bool dry_run, unsigned limit, unsigned window);
void guard_free(struct guard *guard);

/*
 * Changes are told to HISTORY and AUDIT, with what takes them back in WORDS (undo.h). All are
 * borrowed, each may be NULL. Before threads start.
 */
void guard_tell(struct guard *guard, struct history *history, struct audit *audit,
		const struct undo_words *words);

/* Who is told; NULL: nobody. */
struct history *guard_history(const struct guard *guard);
struct audit *guard_audit(const struct guard *guard);
const struct undo_words *guard_undo_words(const struct guard *guard);

/* May anything be changed at all? 0, or -EROFS with words in CALL. */
int guard_writable(const struct guard *guard, struct call *call);

bool guard_dry_run(const struct guard *guard);

/* What the brake still lets through. */
struct guard_room {
	unsigned limit;  /* 0: no limit */
	unsigned window; /* seconds */
	unsigned left;
	time_t until; /* when LEFT grows, in seconds since 1970; 0: nothing is counted */
};
void guard_look(struct guard *guard, struct guard_room *room);

/* From now on LIMIT status changes may be made in the window (0: no limit). Those that were made
 * before count, also those from when there was no limit. */
void guard_set_limit(struct guard *guard, unsigned limit);

/* WHEN, local, with its distance from UTC, as the log writes times, into TEXT. */
#define GUARD_TIME_MAX 48
void guard_time(time_t when, char text[GUARD_TIME_MAX]);

/* Is there room for one more status change? 0, or -EDQUOT with words that name the key. Takes
 * nothing. */
int guard_has_room(struct guard *guard, struct call *call);

/*
 * Count one status change. 0 and in *TICKET what guard_give_back takes, or -EDQUOT with words that
 * name the key (or -ENOMEM).
 */
int guard_take(struct guard *guard, struct call *call, uint64_t *ticket);

/* The change that TICKET was given for was certainly not made. 0 is no ticket, and fine. */
void guard_give_back(struct guard *guard, uint64_t ticket);

#endif

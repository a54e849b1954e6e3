/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard.h - what limits all changes through a mount: read-only, dry run, and status_limit; and
 * where changes are recorded.
 *
 * There is one guard per mount. All but the counting is set before threads start; the counting, its
 * limit and its window have a mutex of their own. A change that takes back a change of this mount
 * (takeback.h) is not counted, and its caller does not call guard_take. Hosts that share a store
 * (store.h) count together, each by its own limit and window. Only guard_take and guard_give_back
 * may wait, for the store. A function that fails leaves a message in CALL.
 */
#ifndef ROSTERFS_GUARD_H
#define ROSTERFS_GUARD_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct audit;
struct call;
struct account;
struct call;
struct guard;
struct history;
struct store;
struct undo_words;

/*
 * Create a guard that allows LIMIT status changes in WINDOW seconds (LIMIT 0: any number). NULL: no
 * memory.
 */
struct guard *guard_new(bool read_only, bool dry_run, unsigned limit, unsigned window);
void guard_free(struct guard *guard);

/*
 * Set where changes are recorded, and the operations that put what takes them back into words
 * (undo.h). All are borrowed, each may be NULL. Call it before threads start.
 */
void guard_tell(struct guard *guard, struct history *history, struct audit *audit,
		const struct undo_words *words);

/* Count with STORE (borrowed; it outlives the guard's use) what all its hosts change. Call it
 * before threads start. */
void guard_share(struct guard *guard, struct store *store);

/* Return what guard_tell was given, borrowed, or NULL. */
struct history *guard_history(const struct guard *guard);
struct audit *guard_audit(const struct guard *guard);
const struct undo_words *guard_undo_words(const struct guard *guard);

/* Return 0, or -EROFS with words in CALL if the mount is read-only, or if the description of
 * ACCOUNT's vendor is not trusted (trust.h). */
int guard_writable(const struct guard *guard, struct call *call, const struct account *account);

/* Return true if nothing must be sent (dry_run). */
bool guard_dry_run(const struct guard *guard);

/* What status_limit still allows, by what is known: of other hosts that is about a second old. */
struct guard_room {
	unsigned limit;  /* 0: any number */
	unsigned window; /* seconds */
	unsigned left;
	time_t until;  /* when LEFT grows, in seconds since 1970; 0: nothing is counted */
	bool together; /* all hosts are counted together */
	double ago;    /* then, seconds since their count was asked for; < 0: it was not yet */
};

/* Set *ROOM to what status_limit allows now. */
void guard_look(struct guard *guard, struct guard_room *room);

/*
 * Allow LIMIT status changes in the window from now on (0: any number). Changes made before count,
 * also those made while there was no limit.
 */
void guard_set_limit(struct guard *guard, unsigned limit);

/* As guard_set_limit, and a window of WINDOW seconds. */
void guard_set(struct guard *guard, unsigned limit, unsigned window);

#define GUARD_TIME_MAX 48
/* Format WHEN, a time of the system clock, as the log does: local, with its offset from UTC. */
void guard_time(time_t when, char text[GUARD_TIME_MAX]);

/* Return 0 if one more status change is allowed by what is known, or -EDQUOT. Counts nothing. */
int guard_has_room(struct guard *guard, struct call *call);

/* Count one status change. Returns 0 and *TICKET for guard_give_back, or -EDQUOT, -ENOMEM or
 * -EREMOTEIO: the store cannot be reached (CALL_NO_LOCK). */
int guard_take(struct guard *guard, struct call *call, uint64_t *ticket);

/* Stop counting the change that TICKET is for: it was certainly not made. 0 is a no-op. */
void guard_give_back(struct guard *guard, uint64_t ticket);

#endif

/*
 * guard.h - what holds for every change through this mount: read-only, dry run, the brake on
 * statuses.
 *
 * One guard a mount. The flags are set before threads start; the brake has its own mutex. Nothing
 * here waits.
 */
#ifndef ROSTERFS_GUARD_H
#define ROSTERFS_GUARD_H

#include <stdbool.h>

struct call;
struct guard;

/* LIMIT status changes in WINDOW seconds (0: no limit). NULL: no memory. */
struct guard *guard_new(bool read_only, bool dry_run, unsigned limit, unsigned window);
void guard_free(struct guard *guard);

/* May anything be changed at all? 0, or -EROFS with words in CALL. */
int guard_writable(const struct guard *guard, struct call *call);

bool guard_dry_run(const struct guard *guard);

/* Is there room for one more status change? 0, or -EDQUOT with words that name the key. Takes
 * nothing. */
int guard_has_room(struct guard *guard, struct call *call);

/* Count one status change. 0, or -EDQUOT with words that name the key. */
int guard_take(struct guard *guard, struct call *call);

/* The change counted last was certainly not made. */
void guard_give_back(struct guard *guard);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * looks.h - repeat reads for a while, because a vendor's reads may lag behind its writes.
 */
#ifndef ROSTERFS_LOOKS_H
#define ROSTERFS_LOOKS_H

#include <stdbool.h>

struct account;
struct call;

struct looks {
	struct call *asker;
	double end;     /* monotonic seconds */
	unsigned pause; /* milliseconds before the next read */
};

/* Return for how many seconds to read until ACCOUNT's vendor shows what it has acknowledged. */
double looks_seconds(const struct account *account);

/* Start to repeat reads on behalf of ASKER (borrowed) for SECONDS. */
void looks_begin(struct looks *looks, struct call *asker, double seconds);

/*
 * Pause before the next read, each time twice as long as before. Returns false, at once, if there
 * must be no further read: the time is over, or ASKER was cancelled. Blocks.
 */
bool looks_again(struct looks *looks);

#endif

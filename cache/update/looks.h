/* SPDX-License-Identifier: Apache-2.0 */
/*
 * looks.h - looking at a vendor again and again, because its reads may lag behind its writes.
 */
#ifndef ROSTERFS_LOOKS_H
#define ROSTERFS_LOOKS_H

#include <stdbool.h>

struct account;
struct call;

struct looks {
	struct call *asker;
	double end;     /* monotonic seconds */
	unsigned pause; /* milliseconds before the next look */
};

/* The seconds for which it is looked whether ACCOUNT's vendor shows what it has acknowledged. */
double looks_seconds(const struct account *account);

/* From now on, for SECONDS, looks are made for ASKER (borrowed until the last one). */
void looks_begin(struct looks *looks, struct call *asker, double seconds);

/*
 * A look has not shown what was to be seen: pause, each time twice as long as before. False, at
 * once: the time is over, or the asker has gone; there is to be no further look. May wait.
 */
bool looks_again(struct looks *looks);

#endif

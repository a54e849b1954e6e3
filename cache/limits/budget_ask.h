/* SPDX-License-Identifier: Apache-2.0 */
/*
 * budget_ask.h - private to cache/limits: the script that shares requests in flight.
 */
#ifndef ROSTERFS_BUDGET_ASK_H
#define ROSTERFS_BUDGET_ASK_H

#include <stdbool.h>

struct shared;

#define BUDGET_ASKS_MAX 16
#define BUDGET_GRANT 2000 /* milliseconds that a grant lasts from the moment it is given */

/* What a mount asks for an endpoint, and what it is told. */
struct budget_ask {
	const char *name; /* of the endpoint's budget */
	unsigned wanted;  /* how many requests it could have in flight */
	unsigned limit;   /* its `parallel` */
	unsigned holds;   /* how many it may have in flight until the reply, or has */

	unsigned grant; /* how many it may have now, HOLDS at least */
	unsigned
	    target;     /* how many it should have: if fewer than HOLDS, others wait for the rest */
	unsigned hosts; /* that were seen in the last minute, with this one */
	unsigned again; /* milliseconds until it should ask again */
	bool known;     /* set by the mount: it was told a grant before */
	bool starving;  /* others have less than their part */
};

/* Ask for COUNT (BUDGET_ASKS_MAX at most) endpoints. Waits. Returns 0 or a negative errno. */
int budget_ask(struct shared *shared, struct budget_ask *asks, unsigned count);

/* Give back what this mount has of the budget with NAME, and forget it. Waits. */
void budget_ask_leave(struct shared *shared, const char *name);

#endif

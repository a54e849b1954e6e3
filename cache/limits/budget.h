/* SPDX-License-Identifier: Apache-2.0 */
/*
 * budget.h - private to cache/limits: for each endpoint, one budget of requests in flight for all
 * mounts.
 *
 * The budget is the smallest `parallel` of the mounts that were seen in the last minute. Each mount
 * has a grant of it, by what it wants; a grant ends 2 s after it was last asked for. The grants
 * never add up to more than the budget. If there are more mounts than the budget has requests, they
 * take turns.
 *
 * If the store does not say within 100 ms, a mount that has no grant takes 1; if the store cannot
 * be reached, each takes its part by the number of mounts that it has last seen.
 */
#ifndef ROSTERFS_BUDGET_H
#define ROSTERFS_BUDGET_H

#include "cache/limits/limits_state.h"

struct budget *budget_new(struct limits *limits);
void budget_free(struct budget *budget); /* NULL is a no-op */
int budget_start(struct budget *budget); /* 0 or a negative errno */
void budget_stop(struct budget *budget); /* gives back all grants; idempotent */

/* As permit->wants, of the permit in a struct limits_slot. */
void budget_wants(struct permit *permit);

#endif

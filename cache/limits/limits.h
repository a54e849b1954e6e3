/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limits.h - what all hosts together may do: status changes, requests in flight, waits; and what
 * they remember of users that were deactivated.
 */
#ifndef ROSTERFS_LIMITS_H
#define ROSTERFS_LIMITS_H

#include "cache/roster/store.h"

#include <stdbool.h>
#include <stdint.h>

struct limits;
struct shared;

/*
 * Create the limits of SHARED, whose accounts and feed (or NULL) exist. Endpoints have permits only
 * from limits_start to limits_stop. NULL: no memory.
 */
struct limits *limits_new(struct shared *shared);
void limits_free(struct limits *limits); /* after feed_stop; NULL is a no-op */
/* Start the threads. 0 or a negative errno: then call limits_stop. */
int limits_start(struct limits *limits);
/* Give back this mount's share and end the threads. Idempotent. */
void limits_stop(struct limits *limits);

/* As the operations of store_ops. */
int limits_take(struct shared *shared, struct call *call, unsigned limit, unsigned window,
		uint64_t *ticket);
void limits_give_back(struct shared *shared, uint64_t ticket);
bool limits_look(struct shared *shared, unsigned window, struct store_count *count);
int limits_remember(struct store_seat *seat, const char *id, const json_t *value);
json_t *limits_recall(struct store_seat *seat, const char *id);

/* Another mount has told that the vendor of account ACCOUNT asked to wait (feed_hold). */
void limits_told(struct limits *limits, size_t account, unsigned index, int64_t until);

void limits_print_metrics(struct limits *limits, FILE *stream);

#endif

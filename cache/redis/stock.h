/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stock.h - connections that any thread may use, each for one call. For the files of this folder.
 */
#ifndef ROSTERFS_STOCK_H
#define ROSTERFS_STOCK_H

#include "cache/redis/connection.h"
#include "cache/redis/redis.h"

/* As redis_ask, with the parts of each command in WIRES, and why it failed in WORDS. */
int stock_ask(struct redis *redis, const struct wire *wires, size_t count, unsigned milliseconds,
	      struct redis_reply **replies, char words[REDIS_WORDS_MAX]);

/* Close all that are idle, at the end. */
void stock_clear(struct redis *redis);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * line.h - the connection of a thread that listens. Part of redis.h.
 */
#ifndef ROSTERFS_LINE_H
#define ROSTERFS_LINE_H

#include <stdbool.h>

struct redis;
struct redis_command;
struct redis_line;
struct redis_reply;

/* Return a connection of its own, which connects when it is first used. NULL: no memory. */
struct redis_line *redis_line_new(struct redis *redis);
void redis_line_free(struct redis_line *line);

/*
 * As redis_ask with one command, on LINE, also while the server is down. Only one thread uses LINE.
 * *FRESH is set to whether this is a new connection, on which the server may have forgotten
 * everything. Success ends "down". A command that is given more than REDIS_DEADLINE waits for news:
 * its success is not counted in redis_stats.
 */
int redis_line_ask(struct redis_line *line, const struct redis_command *command,
		   unsigned milliseconds, struct redis_reply **reply, bool *fresh);

#endif

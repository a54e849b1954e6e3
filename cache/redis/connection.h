/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connection.h - one connection to the server, and what is sent and read on it.
 *
 * Nothing here waits longer than until its deadline (clock_milliseconds), or than until STOP_FD is
 * readable (-ECANCELED). A connection is used by one thread at a time; after an error it can only
 * be closed. WORDS are one line for people, set with each error.
 */
#ifndef ROSTERFS_CONNECTION_H
#define ROSTERFS_CONNECTION_H

#include "cache/redis/redis.h"

struct connection;

/* The parts of a command. Borrowed. */
struct wire {
	size_t count;
	const char *const *parts;
	const size_t *lengths;
};

/* Connect to the server in SETTINGS, sign in and choose the database. Returns 0 or a negative
 * errno. */
int connection_open(const struct redis_settings *settings, int stop_fd, int64_t deadline,
		    struct connection **connection, char words[REDIS_WORDS_MAX]);
void connection_close(struct connection *connection); /* NULL is a no-op */

/* Send COUNT commands and wait for all REPLIES, which are NULL after an error. A reply that is a
 * refusal is no error here. */
int connection_ask(struct connection *connection, const struct wire *wires, size_t count,
		   int64_t deadline, struct redis_reply **replies, char words[REDIS_WORDS_MAX]);

/* Return true unless the server has closed an idle CONNECTION or has sent something unasked. Does
 * not wait. */
bool connection_is_alive(const struct connection *connection);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis.h - a server that speaks the protocol of Redis 7 or Valkey: connections, commands, scripts.
 *
 * The only folder that knows hiredis. A connection that failed once is discarded. Each call has a
 * deadline for the whole of its replies, whatever the server sends meanwhile; where a connection
 * has to be made first, that may take as long again. While the server is down (it could not be
 * reached, or is not fit for writes), redis_ask fails at once, without a try; redis_line_ask, of
 * the thread that listens, tries again. A call that was given less than REDIS_DEADLINE and had no
 * reply says nothing of the server.
 *
 * Any thread may call these, with no mutex held, since all of them may wait, unless they say
 * otherwise. Passwords are never part of words or of the log.
 */
#ifndef ROSTERFS_REDIS_H
#define ROSTERFS_REDIS_H

#include "cache/redis/command.h"
#include "cache/redis/line.h"
#include "cache/redis/reply.h"
#include "cache/redis/script.h"
#include "cache/redis/settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct redis;

#define REDIS_DEADLINE 2000 /* milliseconds for a call that has no other deadline */
#define REDIS_WORDS_MAX 320

/* Return the client of the server in SETTINGS (copied), or NULL: no memory. Connects later. */
struct redis *redis_new(const struct redis_settings *settings);
void redis_free(struct redis *redis); /* no call is under way; NULL is a no-op */

/* Let all calls under way, and all later ones, fail with -ECANCELED at once. Does not wait. */
void redis_stop(struct redis *redis);

/* As redis_stop, but MILLISECONDS from now: until then calls may still succeed. Does not wait. */
void redis_end_in(struct redis *redis, unsigned milliseconds);

/* ---- commands ---- */

/*
 * Send COUNT commands in one go, and wait MILLISECONDS for all replies. Returns 0 and in REPLIES,
 * for the caller to free, COUNT of them; or a negative errno, and REPLIES are NULL: -ETIMEDOUT,
 * -ECONNREFUSED, -ENOENT and others of connect(2), -EACCES (user or password), -EROFS (a read-only
 * replica), -ENOSPC (memory or disk is full), -ECANCELED. After an error it is not known which of
 * the commands were carried out. -EAGAIN: the server is busy or still starting. A refusal of a
 * command that says nothing of the server is a reply. A key that the command cannot use, because
 * somebody else has written to it, is deleted then.
 */
int redis_ask(struct redis *redis, const struct redis_command *commands, size_t count,
	      unsigned milliseconds, struct redis_reply **replies);

/* ---- how it is ---- */

/* Return true unless the server is down. Local and quick. */
bool redis_is_up(const struct redis *redis);

/* Return true if calls are cancelled: redis_stop, redis_end_in. Local and quick. */
bool redis_has_ended(const struct redis *redis);

/* Put why the server is down, or was last, into WORDS, one line; "": it never was. Local and quick.
 * Return since when it is down (monotonic seconds), or 0: it is up. */
double redis_trouble(struct redis *redis, char words[REDIS_WORDS_MAX]);

/* Return "redis://HOST:PORT/0" for people, borrowed; never with a user or password. */
const char *redis_where(const struct redis *redis);

/* How often the server was asked. Local and quick. */
struct redis_stats {
	uint64_t commands, failures, connections, timeouts;
	double seconds; /* spent waiting for replies */
	double recent;  /* seconds of a reply: a mean in which the last ones count most */
};
void redis_stats(struct redis *redis, struct redis_stats *stats);

#endif

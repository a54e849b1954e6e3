/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trouble.h - whether the server is up, and why not. For the files of this folder.
 *
 * Nothing waits.
 */
#ifndef ROSTERFS_TROUBLE_H
#define ROSTERFS_TROUBLE_H

#include "cache/redis/redis.h"

/*
 * Note that a call, which began at BEGAN (monotonic seconds) and had MILLISECONDS, has failed with
 * ERROR and WORDS: the server is down, unless the call says nothing of it. LISTENS: it was that of
 * a line.
 */
void trouble_note(struct redis *redis, double began, unsigned milliseconds, int error,
		  const char *words, bool listens);

/* Note that a call of a line, which began at BEGAN, has shown that the server is fit for use. */
void trouble_end(struct redis *redis, double began);

/* Return true if the server is down because it does not permit something. */
bool trouble_is_forbidden(struct redis *redis);

/* Return 0, or the error that the server is down with, and its WORDS. Called with redis->lock
 * held. */
int trouble_now_locked(const struct redis *redis, char words[REDIS_WORDS_MAX]);

/* Count a call of COUNT commands that took SECONDS and ended with ERROR. */
void trouble_count(struct redis *redis, size_t count, double seconds, int error);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verdict.h - refusals that say something of the server, and not of the command.
 *
 * A pure function: nothing waits.
 */
#ifndef ROSTERFS_VERDICT_H
#define ROSTERFS_VERDICT_H

#include "cache/redis/redis.h"

/*
 * Return 0 if REPLY leaves no doubt that the server is fit for use, else a negative errno (as
 * redis_ask) with words for people in WORDS, which end with the server's own.
 */
int verdict_of(const struct redis_reply *reply, char words[REDIS_WORDS_MAX]);

#endif

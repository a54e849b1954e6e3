/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls.h - TLS on a connection, where hiredis has it (ROSTERFS_SHARED_TLS).
 */
#ifndef ROSTERFS_TLS_H
#define ROSTERFS_TLS_H

#include "cache/redis/redis.h"

struct redisContext;

/*
 * Let CONTEXT, which is connected and does not block, speak TLS with the host of SETTINGS: whoever
 * answers must have a certificate for this name or address. The handshake itself follows with what
 * is read and written. Does not wait. Returns 0 or a negative errno with WORDS.
 */
int tls_start(struct redisContext *context, const struct redis_settings *settings,
	      char words[REDIS_WORDS_MAX]);

#endif

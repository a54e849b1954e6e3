/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reply.h - what the server answers. Part of redis.h.
 *
 * Pure functions: nothing waits.
 */
#ifndef ROSTERFS_REPLY_H
#define ROSTERFS_REPLY_H

#include <stddef.h>
#include <stdint.h>

struct redis_reply;

enum redis_type { REDIS_NIL, REDIS_INTEGER, REDIS_TEXT, REDIS_ARRAY, REDIS_REFUSAL };

enum redis_type redis_type(const struct redis_reply *reply);
int64_t redis_integer(
    const struct redis_reply *reply); /* also of a text that is a number; else 0 */
/* Return the bytes of REPLY, and a NUL behind them; "" unless it is REDIS_TEXT or a refusal. */
const char *redis_text(const struct redis_reply *reply, size_t *length); /* LENGTH may be NULL */
size_t redis_count(const struct redis_reply *reply);                     /* 0: no array */
/* Return element I of an array, or a reply of type REDIS_NIL. Borrowed. */
const struct redis_reply *redis_at(const struct redis_reply *reply, size_t i);
void redis_reply_free(struct redis_reply *reply); /* NULL is a no-op */

#endif

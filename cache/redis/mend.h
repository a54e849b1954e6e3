/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mend.h - keys that somebody else has written to, so that no command can use them.
 *
 * A key of another type, or text where a number is to be, is treated as absent: it is deleted, and
 * what was there is made anew. Without that, one such key would stop all that needs it.
 */
#ifndef ROSTERFS_MEND_H
#define ROSTERFS_MEND_H

#include <stdbool.h>
#include <stddef.h>

struct redis;
struct redis_reply;

/* Return true if REPLY refuses a command or a script because of what is in its keys. */
bool mend_is_due(const struct redis_reply *reply);

/* Delete COUNT keys, and log that. Waits. Returns 0 or a negative errno. */
int mend_keys(struct redis *redis, const char *const *keys, const size_t *lengths, size_t count);

#endif

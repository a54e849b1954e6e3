/* SPDX-License-Identifier: Apache-2.0 */
/*
 * needs.h - the commands of the server that rosterfs uses, to be tried. Part of redis.h.
 *
 * An ACL may permit some of them only. Each command that rosterfs sends, or that a script of it
 * runs, is among these. Local and quick.
 */
#ifndef ROSTERFS_NEEDS_H
#define ROSTERFS_NEEDS_H

#include "cache/redis/command.h"

#include <stddef.h>

/* How many there are. */
#define REDIS_NEEDS 31

/* Set COMMAND, which is zero, to number INDEX of them. In this order each is valid where no key
 * PROBE (borrowed) exists, and the last one leaves none; if it is not reached, the key expires. */
void redis_need(size_t index, const char *probe, struct redis_command *command);

#endif

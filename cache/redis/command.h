/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command.h - a command and its parts. Part of redis.h.
 */
#ifndef ROSTERFS_COMMAND_H
#define ROSTERFS_COMMAND_H

#include <stddef.h>
#include <stdint.h>

#define REDIS_PARTS_MAX 24

/* A command, zero at first: its parts are borrowed until the call that sends it returns. It is not
 * copied, since it points into itself. */
struct redis_command {
	size_t count;
	const char *parts[REDIS_PARTS_MAX];
	size_t lengths[REDIS_PARTS_MAX];
	char numbers[8][24]; /* what redis_add_number printed */
	size_t printed;
};

/* Append a part. More than REDIS_PARTS_MAX is a mistake of the caller (assert). */
void redis_add(struct redis_command *command, const void *bytes, size_t length);
void redis_add_text(struct redis_command *command, const char *text);
/* At most eight of them in a command. */
void redis_add_number(struct redis_command *command, int64_t number);

#endif

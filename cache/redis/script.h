/* SPDX-License-Identifier: Apache-2.0 */
/*
 * script.h - scripts, which run as one step at the server. Part of redis.h.
 */
#ifndef ROSTERFS_SCRIPT_H
#define ROSTERFS_SCRIPT_H

#include <stdbool.h>

struct redis;
struct redis_command;
struct redis_line;
struct redis_reply;

#define REDIS_SCRIPT_NAME_MAX 64

/* A script, which runs as one step at the server. Static; the server names it at its first use. */
struct redis_script {
	const char *text;
	char name[REDIS_SCRIPT_NAME_MAX];
};

/*
 * Run SCRIPT with KEYS and ARGUMENTS: the parts of both, in one command each. As redis_ask, with
 * one reply; a refusal is -EREMOTEIO. The script is sent itself only where the server lacks it;
 * this, and the try after it, have as much time again.
 */
int redis_run(struct redis *redis, struct redis_script *script, const struct redis_command *keys,
	      const struct redis_command *arguments, unsigned milliseconds,
	      struct redis_reply **reply);

/* The same on LINE, as redis_line_ask: KEYS and ARGUMENTS have REDIS_PARTS_MAX - 3 parts at most,
 * and keys that are of another kind stay as they are. */
int redis_line_run(struct redis_line *line, struct redis_script *script,
		   const struct redis_command *keys, const struct redis_command *arguments,
		   unsigned milliseconds, struct redis_reply **reply, bool *fresh);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * script.c - see script.h.
 *
 * The server names a script when it takes it. The name follows from the text alone, so it is right
 * for each server, and for one that has lost its scripts.
 */
#include "cache/redis/script.h"

#include "cache/redis/mend.h"
#include "cache/redis/redis_state.h"
#include "cache/redis/stock.h"
#include "vendors/base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define SCRIPT_PARTS_MAX (3 + 2 * REDIS_PARTS_MAX)
#define SCRIPT_TRIES 3

static pthread_mutex_t script_lock = PTHREAD_MUTEX_INITIALIZER; /* of all names */

/* Put SCRIPT's name, or "" while it is not known, into NAME. */
static void script_name(const struct redis_script *script, char name[REDIS_SCRIPT_NAME_MAX])
{
	pthread_mutex_lock(&script_lock);
	memcpy(name, script->name, sizeof(script->name));
	pthread_mutex_unlock(&script_lock);
}

/* Return true if REPLY is the refusal of a script that the server does not know. */
static bool script_is_missing(const struct redis_reply *reply)
{
	return redis_type(reply) == REDIS_REFUSAL &&
	       strncmp(redis_text(reply, NULL), "NOSCRIPT", 8) == 0;
}

/* Free REPLY, a refusal or not what was asked for, and log it. */
static int script_refused(const struct redis *redis, struct redis_reply *reply)
{
	log_line("the shared store %s refuses a script: %s", redis_where(redis),
		 redis_text(reply, NULL));
	redis_reply_free(reply);
	return -EREMOTEIO;
}

/* Send SCRIPT to the server, on LINE if there is one, and keep the name that it says. */
static int script_load(struct redis *redis, struct redis_line *line, struct redis_script *script,
		       unsigned milliseconds)
{
	struct redis_command command = {0};
	struct redis_reply *reply;
	size_t length;
	bool fresh;
	int error;

	redis_add_text(&command, "SCRIPT");
	redis_add_text(&command, "LOAD");
	redis_add_text(&command, script->text);
	error = line ? redis_line_ask(line, &command, milliseconds, &reply, &fresh)
		     : redis_ask(redis, &command, 1, milliseconds, &reply);
	if (error)
		return error;
	redis_text(reply, &length);
	if (redis_type(reply) == REDIS_REFUSAL || !length || length >= sizeof(script->name))
		return script_refused(redis, reply);
	pthread_mutex_lock(&script_lock);
	memcpy(script->name, redis_text(reply, NULL), length + 1);
	pthread_mutex_unlock(&script_lock);
	redis_reply_free(reply);
	return 0;
}

/* Put the parts of COMMAND behind the COUNT ones that there are. Return how many there are now. */
static size_t script_append(const struct redis_command *command, const char **parts,
			    size_t *lengths, size_t count)
{
	memcpy(parts + count, command->parts, command->count * sizeof(parts[0]));
	memcpy(lengths + count, command->lengths, command->count * sizeof(lengths[0]));
	return count + command->count;
}

/* Run SCRIPT by WIRE, which has NAME as a part, of the length *LENGTH. Both are set here. */
static int script_send(struct redis *redis, struct redis_script *script, const struct wire *wire,
		       char name[REDIS_SCRIPT_NAME_MAX], size_t *length, unsigned milliseconds,
		       struct redis_reply **reply)
{
	char words[REDIS_WORDS_MAX];
	bool missing;
	int error = 0;

	script_name(script, name);
	missing = !*name;
	for (int tries = 0; tries < SCRIPT_TRIES; tries++) {
		if (missing)
			error = script_load(redis, NULL, script, milliseconds);
		if (error)
			return error;
		script_name(script, name);
		*length = strlen(name);
		redis_reply_free(*reply);
		*reply = NULL;
		error = stock_ask(redis, wire, 1, milliseconds, reply, words);
		missing = !error && script_is_missing(*reply);
		if (!missing)
			break;
	}
	return error;
}

int redis_run(struct redis *redis, struct redis_script *script, const struct redis_command *keys,
	      const struct redis_command *arguments, unsigned milliseconds,
	      struct redis_reply **reply)
{
	char name[REDIS_SCRIPT_NAME_MAX], number[24];
	const char *parts[SCRIPT_PARTS_MAX] = {"EVALSHA", name, number};
	size_t lengths[SCRIPT_PARTS_MAX] = {strlen(parts[0])};
	struct wire wire = {3, parts, lengths};
	int error;

	snprintf(number, sizeof(number), "%zu", keys->count);
	lengths[2] = strlen(number);
	wire.count = script_append(keys, parts, lengths, wire.count);
	if (arguments)
		wire.count = script_append(arguments, parts, lengths, wire.count);
	*reply = NULL;
	error = script_send(redis, script, &wire, name, &lengths[1], milliseconds, reply);
	if (!error && mend_is_due(*reply) &&
	    !mend_keys(redis, keys->parts, keys->lengths, keys->count))
		error = script_send(redis, script, &wire, name, &lengths[1], milliseconds, reply);
	if (!error && redis_type(*reply) == REDIS_REFUSAL) {
		error = script_refused(redis, *reply);
		*reply = NULL;
	}
	return error;
}

int redis_line_run(struct redis_line *line, struct redis_script *script,
		   const struct redis_command *keys, const struct redis_command *arguments,
		   unsigned milliseconds, struct redis_reply **reply, bool *fresh)
{
	char name[REDIS_SCRIPT_NAME_MAX] = "";
	struct redis_command command = {0};
	bool anew;
	int error;

	*reply = NULL;
	*fresh = false;
	redis_add_text(&command, "EVALSHA");
	redis_add_text(&command, name);
	redis_add_number(&command, (int64_t)keys->count);
	command.count = script_append(keys, command.parts, command.lengths, command.count);
	command.count = script_append(arguments, command.parts, command.lengths, command.count);
	for (int tries = 0;; tries++) {
		/* no server knows a script without a name */
		script_name(script, name);
		command.lengths[1] = strlen(name);
		error = redis_line_ask(line, &command, milliseconds, reply, &anew);
		*fresh = *fresh || (!error && anew);
		if (error || redis_type(*reply) != REDIS_REFUSAL)
			return error;
		if (tries == SCRIPT_TRIES || !script_is_missing(*reply))
			break;
		redis_reply_free(*reply);
		*reply = NULL;
		error = script_load(line->redis, line, script, milliseconds);
		if (error)
			return error;
	}
	error = script_refused(line->redis, *reply);
	*reply = NULL;
	return error;
}

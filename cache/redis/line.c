/* SPDX-License-Identifier: Apache-2.0 */
/*
 * line.c - see line.h.
 *
 * A server that answers may still not be fit for writes: a replica, or one whose memory or disk is
 * full. So a new connection, and one on which the server shall come back, begins with a write.
 */
#include "cache/redis/line.h"

#include "cache/redis/connection.h"
#include "cache/redis/needs.h"
#include "cache/redis/redis_state.h"
#include "cache/redis/trouble.h"
#include "cache/redis/verdict.h"
#include "vendors/base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROBE_KEY "rosterfs:probe"

struct redis_line *redis_line_new(struct redis *redis)
{
	struct redis_line *line = calloc(1, sizeof(*line));

	if (line)
		line->redis = redis;
	return line;
}

void redis_line_free(struct redis_line *line)
{
	if (!line)
		return;
	connection_close(line->connection);
	free(line);
}

/* Send COMMAND. */
static int line_send(struct redis_line *line, const struct redis_command *command,
		     unsigned milliseconds, struct redis_reply **reply, char words[REDIS_WORDS_MAX])
{
	const struct wire wire = {command->count, command->parts, command->lengths};
	double began = clock_seconds();
	int error = connection_ask(line->connection, &wire, 1, clock_milliseconds() + milliseconds,
				   reply, words);

	if (!error) {
		error = verdict_of(*reply, words);
		if (error) {
			redis_reply_free(*reply);
			*reply = NULL;
		}
	}
	/* what waits for news says nothing of how quick the server is */
	if (error || milliseconds <= REDIS_DEADLINE)
		trouble_count(line->redis, 1,
			      milliseconds <= REDIS_DEADLINE ? clock_seconds() - began : 0, error);
	return error;
}

/* Write something, which is gone at once. */
static int line_probe(struct redis_line *line, char words[REDIS_WORDS_MAX])
{
	struct redis_command set = {0};
	struct redis_reply *reply;
	int error;

	redis_add_text(&set, "SET");
	redis_add_text(&set, PROBE_KEY);
	redis_add_text(&set, "1");
	redis_add_text(&set, "PX");
	redis_add_number(&set, 1000);
	error = line_send(line, &set, REDIS_DEADLINE, &reply, words);
	if (!error && redis_type(reply) == REDIS_REFUSAL) {
		snprintf(words, REDIS_WORDS_MAX, "%s", redis_text(reply, NULL));
		error = -EREMOTEIO;
	}
	redis_reply_free(reply);
	return error;
}

/* Return 0, or -EACCES with WORDS if an ACL lacks a command: those that a line needs say nothing of
 * the others. Or another negative errno. */
static int line_try_needs(struct redis_line *line, char words[REDIS_WORDS_MAX])
{
	struct redis_command commands[REDIS_NEEDS] = {{0}};
	struct redis_reply *replies[REDIS_NEEDS] = {NULL};
	struct wire wires[REDIS_NEEDS];
	int error;

	for (size_t i = 0; i < REDIS_NEEDS; i++) {
		redis_need(i, PROBE_KEY ":needs", &commands[i]);
		wires[i] = (struct wire){commands[i].count, commands[i].parts, commands[i].lengths};
	}
	error = connection_ask(line->connection, wires, REDIS_NEEDS,
			       clock_milliseconds() + REDIS_DEADLINE, replies, words);
	for (size_t i = 0; i < REDIS_NEEDS; i++) {
		if (!error)
			error = verdict_of(replies[i], words);
		redis_reply_free(replies[i]);
	}
	return error;
}

static int line_open(struct redis_line *line, char words[REDIS_WORDS_MAX])
{
	struct redis *redis = line->redis;
	int error = connection_open(&redis->settings, redis->stop_fd,
				    clock_milliseconds() + REDIS_DEADLINE, &line->connection,
				    words);

	pthread_mutex_lock(&redis->lock);
	redis->stats.connections += !error;
	redis->stats.failures += error != 0 && error != -ECANCELED;
	redis->stats.timeouts += error == -ETIMEDOUT;
	pthread_mutex_unlock(&redis->lock);
	return error;
}

/* Return true if ERROR says that the server has closed the connection. */
static bool is_closed(int error)
{
	return error == -ECONNRESET || error == -EPIPE;
}

/* As redis_line_ask, once; the error is not noted. */
static int line_try(struct redis_line *line, const struct redis_command *command,
		    unsigned milliseconds, struct redis_reply **reply, bool *fresh,
		    char words[REDIS_WORDS_MAX])
{
	double began = clock_seconds();
	int error = 0;

	*fresh = !line->connection;
	if (*fresh)
		error = line_open(line, words);
	if (!error && (*fresh || !redis_is_up(line->redis))) {
		error = line_probe(line, words);
		if (!error && trouble_is_forbidden(line->redis))
			error = line_try_needs(line, words);
		if (!error)
			trouble_end(line->redis, began);
	}
	return error ? error : line_send(line, command, milliseconds, reply, words);
}

int redis_line_ask(struct redis_line *line, const struct redis_command *command,
		   unsigned milliseconds, struct redis_reply **reply, bool *fresh)
{
	double began = clock_seconds();
	char words[REDIS_WORDS_MAX] = "";
	int error;

	*reply = NULL;
	*fresh = !line->connection;
	if (redis_has_ended(line->redis))
		return -ECANCELED;
	error = line_try(line, command, milliseconds, reply, fresh, words);
	if (is_closed(error) && !*fresh) {
		/* one connection that was closed says nothing of the server: a new one does */
		connection_close(line->connection);
		line->connection = NULL;
		began = clock_seconds();
		error = line_try(line, command, milliseconds, reply, fresh, words);
	}
	if (!error)
		return 0;
	connection_close(line->connection);
	line->connection = NULL;
	trouble_note(line->redis, began, milliseconds, error, words, true);
	return error;
}

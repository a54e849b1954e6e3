/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shared_meet.c - see shared_meet.h.
 */
#include "cache/shared/shared_meet.h"

#include "cache/redis/redis.h"
#include "cache/store/store_clock.h"
#include "vendors/base/clock.h"
#include "vendors/base/vault.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MARK "rosterfs:mark"
#define MARK_SECONDS 7776000 /* 90 days after the last mount with this key was met */
#define MEET_PAUSE 10000     /* milliseconds between two tries */

int shared_client(const struct shared_settings *settings, struct redis **redis, char *why,
		  size_t why_size)
{
	struct redis_settings server = {0};
	int error = redis_settings_parse(settings->url, &server, why, why_size);

	if (error)
		return error;
	if (settings->user)
		server.user = strdup(settings->user);
	server.password = vault_copy(settings->password);
	if (settings->ca_file)
		server.ca_file = strdup(settings->ca_file);
	if ((settings->user && !server.user) || (settings->password && !server.password) ||
	    (settings->ca_file && !server.ca_file))
		*redis = NULL;
	else
		*redis = redis_new(&server);
	redis_settings_clear(&server);
	return *redis ? 0 : -ENOMEM;
}

/* Add a command that leaves the mark SEALED, of LENGTH bytes, unless there is one. */
static void add_mark(struct redis_command *command, const char *sealed, size_t length)
{
	redis_add_text(command, "SET");
	redis_add_text(command, MARK);
	redis_add(command, sealed, length);
	redis_add_text(command, "EX");
	redis_add_number(command, MARK_SECONDS);
	redis_add_text(command, "NX");
}

/* Open the mark in REPLY, if there is one. As shared_mark. */
static int open_mark(struct seal *seal, const struct redis_reply *reply)
{
	size_t length, plain_length;
	const char *sealed = redis_text(reply, &length);
	char *plain;
	int error;

	if (redis_type(reply) == REDIS_NIL)
		return 0;
	if (redis_type(reply) != REDIS_TEXT)
		return -EREMOTEIO;
	error = seal_open(seal, MARK, "the mark of other hosts", sealed, length, &plain,
			  &plain_length);
	free(plain);
	return error;
}

int shared_mark(struct redis *redis, struct seal *seal, bool leave)
{
	struct redis_command commands[2] = {{0}};
	struct redis_reply *replies[2];
	char *sealed = NULL;
	size_t length, count = 0;
	int error = leave ? seal_close(seal, MARK, "rosterfs", 8, &sealed, &length) : 0;

	if (error)
		return error;
	if (leave)
		add_mark(&commands[count++], sealed, length);
	redis_add_text(&commands[count], "GET");
	redis_add_text(&commands[count++], MARK);
	error = redis_ask(redis, commands, count, REDIS_DEADLINE, replies);
	free(sealed);
	if (error)
		return error;
	error = open_mark(seal, replies[count - 1]);
	for (size_t i = 0; i < count; i++)
		redis_reply_free(replies[i]);
	return error;
}

void shared_meet(struct shared *shared)
{
	int64_t now = clock_milliseconds(), due = atomic_load(&shared->meet_due);
	int error;

	if (!redis_is_up(shared->redis))
		return;
	if (!store_clock_now(shared->clock))
		store_clock_ask(shared->clock, shared->redis);
	if (atomic_load(&shared->met) != SHARED_UNMET || now < due ||
	    !atomic_compare_exchange_strong(&shared->meet_due, &due, now + MEET_PAUSE))
		return;
	error = shared_mark(shared->redis, shared->seal, true);
	if (error == -EBADMSG || error == -EPROTONOSUPPORT)
		atomic_store(&shared->met, SHARED_STRANGERS);
	else if (!error)
		atomic_store(&shared->met, SHARED_MET);
}

void shared_meet_again(struct shared *shared)
{
	atomic_store(&shared->met, SHARED_UNMET);
	atomic_store(&shared->meet_due, 0);
	shared_meet(shared);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis.c - see redis.h.
 */
#include "cache/redis/redis.h"

#include "cache/redis/mend.h"
#include "cache/redis/redis_state.h"
#include "cache/redis/stock.h"
#include "vendors/base/clock.h"
#include "vendors/base/vault.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define COMMANDS_MAX 64 /* of one call */

/* Copy TEXT, if there is one. Returns false: no memory. */
static bool redis_copy(const char *text, char **copy)
{
	*copy = text ? strdup(text) : NULL;
	return !text || *copy;
}

static char *redis_name(const struct redis_settings *settings)
{
	const char *open = settings->host && strchr(settings->host, ':') ? "[" : "";
	char *name = NULL;

	if (settings->socket ? asprintf(&name, "unix:%s", settings->socket) < 0
			     : asprintf(&name, "%s://%s%s%s:%u/%u",
					settings->tls ? "rediss" : "redis", open, settings->host,
					*open ? "]" : "", settings->port, settings->database) < 0)
		return NULL;
	return name;
}

struct redis *redis_new(const struct redis_settings *settings)
{
	struct redis *redis = calloc(1, sizeof(*redis));

	if (!redis)
		return NULL;
	pthread_mutex_init(&redis->lock, NULL);
	clock_cond_init(&redis->freed);
	atomic_init(&redis->stopped, false);
	atomic_init(&redis->down, false);
	atomic_init(&redis->ends, 0);
	redis->settings.port = settings->port;
	redis->settings.database = settings->database;
	redis->settings.tls = settings->tls;
	redis->stop_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	redis->where = redis_name(settings);
	redis->settings.password = vault_copy(settings->password);
	if (redis->stop_fd < 0 || !redis->where ||
	    !redis->settings.password != !settings->password ||
	    !redis_copy(settings->host, &redis->settings.host) ||
	    !redis_copy(settings->socket, &redis->settings.socket) ||
	    !redis_copy(settings->user, &redis->settings.user) ||
	    !redis_copy(settings->ca_file, &redis->settings.ca_file)) {
		redis_free(redis);
		return NULL;
	}
	return redis;
}

void redis_free(struct redis *redis)
{
	if (!redis)
		return;
	stock_clear(redis);
	if (redis->stop_fd >= 0)
		close(redis->stop_fd);
	redis_settings_clear(&redis->settings);
	free(redis->where);
	pthread_cond_destroy(&redis->freed);
	pthread_mutex_destroy(&redis->lock);
	free(redis);
}

/* Let what polls stop_fd wake MILLISECONDS from now. Nobody reads the timer, so that it stays
 * readable. */
static void set_timer(struct redis *redis, unsigned milliseconds)
{
	struct itimerspec when = {.it_value = {.tv_sec = milliseconds / 1000,
					       .tv_nsec = milliseconds % 1000 * 1000000L + 1}};

	(void)timerfd_settime(redis->stop_fd, 0, &when, NULL);
}

void redis_end_in(struct redis *redis, unsigned milliseconds)
{
	if (atomic_load(&redis->stopped))
		return;
	atomic_store(&redis->ends, clock_milliseconds() + milliseconds);
	set_timer(redis, milliseconds);
}

void redis_stop(struct redis *redis)
{
	atomic_store(&redis->stopped, true);
	set_timer(redis, 0);
	pthread_mutex_lock(&redis->lock);
	pthread_cond_broadcast(&redis->freed);
	pthread_mutex_unlock(&redis->lock);
}

int redis_ask(struct redis *redis, const struct redis_command *commands, size_t count,
	      unsigned milliseconds, struct redis_reply **replies)
{
	struct wire wires[COMMANDS_MAX] = {0};
	char words[REDIS_WORDS_MAX];
	size_t i;
	int error;

	assert(count <= COMMANDS_MAX);
	for (i = 0; i < count; i++)
		wires[i] = (struct wire){commands[i].count, commands[i].parts, commands[i].lengths};
	error = stock_ask(redis, wires, count, milliseconds, replies, words);
	/* the key is the first word behind the command; the next time it is absent */
	for (i = 0; i < count && !error; i++) {
		if (mend_is_due(replies[i]) && wires[i].count > 1)
			(void)mend_keys(redis, &wires[i].parts[1], &wires[i].lengths[1], 1);
	}
	return error;
}

const char *redis_where(const struct redis *redis)
{
	return redis->where;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stock.c - see stock.h.
 *
 * The one that was used last is used next, so that few stay after a burst. One that was idle for
 * long may have been forgotten by a firewall, without a word.
 */
#include "cache/redis/stock.h"

#include "cache/redis/redis_state.h"
#include "cache/redis/trouble.h"
#include "cache/redis/verdict.h"
#include "vendors/base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define IDLE_SECONDS 30

/* Wait until another thread has given a connection back. */
static int stock_wait_locked(struct redis *redis, int64_t deadline, char words[REDIS_WORDS_MAX])
{
	struct timespec until = clock_cond_time((double)(deadline - clock_milliseconds()) / 1000);

	if (pthread_cond_timedwait(&redis->freed, &redis->lock, &until) != ETIMEDOUT)
		return 0;
	snprintf(words, REDIS_WORDS_MAX, "all %d connections are in use", REDIS_OPEN_MAX);
	return -ETIMEDOUT;
}

/* Count one connection less. */
static void stock_drop(struct redis *redis, struct connection *connection)
{
	connection_close(connection);
	pthread_mutex_lock(&redis->lock);
	redis->open--;
	pthread_cond_signal(&redis->freed);
	pthread_mutex_unlock(&redis->lock);
}

/*
 * Set *CONNECTION to an idle one, or to NULL: the caller, for whom it is counted already, is to
 * make one. *FIT: it need not be looked at closely.
 */
static int stock_find(struct redis *redis, int64_t deadline, struct connection **connection,
		      bool *fit, unsigned *generation, char words[REDIS_WORDS_MAX])
{
	double since;
	int error = 0;

	*connection = NULL;
	pthread_mutex_lock(&redis->lock);
	for (;;) {
		error = trouble_now_locked(redis, words);
		if (redis_has_ended(redis)) {
			snprintf(words, REDIS_WORDS_MAX, "%s", strerror(ECANCELED));
			error = -ECANCELED;
		}
		*generation = redis->generation;
		if (error)
			break;
		if (redis->idle_count) {
			*connection = redis->idle[--redis->idle_count];
			since = redis->idle_since[redis->idle_count];
			/* one from before an outage may lead to what was the master then */
			*fit = since >= redis->up_since && clock_seconds() - since < IDLE_SECONDS;
			break;
		}
		if (redis->open < REDIS_OPEN_MAX) {
			redis->open++;
			break;
		}
		error = stock_wait_locked(redis, deadline, words);
		if (error)
			break;
	}
	pthread_mutex_unlock(&redis->lock);
	return error;
}

static int stock_take(struct redis *redis, int64_t deadline, struct connection **connection,
		      unsigned *generation, char words[REDIS_WORDS_MAX])
{
	bool fit = false;
	int error;

	for (;;) {
		error = stock_find(redis, deadline, connection, &fit, generation, words);
		if (error || !*connection)
			break;
		if (fit && connection_is_alive(*connection))
			return 0;
		stock_drop(redis, *connection);
	}
	if (error)
		return error;
	error = connection_open(&redis->settings, redis->stop_fd, deadline, connection, words);
	if (error) {
		stock_drop(redis, NULL);
		return error;
	}
	pthread_mutex_lock(&redis->lock);
	redis->stats.connections++;
	pthread_mutex_unlock(&redis->lock);
	return 0;
}

/* Give CONNECTION back, which has not failed. */
static void stock_give(struct redis *redis, struct connection *connection, unsigned generation)
{
	bool kept = false;

	pthread_mutex_lock(&redis->lock);
	if (redis->idle_count < REDIS_IDLE_MAX && generation == redis->generation &&
	    !redis_has_ended(redis)) {
		redis->idle[redis->idle_count] = connection;
		redis->idle_since[redis->idle_count++] = clock_seconds();
		pthread_cond_signal(&redis->freed);
		kept = true;
	}
	pthread_mutex_unlock(&redis->lock);
	if (!kept)
		stock_drop(redis, connection);
}

void stock_clear(struct redis *redis)
{
	struct connection *connection;

	for (;;) {
		pthread_mutex_lock(&redis->lock);
		connection = redis->idle_count ? redis->idle[--redis->idle_count] : NULL;
		pthread_mutex_unlock(&redis->lock);
		if (!connection)
			break;
		stock_drop(redis, connection);
	}
}

/* Return what the REPLIES say of the server, and free them if it is not fit. */
static int stock_judge(struct redis_reply **replies, size_t count, char words[REDIS_WORDS_MAX])
{
	int error = 0;
	size_t i;

	for (i = 0; i < count && !error; i++)
		error = verdict_of(replies[i], words);
	for (i = 0; i < count && error; i++) {
		redis_reply_free(replies[i]);
		replies[i] = NULL;
	}
	return error;
}

int stock_ask(struct redis *redis, const struct wire *wires, size_t count, unsigned milliseconds,
	      struct redis_reply **replies, char words[REDIS_WORDS_MAX])
{
	double began = clock_seconds();
	struct connection *connection;
	unsigned generation;
	int error;

	memset(replies, 0, count * sizeof(struct redis_reply *));
	error = stock_take(redis, clock_milliseconds() + milliseconds, &connection, &generation,
			   words);
	if (!error) {
		error = connection_ask(connection, wires, count,
				       clock_milliseconds() + milliseconds, replies, words);
		if (!error)
			error = stock_judge(replies, count, words);
		if (error)
			stock_drop(redis, connection);
		else
			stock_give(redis, connection, generation);
	}
	trouble_count(redis, count, clock_seconds() - began, error);
	if (error)
		trouble_note(redis, began, milliseconds, error, words, false);
	return error;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_clock.c - the server's time in terms of this host's monotonic clock (store_clock.h).
 */
#include "cache/store/store_clock.h"

#include "cache/redis/redis.h"
#include "vendors/base/clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#define TOLERANCE 100 /* milliseconds by which the offset may be wrong before it changes */

struct store_clock {
	pthread_mutex_t lock;
	bool known;
	int64_t offset; /* milliseconds: the server's time less this host's */
};

struct store_clock *store_clock_new(void)
{
	struct store_clock *clock = calloc(1, sizeof(*clock));

	if (clock)
		pthread_mutex_init(&clock->lock, NULL);
	return clock;
}

void store_clock_free(struct store_clock *clock)
{
	if (!clock)
		return;
	pthread_mutex_destroy(&clock->lock);
	free(clock);
}

void store_clock_note(struct store_clock *clock, int64_t server, double sent)
{
	/* the server looked at its clock between SENT and now, so the offset is between these */
	int64_t most = server - (int64_t)(sent * 1000), least = server - clock_milliseconds();

	pthread_mutex_lock(&clock->lock);
	if (!clock->known || clock->offset < least - TOLERANCE ||
	    clock->offset > most + TOLERANCE) {
		clock->offset = least + (most - least) / 2;
		clock->known = true;
	}
	pthread_mutex_unlock(&clock->lock);
}

int store_clock_ask(struct store_clock *clock, struct redis *redis)
{
	struct redis_command command = {0};
	struct redis_reply *reply;
	double sent = clock_seconds();
	int error;

	redis_add_text(&command, "TIME");
	error = redis_ask(redis, &command, 1, REDIS_DEADLINE, &reply);
	if (error)
		return error;
	if (redis_count(reply) == 2)
		store_clock_note(clock,
				 redis_integer(redis_at(reply, 0)) * 1000 +
				     redis_integer(redis_at(reply, 1)) / 1000,
				 sent);
	else
		error = -EPROTO;
	redis_reply_free(reply);
	return error;
}

/* Put the offset into *OFFSET. Returns false: it is not known. */
static bool store_clock_offset(struct store_clock *clock, int64_t *offset)
{
	bool known;

	pthread_mutex_lock(&clock->lock);
	known = clock->known;
	*offset = clock->offset;
	pthread_mutex_unlock(&clock->lock);
	return known;
}

int64_t store_clock_now(struct store_clock *clock)
{
	int64_t offset;

	return store_clock_offset(clock, &offset) ? clock_milliseconds() + offset : 0;
}

double store_clock_local(struct store_clock *clock, int64_t server)
{
	int64_t offset;

	return store_clock_offset(clock, &offset) ? (double)(server - offset) / 1000 : 0;
}

int64_t store_clock_server(struct store_clock *clock, double local)
{
	int64_t offset;

	return store_clock_offset(clock, &offset) ? (int64_t)(local * 1000 + 0.5) + offset : 0;
}

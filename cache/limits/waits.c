/* SPDX-License-Identifier: Apache-2.0 */
/*
 * waits.c - see waits.h.
 *
 * The time that is told is the server's, so that clocks of hosts do not matter. The vendor says
 * nearly the same to each request of a burst; only what is later by LATER is told.
 */
#include "cache/limits/waits.h"

#include "cache/feed/feed.h"
#include "cache/redis/redis.h"
#include "cache/store/shared_state.h"
#include "cache/store/store_clock.h"
#include "vendors/base/clock.h"
#include "vendors/base/log.h"
#include "vendors/http/endpoint.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define LATER 500

void waits_note(struct permit *permit, int64_t milliseconds)
{
	struct limits_slot *slot = (struct limits_slot *)permit;
	struct limits *limits = slot->limits;
	int64_t until = milliseconds ? clock_milliseconds() + milliseconds : 0;

	pthread_mutex_lock(&limits->lock);
	if (!until || until > slot->told + LATER) {
		slot->told = until;
		slot->tell = true;
		limits->rung = true;
		pthread_cond_signal(&limits->wake);
	}
	pthread_mutex_unlock(&limits->lock);
}

/* Return the server's time UNTIL in clock_milliseconds. */
static int64_t waits_local(const struct limits *limits, int64_t until)
{
	return (int64_t)(store_clock_local(limits->shared->clock, until) * 1000);
}

void waits_told(struct limits_slot *slot, int64_t until)
{
	struct limits *limits = slot->limits;
	int64_t now = clock_milliseconds(), local = until ? waits_local(limits, until) : 0;
	bool news;

	pthread_mutex_lock(&limits->lock);
	/* what this mount is about to tell is newer */
	news = !slot->tell && (!until || (local > now && local > slot->told));
	if (news)
		slot->told = local;
	pthread_mutex_unlock(&limits->lock);
	if (!news)
		return;
	if (until)
		log_line("%s: the vendor asked another host to wait for %.1f s: this one waits too",
			 slot->endpoint->name, (double)(local - now) / 1000);
	http_wait(slot->endpoint, until ? local - now : 0);
}

/* Keep for mounts that start later that the wait of SLOT ends at UNTIL, in REST milliseconds. */
static int keep_wait(struct limits_slot *slot, int64_t until, int64_t rest)
{
	struct shared *shared = slot->limits->shared;
	struct redis_command command = {0};
	struct redis_reply *reply = NULL;
	char text[32], *sealed = NULL;
	size_t length;
	int error;

	redis_add_text(&command, until ? "SET" : "DEL");
	redis_add_text(&command, slot->wait);
	if (until) {
		int printed = snprintf(text, sizeof(text), "%lld", (long long)until);

		error = seal_close(shared->seal, slot->wait, text, (size_t)printed, &sealed,
				   &length);
		if (error)
			return error;
		redis_add(&command, sealed, length);
		redis_add_text(&command, "PX");
		redis_add_number(&command, rest);
	}
	error = redis_ask(shared->redis, &command, 1, REDIS_DEADLINE, &reply);
	redis_reply_free(reply);
	free(sealed);
	return error;
}

/* Tell what was noted in SLOT. Returns false if that is to be tried again. */
static bool waits_tell(struct limits_slot *slot)
{
	struct limits *limits = slot->limits;
	struct shared *shared = limits->shared;
	int64_t until, rest, server = 0;
	bool wanted;

	pthread_mutex_lock(&limits->lock);
	wanted = slot->tell;
	slot->tell = false;
	until = slot->told;
	pthread_mutex_unlock(&limits->lock);
	rest = until - clock_milliseconds();
	if (!wanted || (until && rest <= 0))
		return true;
	if (until)
		server = store_clock_server(shared->clock, (double)until / 1000);
	if (!until || server) {
		if (shared->feed)
			feed_hold(shared->feed, slot->account, slot->index, server);
		if (!keep_wait(slot, server, rest))
			return true;
	}
	pthread_mutex_lock(&limits->lock);
	slot->tell = true;
	pthread_mutex_unlock(&limits->lock);
	return false;
}

bool waits_turn(struct limits *limits)
{
	bool done = true;

	for (size_t i = 0; i < limits->count; i++)
		done = waits_tell(&limits->slots[i]) && done;
	return done;
}

/* Apply the wait of SLOT that the store has. 0 or a negative errno. */
static int waits_learn_slot(struct limits_slot *slot)
{
	struct shared *shared = slot->limits->shared;
	struct redis_command command = {0};
	struct redis_reply *reply = NULL;
	size_t length;
	char *text;
	int error;

	redis_add_text(&command, "GET");
	redis_add_text(&command, slot->wait);
	error = redis_ask(shared->redis, &command, 1, REDIS_DEADLINE, &reply);
	if (!error && redis_type(reply) == REDIS_TEXT) {
		const char *sealed = redis_text(reply, &length);

		if (!seal_open(shared->seal, slot->wait, "a wait", sealed, length, &text,
			       &length)) {
			int64_t until = strtoll(text, NULL, 10);

			if (until > 0)
				waits_told(slot, until);
			free(text);
		}
	}
	redis_reply_free(reply);
	return error;
}

int waits_learn(struct limits *limits)
{
	int error = store_clock_ask(limits->shared->clock, limits->shared->redis);

	for (size_t i = 0; !error && i < limits->count; i++)
		error = waits_learn_slot(&limits->slots[i]);
	return error;
}

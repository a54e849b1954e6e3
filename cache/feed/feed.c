/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feed.c - see feed.h: the life of a feed, and what is told by it.
 */
#include "cache/feed/feed.h"

#include "cache/feed/feed_ack.h"
#include "cache/feed/feed_latest.h"
#include "cache/feed/feed_listen.h"
#include "cache/feed/feed_order.h"
#include "cache/feed/feed_tell.h"
#include "cache/record/pack.h"
#include "cache/redis/redis.h"
#include "cache/store/store_clock.h"
#include "vendors/base/clock.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FEED_STOP 500   /* milliseconds in which what is left is told */
#define FEED_FIRST 5000 /* milliseconds for the first look at the streams, of a slow server */

/* ---- life ---- */

static void feed_stream_init(struct feed_stream *stream, struct shared *shared, size_t i)
{
	const char *parts[] = {shared->names[i]};

	stream->account = shared->names[i];
	stream->label = shared->accounts[i]->name;
	stream->unused = !shared->accounts[i]->vendor->users;
	seal_name(shared->seal, "feed", parts, 1, stream->key);
	seal_name(shared->seal, "feed counter", parts, 1, stream->counter);
	pthread_mutex_init(&stream->applying, NULL);
}

struct feed *feed_new(struct shared *shared)
{
	struct feed *feed = calloc(1, sizeof(*feed));

	if (!feed)
		return NULL;
	feed->streams = calloc(shared->account_count + 1, sizeof(*feed->streams));
	if (!feed->streams) {
		free(feed);
		return NULL;
	}
	feed->shared = shared;
	feed->count = shared->account_count;
	for (size_t i = 0; i < feed->count; i++)
		feed_stream_init(&feed->streams[i], shared, i);
	feed_mailbox(shared, shared->mount, feed->mailbox);
	pthread_mutex_init(&feed->lock, NULL);
	clock_cond_init(&feed->due);
	clock_cond_init(&feed->done);
	return feed;
}

void feed_free(struct feed *feed)
{
	if (!feed)
		return;
	feed_tell_log_left(feed);
	for (size_t i = 0; i < feed->count; i++) {
		feed_latest_free(&feed->streams[i]);
		feed_order_free(&feed->streams[i].order);
		pthread_mutex_destroy(&feed->streams[i].applying);
	}
	pthread_cond_destroy(&feed->due);
	pthread_cond_destroy(&feed->done);
	pthread_mutex_destroy(&feed->lock);
	free(feed->streams);
	free(feed);
}

void feed_wait_first(struct feed *feed)
{
	double end = clock_seconds() + FEED_FIRST / 1000.0;
	struct timespec until = clock_cond_time(FEED_FIRST / 1000.0);

	pthread_mutex_lock(&feed->lock);
	while (feed->telling && !feed->ending && !feed->tried && clock_seconds() < end)
		(void)pthread_cond_timedwait(&feed->done, &feed->lock, &until);
	feed->tried = true;
	pthread_mutex_unlock(&feed->lock);
}

int feed_start(struct feed *feed)
{
	int error;

	pthread_mutex_lock(&feed->lock);
	feed->telling = true;
	pthread_mutex_unlock(&feed->lock);
	error = pthread_create(&feed->teller, NULL, feed_tell_run, feed);
	if (error)
		return -error;
	error = pthread_create(&feed->listener, NULL, feed_listen_run, feed);
	if (error) {
		pthread_mutex_lock(&feed->lock);
		feed->ending = true;
		pthread_cond_signal(&feed->due);
		pthread_mutex_unlock(&feed->lock);
		pthread_join(feed->teller, NULL);
		return -error;
	}
	feed->started = true;
	return 0;
}

void feed_stop(struct feed *feed)
{
	if (!feed->started)
		return;
	feed->started = false;
	pthread_mutex_lock(&feed->lock);
	feed->ending = true;
	feed->ends = clock_milliseconds() + FEED_STOP;
	pthread_cond_broadcast(&feed->due);
	pthread_cond_broadcast(&feed->done);
	pthread_mutex_unlock(&feed->lock);
	pthread_join(feed->teller, NULL);
	redis_stop(feed->shared->redis);
	pthread_join(feed->listener, NULL);
	feed_tell_log_left(feed);
}

int feed_attach(struct store_seat *seat)
{
	/* what arrives finds the seat by its name (seats.h) */
	(void)seat;
	return 0;
}

void feed_detach(struct store_seat *seat)
{
	(void)seat;
}

void feed_on_mail(struct feed *feed, void (*run)(void *arg, const char *message), void *arg)
{
	feed->on_mail = run;
	feed->on_mail_arg = arg;
}

void feed_on_back(struct feed *feed, void (*run)(void *arg), void *arg)
{
	feed->on_back = run;
	feed->on_back_arg = arg;
}

void feed_on_turn(struct feed *feed, void (*run)(void *arg), void *arg)
{
	feed->on_turn = run;
	feed->on_turn_arg = arg;
}

void feed_on_hold(struct feed *feed,
		  void (*run)(void *arg, size_t account, unsigned index, int64_t until), void *arg)
{
	feed->on_hold = run;
	feed->on_hold_arg = arg;
}

void feed_mailbox(const struct shared *shared, const char *mount, char name[SEAL_NAME_MAX])
{
	seal_name(shared->seal, "mailbox", &mount, 1, name);
}

void feed_counts(struct feed *feed, unsigned *kept, uint64_t *told, uint64_t *heard, uint64_t *gaps)
{
	pthread_mutex_lock(&feed->lock);
	*kept = feed->kept;
	pthread_mutex_unlock(&feed->lock);
	*told = atomic_load(&feed->told);
	*heard = atomic_load(&feed->heard);
	*gaps = atomic_load(&feed->gaps);
}

/* ---- what is told ---- */

/* Tell what KIND and PAYLOAD say of record ID. Without memory for that, all is distrusted. */
static void feed_say(struct store_seat *seat, enum feed_kind kind, const char *id, char *payload,
		     size_t length, bool wait)
{
	struct feed_entry *entry = feed_entry_new(seat, kind, id, payload, length);

	if (entry)
		feed_tell(seat->shared->feed, entry, wait);
	else
		feed_tell_overflow(seat->shared->feed, seat->index);
}

void feed_changed(struct store_seat *seat, const char *id, enum store_change what,
		  struct record *record)
{
	static const enum feed_kind kinds[] = {[STORE_RECORD] = FEED_RECORD,
					       [STORE_ABSENT] = FEED_ABSENT,
					       [STORE_DELETED] = FEED_DELETED,
					       [STORE_DOUBT] = FEED_DOUBT,
					       [STORE_ACTIVE] = FEED_ACTIVE};
	enum feed_kind kind = kinds[what];
	char *bytes = NULL;
	size_t length = 0;

	/* what cannot be told as it is, the others ask for */
	if (kind == FEED_RECORD && record_pack(record, &bytes, &length))
		kind = FEED_DOUBT;
	/* the record follows at once */
	feed_say(seat, kind, id, bytes, length, kind != FEED_ACTIVE);
}

void feed_acked(struct store_seat *seat, const char *id, const struct merge *merge,
		const json_t *before, const json_t *after, const json_t *seen)
{
	char *text;

	/* without a lag, reads are never behind writes, and nobody remembers them */
	if (!seat->shared->accounts[seat->index]->lag)
		return;
	text = feed_ack_text(merge, before, after, seen);
	if (text)
		feed_say(seat, FEED_ACK, id, text, strlen(text), false);
}

void feed_refreshed(struct store_seat *seat)
{
	int64_t now = store_clock_server(seat->shared->clock, clock_seconds());
	char *text;
	int length = asprintf(&text, "%" PRId64, now);

	if (length < 0)
		feed_tell_overflow(seat->shared->feed, seat->index);
	else
		feed_say(seat, FEED_REFRESH, NULL, text, (size_t)length, false);
}

void feed_hold(struct feed *feed, size_t account, unsigned index, int64_t until)
{
	struct store_seat nobody = {.index = account,
				    .label = feed->shared->accounts[account]->name};
	char *text;
	int length = asprintf(&text, "%u %" PRId64, index, until);

	/* a host that does not hear of it finds out by itself */
	if (length >= 0)
		feed_tell(feed, feed_entry_new(&nobody, FEED_HOLD, NULL, text, (size_t)length),
			  false);
}

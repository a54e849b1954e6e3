/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feed_listen.c - see feed_listen.h.
 *
 * Entries of a stream are applied in order. What was heard is compared with where the stream is, by
 * its counter, when the connection is new and every two seconds: that finds what was lost although
 * nothing more is told. Where numbers went back, the server has lost what some have heard, so that
 * a new epoch is begun, and nobody takes the numbers that come again for those that were lost.
 */
#include "cache/feed/feed_listen.h"

#include "cache/feed/feed_apply.h"
#include "cache/feed/feed_latest.h"
#include "cache/feed/feed_order.h"
#include "cache/feed/feed_where.h"
#include "cache/redis/redis.h"
#include "vendors/base/clock.h"
#include "vendors/base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LISTEN_COUNT 100 /* entries of a stream in one read */
#define LISTEN_BLOCK 500 /* milliseconds for which a read waits */
#define LISTEN_TURN 20   /* the same if there are too many streams for one read */
#define LISTEN_PAUSE 200 /* between two tries to reach the server */
#define LISTEN_CHECK 2   /* seconds between two looks at the counters */
#define LISTEN_KEEP 3600 /* seconds after which the counters are kept for longer */
/* of streams in one read, which has room for two words for each and for the mailbox */
#define LISTEN_STREAMS ((REDIS_PARTS_MAX - 6) / 2 - 1)

struct listener {
	struct feed *feed;
	struct redis_line *line;
	char mail[FEED_ID_MAX]; /* the last message */
	bool placed;            /* each stream's place is known */
	bool lost;              /* the last try failed, or was none */
	bool ever;              /* it has heard the server before */
	bool back;              /* the server can be used again, or has lost something */
	bool complained;        /* it was logged that it has not */
	double checked, kept, turned;
	size_t next; /* the first stream of the next read */
};

static bool listen_is_ending(struct feed *feed)
{
	bool ending;

	pthread_mutex_lock(&feed->lock);
	ending = feed->ending;
	pthread_mutex_unlock(&feed->lock);
	return ending;
}

static void listen_pause(struct feed *feed)
{
	struct timespec until = clock_cond_time(LISTEN_PAUSE / 1000.0);
	int error = 0;

	pthread_mutex_lock(&feed->lock);
	while (!feed->ending && error != ETIMEDOUT)
		error = pthread_cond_timedwait(&feed->done, &feed->lock, &until);
	pthread_mutex_unlock(&feed->lock);
}

/* ---- where the streams are ---- */

/* Return true if nothing can have been fetched yet: feed_start waits. */
static bool listen_is_first(struct feed *feed)
{
	bool first;

	pthread_mutex_lock(&feed->lock);
	first = !feed->tried;
	pthread_mutex_unlock(&feed->lock);
	return first;
}

/* Begin to listen at where STREAM is now, and distrust what is known. ENDED: an epoch that does not
 * count any more, or NULL. Return 0 or a negative errno. */
static int listen_place(struct listener *listener, struct feed_stream *stream, const char *ended)
{
	struct feed *feed = listener->feed;
	double now = clock_seconds();
	struct feed_place place;
	bool fresh;
	int error = feed_where(feed, stream, ended, listener->line, &place, &fresh);

	if (error)
		return error;
	feed_latest_reset(feed, stream, place.epoch);
	pthread_mutex_lock(&stream->applying);
	stream->heard = place;
	/* lists in the store are as old as they say, and a mount that takes one replays what came
	 * since */
	if (!listen_is_first(feed))
		feed_apply_gap(feed, stream, now);
	pthread_mutex_unlock(&stream->applying);
	memset(&stream->expected, 0, sizeof(stream->expected));
	return 0;
}

static void listen_note_gap(struct feed *feed, const struct feed_stream *stream)
{
	if (stream->unused)
		return;
	log_line("%s: the shared store has lost what other hosts have told: what is known counts "
		 "as old, and is compared with the vendor when it is read next",
		 stream->label);
	atomic_fetch_add(&feed->gaps, 1);
}

/* Something that was told on STREAM was not heard. BACK: numbers have gone back. Return 0 or a
 * negative errno: it will be found again. */
static int listen_gap(struct listener *listener, struct feed_stream *stream, bool back)
{
	struct feed *feed = listener->feed;
	char ended[FEED_EPOCH_MAX];
	int error;

	memcpy(ended, stream->heard.epoch, sizeof(ended));
	pthread_mutex_lock(&stream->applying);
	feed_apply_gap(feed, stream, clock_seconds());
	pthread_mutex_unlock(&stream->applying);
	error = listen_place(listener, stream, back ? ended : NULL);
	if (error)
		return error;
	listen_note_gap(feed, stream);
	listener->back = true;
	return 0;
}

/* Set the places of all streams that have none. Return 0 or a negative errno. */
static int listen_place_all(struct listener *listener)
{
	struct feed *feed = listener->feed;
	int error = 0;

	for (size_t i = 0; !error && i < feed->count; i++)
		if (!*feed->streams[i].heard.epoch)
			error = listen_place(listener, &feed->streams[i], NULL);
	listener->placed = !error;
	return error;
}

/* Look at all counters: what they say must have been heard after the next read. */
static int listen_check(struct listener *listener)
{
	struct feed *feed = listener->feed;
	double now = clock_seconds();
	int error;

	/* before the server is asked, because more may be told meanwhile */
	for (size_t i = 0; i < feed->count; i++)
		feed->streams[i].own = feed_latest_told(feed, &feed->streams[i],
							feed->streams[i].heard.epoch);
	error = feed_where_all(feed);
	for (size_t i = 0; !error && i < feed->count; i++) {
		struct feed_stream *stream = &feed->streams[i];
		const struct feed_place *heard = &stream->heard;
		bool same = strcmp(stream->expected.epoch, heard->epoch) == 0;

		if (!*stream->expected.epoch)
			error = listen_gap(listener, stream, false);
		else if (same && (stream->expected.number < heard->number ||
				  stream->expected.number < stream->own))
			error = listen_gap(listener, stream, true);
	}
	if (!error)
		listener->checked = now;
	return error;
}

/* Compare what was heard on STREAM, of which a read has just brought all there was. */
static int listen_compare(struct listener *listener, struct feed_stream *stream)
{
	const struct feed_place *expected = &stream->expected, *heard = &stream->heard;

	if (!*expected->epoch || stream->read >= LISTEN_COUNT)
		return 0;
	if (strcmp(expected->epoch, heard->epoch) != 0 || expected->number > heard->number)
		return listen_gap(listener, stream, false);
	memset(&stream->expected, 0, sizeof(stream->expected));
	return 0;
}

/* Let the server keep the counters for longer. */
static int listen_keep(struct listener *listener)
{
	struct feed *feed = listener->feed;
	struct feed_place place;
	bool fresh;
	int error = 0;

	for (size_t i = 0; !error && i < feed->count; i++)
		error = feed_where(feed, &feed->streams[i], NULL, listener->line, &place, &fresh);
	if (!error)
		listener->kept = clock_seconds();
	return error;
}

/* ---- what is told ---- */

/* Hear one entry of STREAM. Return 0, or a negative errno: the server was asked, and failed. */
static int listen_entry(struct listener *listener, struct feed_stream *stream,
			const struct redis_reply *reply)
{
	struct feed *feed = listener->feed;
	struct feed_told told;
	int error = feed_entry_open(feed, stream, reply, &told);
	bool same, back;

	if (error == -EBADMSG) { /* not made by rosterfs */
		pthread_mutex_lock(&stream->applying);
		memcpy(stream->heard.id, told.place.id, sizeof(told.place.id));
		pthread_mutex_unlock(&stream->applying);
		return 0;
	}
	same = strcmp(told.place.epoch, stream->heard.epoch) == 0;
	back = same && told.place.number <= stream->heard.number;
	if (back || (same && told.place.number != stream->heard.number + 1)) {
		feed_told_clear(&told);
		return listen_gap(listener, stream, back);
	}
	if (!error && !feed_order_note(&stream->order, told.mount, told.sequence))
		error = -EILSEQ; /* it came before */
	if (!same)
		feed_latest_reset(feed, stream, told.place.epoch);
	pthread_mutex_lock(&stream->applying);
	stream->heard = told.place;
	if (!same || error)
		feed_apply_gap(feed, stream, clock_seconds());
	if (!error)
		feed_apply(feed, stream, &told);
	pthread_mutex_unlock(&stream->applying);
	atomic_fetch_add(&feed->heard, !error && !told.own);
	if (!same)
		listen_note_gap(feed, stream);
	else
		atomic_fetch_add(&feed->gaps, error != 0);
	feed_told_clear(&told);
	return 0;
}

static struct feed_stream *listen_find(struct feed *feed, const char *key)
{
	for (size_t i = 0; i < feed->count; i++)
		if (strcmp(feed->streams[i].key, key) == 0)
			return &feed->streams[i];
	return NULL;
}

static void listen_mail(struct listener *listener, const struct redis_reply *messages)
{
	struct feed *feed = listener->feed;

	for (size_t i = 0; i < redis_count(messages); i++) {
		const struct redis_reply *message = redis_at(messages, i);
		const struct redis_reply *fields = redis_at(message, 1);

		snprintf(listener->mail, sizeof(listener->mail), "%s",
			 redis_text(redis_at(message, 0), NULL));
		for (size_t j = 0; j + 1 < redis_count(fields); j += 2)
			if (feed->on_mail && !strcmp(redis_text(redis_at(fields, j), NULL), "m"))
				feed->on_mail(feed->on_mail_arg,
					      redis_text(redis_at(fields, j + 1), NULL));
	}
}

/* Hear all of REPLY: first what was told, then the mail, because a lock that is handed over comes
 * after what was told under it. */
static int listen_to(struct listener *listener, const struct redis_reply *reply)
{
	struct feed *feed = listener->feed;
	int error = 0;

	for (size_t i = 0; i < redis_count(reply); i++) {
		const struct redis_reply *part = redis_at(reply, i), *entries = redis_at(part, 1);
		struct feed_stream *stream = listen_find(feed, redis_text(redis_at(part, 0), NULL));

		if (!stream)
			continue;
		stream->read = redis_count(entries);
		/* behind a gap it goes on from another place */
		for (size_t j = 0; !error && j < stream->read; j++) {
			const struct redis_reply *entry = redis_at(entries, j);

			error = listen_entry(listener, stream, entry);
			if (strcmp(stream->heard.id, redis_text(redis_at(entry, 0), NULL)) != 0)
				break;
		}
	}
	for (size_t i = 0; i < redis_count(reply); i++) {
		const struct redis_reply *part = redis_at(reply, i);

		if (strcmp(redis_text(redis_at(part, 0), NULL), feed->mailbox) == 0)
			listen_mail(listener, redis_at(part, 1));
	}
	return error;
}

/* A stream, or the mailbox, is none: delete those that COMMAND reads, so that they begin anew. */
static void listen_mend(struct listener *listener, const struct redis_command *command)
{
	struct redis_command delete = {0};
	struct redis_reply *reply;
	size_t first = 6, count = (command->count - first) / 2;
	bool fresh;

	redis_add_text(&delete, "DEL");
	for (size_t i = 0; i < count; i++)
		redis_add(&delete, command->parts[first + i], command->lengths[first + i]);
	if (redis_line_ask(listener->line, &delete, REDIS_DEADLINE, &reply, &fresh))
		return;
	redis_reply_free(reply);
	log_line("the shared store %s has a value that rosterfs did not write: it counts as absent",
		 redis_where(listener->feed->shared->redis));
}

/* Read once. Return 0 or a negative errno. */
static int listen_read(struct listener *listener, bool *fresh)
{
	struct feed *feed = listener->feed;
	size_t first = listener->next, count = feed->count - first;
	struct redis_command command = {0};
	struct redis_reply *reply;
	int block = feed->count > LISTEN_STREAMS ? LISTEN_TURN : LISTEN_BLOCK, error;

	if (count > LISTEN_STREAMS)
		count = LISTEN_STREAMS;
	redis_add_text(&command, "XREAD");
	redis_add_text(&command, "COUNT");
	redis_add_number(&command, LISTEN_COUNT);
	redis_add_text(&command, "BLOCK");
	redis_add_number(&command, listener->lost ? 1 : block);
	redis_add_text(&command, "STREAMS");
	for (size_t i = 0; i < count; i++)
		redis_add_text(&command, feed->streams[first + i].key);
	redis_add_text(&command, feed->mailbox);
	for (size_t i = 0; i < count; i++)
		redis_add_text(&command, feed->streams[first + i].heard.id);
	redis_add_text(&command, listener->mail);
	error = redis_line_ask(listener->line, &command, LISTEN_BLOCK + REDIS_DEADLINE, &reply,
			       fresh);
	if (error)
		return error;
	for (size_t i = 0; i < count; i++)
		feed->streams[first + i].read = 0;
	if (redis_type(reply) == REDIS_REFUSAL) {
		error = -EREMOTEIO;
		if (strncmp(redis_text(reply, NULL), "WRONGTYPE", 9) == 0)
			listen_mend(listener, &command);
	} else {
		error = listen_to(listener, reply);
	}
	redis_reply_free(reply);
	for (size_t i = 0; !error && i < count; i++)
		error = listen_compare(listener, &feed->streams[first + i]);
	listener->next = first + count < feed->count ? first + count : 0;
	return error;
}

/* ---- the thread ---- */

/* The server answers again. */
static void listen_back(struct listener *listener)
{
	struct feed *feed = listener->feed;

	listener->lost = false;
	pthread_mutex_lock(&feed->lock);
	pthread_cond_signal(&feed->due);
	pthread_mutex_unlock(&feed->lock);
	if (listener->ever && feed->on_mail)
		feed->on_mail(feed->on_mail_arg, NULL);
	listener->back = true;
	if (!listener->ever)
		log_line("the shared store %s is in use", redis_where(feed->shared->redis));
	listener->ever = true;
}

/* Say once what follows from a server that cannot be used when the mount begins. */
static void listen_complain(struct listener *listener)
{
	const struct shared *shared = listener->feed->shared;

	if (listener->ever || listener->complained || redis_is_up(shared->redis))
		return;
	listener->complained = true;
	log_loud("the shared store %s cannot be used yet: this mount works all the same; reads go "
		 "on, writes are %s",
		 redis_where(shared->redis),
		 shared->required ? "refused (EREMOTEIO)" : "made without a lock");
}

/* Ask something that a server which takes no writes refuses, to see whether it is fit again. */
static int listen_probe(struct listener *listener)
{
	struct feed_place place;
	bool fresh;

	if (!listener->feed->count)
		return 0;
	return feed_where(listener->feed, listener->feed->streams, NULL, listener->line, &place,
			  &fresh);
}

static int listen_once(struct listener *listener)
{
	struct feed *feed = listener->feed;
	bool fresh = false;
	int error = 0;

	if (!redis_is_up(feed->shared->redis))
		error = listen_probe(listener);
	if (!error && !listener->placed)
		error = listen_place_all(listener);
	if (!error && (listener->lost || clock_seconds() - listener->checked > LISTEN_CHECK))
		error = listen_check(listener);
	if (!error && clock_seconds() - listener->kept > LISTEN_KEEP)
		error = listen_keep(listener);
	if (!error)
		error = listen_read(listener, &fresh);
	if (!error && (listener->lost || fresh))
		listen_back(listener);
	if (!error && fresh)
		listener->checked = 0;
	return error;
}

/* Call those who want to know that the server can be used. */
static void listen_call(struct listener *listener)
{
	struct feed *feed = listener->feed;
	double now = clock_seconds();

	if (listener->back && feed->on_back)
		feed->on_back(feed->on_back_arg);
	else if (feed->on_turn && now - listener->turned > FEED_TURN)
		feed->on_turn(feed->on_turn_arg);
	else
		return;
	listener->turned = now;
}

void *feed_listen_run(void *arg)
{
	struct listener listener = {.feed = arg, .mail = "0-0", .lost = true};
	struct feed *feed = arg;

	listener.line = redis_line_new(feed->shared->redis);
	while (listener.line && !listen_is_ending(feed)) {
		int error = listen_once(&listener);

		pthread_mutex_lock(&feed->lock);
		feed->tried = true;
		pthread_cond_broadcast(&feed->done);
		pthread_mutex_unlock(&feed->lock);
		if (!error)
			listen_call(&listener);
		listener.back = false;
		if (error) {
			listen_complain(&listener);
			listener.lost = true;
			listen_pause(feed);
		}
	}
	redis_line_free(listener.line);
	return NULL;
}

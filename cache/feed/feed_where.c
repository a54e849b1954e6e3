/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feed_where.c - see feed_where.h.
 */
#include "cache/feed/feed_where.h"

#include "cache/redis/redis.h"
#include "cache/store/store_clock.h"
#include "vendors/base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/*
 * KEYS: counter, stream. ARGV: a new epoch, milliseconds to keep it, the epoch that has ended or
 * "". It writes in any case, so that a server which takes no writes is found.
 */
static struct redis_script where_script = {
    .text =
	"local e = redis.call('HGET', KEYS[1], 'e')\n"
	"if not e or e == ARGV[3] then\n"
	"  e = ARGV[1]\n"
	"  local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)\n"
	"  redis.call('HSET', KEYS[1], 'n', 0, 'i', last[1] and last[1][1] or '0-0')\n"
	"end\n"
	"redis.call('HSET', KEYS[1], 'e', e)\n"
	"redis.call('PEXPIRE', KEYS[1], ARGV[2])\n"
	"local t = redis.call('TIME')\n"
	"return {e, redis.call('HGET', KEYS[1], 'n'), redis.call('HGET', KEYS[1], 'i'), t[1], t[2]}\n",
};

void feed_where_new_epoch(char epoch[FEED_EPOCH_MAX])
{
	unsigned char bytes[(FEED_EPOCH_MAX - 1) / 2];

	/* without entropy, what it was called with is as good: it only must not be the same again
	 */
	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes)) {
		struct timespec now = clock_now();

		memset(bytes, 0, sizeof(bytes));
		memcpy(bytes, &now, sizeof(now) < sizeof(bytes) ? sizeof(now) : sizeof(bytes));
	}
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(epoch + 2 * i, 3, "%02x", bytes[i]);
}

/* Set PLACE from REPLY, and note the server's clock. Return 0 or -EPROTO. */
static int where_read(struct feed *feed, const struct redis_reply *reply, double sent,
		      struct feed_place *place)
{
	const char *epoch = redis_text(redis_at(reply, 0), NULL);
	const char *id = redis_text(redis_at(reply, 2), NULL);
	int64_t number = redis_integer(redis_at(reply, 1));

	if (redis_count(reply) != 5 || !*epoch || strlen(epoch) >= sizeof(place->epoch) || !*id ||
	    strlen(id) >= sizeof(place->id) || number < 0)
		return -EPROTO;
	snprintf(place->epoch, sizeof(place->epoch), "%s", epoch);
	snprintf(place->id, sizeof(place->id), "%s", id);
	place->number = (uint64_t)number;
	store_clock_note(feed->shared->clock,
			 redis_integer(redis_at(reply, 3)) * 1000 +
			     redis_integer(redis_at(reply, 4)) / 1000,
			 sent);
	return 0;
}

int feed_where(struct feed *feed, const struct feed_stream *stream, const char *ended,
	       struct redis_line *line, struct feed_place *place, bool *fresh)
{
	struct redis_command keys = {0}, arguments = {0};
	struct redis_reply *reply = NULL;
	double sent = clock_seconds();
	char epoch[FEED_EPOCH_MAX];
	int error;

	feed_where_new_epoch(epoch);
	redis_add_text(&keys, stream->counter);
	redis_add_text(&keys, stream->key);
	redis_add_text(&arguments, epoch);
	redis_add_number(&arguments, FEED_EXPIRES);
	redis_add_text(&arguments, ended ? ended : "");
	if (line)
		error = redis_line_run(line, &where_script, &keys, &arguments, REDIS_DEADLINE,
				       &reply, fresh);
	else
		error = redis_run(feed->shared->redis, &where_script, &keys, &arguments,
				  REDIS_DEADLINE, &reply);
	if (!error)
		error = where_read(feed, reply, sent, place);
	redis_reply_free(reply);
	return error;
}

static void where_note(struct feed_stream *stream, const struct redis_reply *reply)
{
	const char *epoch = redis_text(redis_at(reply, 0), NULL);

	memset(&stream->expected, 0, sizeof(stream->expected));
	if (strlen(epoch) < sizeof(stream->expected.epoch))
		snprintf(stream->expected.epoch, sizeof(stream->expected.epoch), "%s", epoch);
	stream->expected.number = (uint64_t)redis_integer(redis_at(reply, 1));
}

/* Note the server's clock by REPLY to TIME, which was asked for at SENT. */
static void where_note_clock(struct feed *feed, const struct redis_reply *reply, double sent)
{
	if (redis_count(reply) == 2)
		store_clock_note(feed->shared->clock,
				 redis_integer(redis_at(reply, 0)) * 1000 +
				     redis_integer(redis_at(reply, 1)) / 1000,
				 sent);
}

int feed_where_all(struct feed *feed)
{
	struct redis_command *commands = calloc(feed->count + 1, sizeof(*commands));
	struct redis_reply **replies = calloc(feed->count + 1, sizeof(struct redis_reply *));
	double sent = clock_seconds();
	int error = commands && replies ? 0 : -ENOMEM;

	for (size_t i = 0; !error && i < feed->count; i++) {
		redis_add_text(&commands[i], "HMGET");
		redis_add_text(&commands[i], feed->streams[i].counter);
		redis_add_text(&commands[i], "e");
		redis_add_text(&commands[i], "n");
	}
	if (!error) {
		redis_add_text(&commands[feed->count], "TIME");
		error = redis_ask(feed->shared->redis, commands, feed->count + 1, REDIS_DEADLINE,
				  replies);
	}
	if (!error)
		where_note_clock(feed, replies[feed->count], sent);
	for (size_t i = 0; !error && i < feed->count; i++)
		where_note(&feed->streams[i], replies[i]);
	for (size_t i = 0; !error && i <= feed->count; i++)
		redis_reply_free(replies[i]);
	free(replies);
	free(commands);
	return error;
}

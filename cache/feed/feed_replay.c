/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feed_replay.c - what was told since a position (feed.h).
 *
 * A position is the text of a place: its epoch, number and id, with blanks between them.
 */
#include "cache/feed/feed.h"

#include "cache/feed/feed_apply.h"
#include "cache/feed/feed_order.h"
#include "cache/feed/feed_where.h"
#include "cache/record/pack.h"
#include "cache/record/record.h"
#include "cache/redis/redis.h"
#include "cache/roster/publish.h"
#include "cache/roster/roster.h"
#include "cache/store/store_clock.h"
#include "vendors/base/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define REPLAY_COUNT 200     /* entries of one read */
#define REPLAY_DEADLINE 10.0 /* seconds for all of them */
#define RECALL_DEADLINE 5.0

_Static_assert(FEED_EPOCH_MAX + 21 + FEED_ID_MAX <= FEED_POSITION_MAX, "a position has room");

/* What is done with each entry. Return 0 or a negative errno. */
struct replay {
	int (*visit)(struct replay *replay, struct feed_stream *stream,
		     const struct feed_told *told);
	struct store_seat *seat;
	struct feed_order *order;
	/* feed_since: */
	const char *id;
	int64_t time;
	struct record *record;
	char *host;
	int count;
};

static void replay_print(const struct feed_place *place, char position[FEED_POSITION_MAX])
{
	snprintf(position, FEED_POSITION_MAX, "%s %" PRIu64 " %s", place->epoch, place->number,
		 place->id);
}

void feed_heard(struct store_seat *seat, char position[FEED_POSITION_MAX])
{
	struct feed_stream *stream = &seat->shared->feed->streams[seat->index];

	pthread_mutex_lock(&stream->applying);
	position[0] = '\0';
	if (stream->heard.epoch[0])
		replay_print(&stream->heard, position);
	pthread_mutex_unlock(&stream->applying);
}

int feed_position(struct store_seat *seat, char position[FEED_POSITION_MAX])
{
	struct feed *feed = seat->shared->feed;
	struct feed_place place;
	bool fresh;
	int error = feed_where(feed, &feed->streams[seat->index], NULL, NULL, &place, &fresh);

	if (!error)
		replay_print(&place, position);
	return error;
}

/* Set PLACE from POSITION. Return 0 or -EINVAL. */
static int replay_parse(const char *position, struct feed_place *place)
{
	int end = 0;

	memset(place, 0, sizeof(*place));
	if (sscanf(position, "%32s %" SCNu64 " %23s%n", place->epoch, &place->number, place->id,
		   &end) != 3 ||
	    position[end])
		return -EINVAL;
	return 0;
}

/* Read entries behind PLACE. Return 0 or a negative errno. */
static int replay_read(struct feed *feed, const struct feed_stream *stream,
		       const struct feed_place *place, struct redis_reply **reply)
{
	struct redis_command command = {0};
	char behind[FEED_ID_MAX + 1];

	snprintf(behind, sizeof(behind), "(%s", place->id);
	redis_add_text(&command, "XRANGE");
	redis_add_text(&command, stream->key);
	redis_add_text(&command, behind);
	redis_add_text(&command, "+");
	redis_add_text(&command, "COUNT");
	redis_add_number(&command, REPLAY_COUNT);
	return redis_ask(feed->shared->redis, &command, 1, REDIS_DEADLINE, reply);
}

/* Visit the entries in REPLY, and move PLACE behind them. Return 0 or a negative errno: -ESTALE,
 * one is missing or cannot be read. */
static int replay_visit(struct replay *replay, struct feed_stream *stream,
			const struct redis_reply *reply, struct feed_place *place)
{
	struct feed *feed = replay->seat->shared->feed;
	int error = 0;

	for (size_t i = 0; !error && i < redis_count(reply); i++) {
		struct feed_told told;

		error = feed_entry_open(feed, stream, redis_at(reply, i), &told);
		if (error == -EBADMSG) { /* not made by rosterfs */
			memcpy(place->id, told.place.id, sizeof(place->id));
			error = 0;
			continue;
		}
		if (error || strcmp(told.place.epoch, place->epoch) != 0 ||
		    told.place.number != place->number + 1 ||
		    !feed_order_note(&replay->order, told.mount, told.sequence))
			error = -ESTALE;
		*place = told.place;
		if (!error)
			error = replay->visit(replay, stream, &told);
		feed_told_clear(&told);
	}
	return error;
}

/* Let REPLAY visit what was told since POSITION. Return 0 or a negative errno. */
static int replay_all(struct replay *replay, const char *position)
{
	struct feed *feed = replay->seat->shared->feed;
	struct feed_stream *stream = &feed->streams[replay->seat->index];
	double until = clock_seconds() + REPLAY_DEADLINE;
	struct feed_place place, now = {.number = 0};
	bool fresh;
	int error = replay_parse(position, &place);

	if (!error)
		error = feed_where(feed, stream, NULL, NULL, &now, &fresh);
	if (!error && (strcmp(now.epoch, place.epoch) != 0 || now.number < place.number))
		error = -ESTALE;
	while (!error && place.number < now.number) {
		struct redis_reply *reply;
		size_t count;

		error = replay_read(feed, stream, &place, &reply);
		if (error)
			break;
		count = redis_count(reply);
		error = replay_visit(replay, stream, reply, &place);
		redis_reply_free(reply);
		if (!error && !count)
			error = -ESTALE;
		if (!error && clock_seconds() > until)
			error = -ETIMEDOUT;
	}
	feed_order_free(&replay->order);
	return error;
}

/* Return true if TOLD is of a status that consists of links in SEAT's roster: it does not say which
 * of them were made or ended. */
static bool replay_changes_links(const struct store_seat *seat, const struct feed_told *told)
{
	struct roster *statuses = roster_statuses(seat->roster);

	return statuses && feed_entry_is_record(told->kind) &&
	       strcmp(told->roster, roster_seat(statuses)->name) == 0;
}

static int replay_apply(struct replay *replay, struct feed_stream *stream,
			const struct feed_told *told)
{
	if (replay_changes_links(replay->seat, told))
		return -ESTALE;
	pthread_mutex_lock(&stream->applying);
	feed_apply_again(replay->seat, stream, told);
	pthread_mutex_unlock(&stream->applying);
	return 0;
}

int feed_replay(struct store_seat *seat, const char *position)
{
	struct replay replay = {.visit = replay_apply, .seat = seat};

	return replay_all(&replay, position);
}

/* Let ROSTER remember, or forget, what TOLD means while the vendor's reads lag. */
static void recall_record(struct roster *roster, const struct feed_told *told)
{
	struct record *record = told->kind == FEED_RECORD
				    ? record_unpack(told->payload, told->length)
				    : NULL;

	if (record || told->kind == FEED_DELETED)
		publish_forget(roster, told->id, record);
	record_put(record);
}

/* Apply TOLD to SEAT's roster as far as reads that lag do not show it. What they show is newer: the
 * roster fetches after this. */
static void recall(struct store_seat *seat, struct feed_stream *stream,
		   const struct feed_told *told)
{
	if (replay_changes_links(seat, told)) {
		recall_record(roster_statuses(seat->roster), told);
		return;
	}
	if (strcmp(told->roster, seat->name) != 0)
		return;
	if (told->kind != FEED_ACK) {
		recall_record(seat->roster, told);
		return;
	}
	pthread_mutex_lock(&stream->applying);
	feed_apply_again(seat, stream, told);
	pthread_mutex_unlock(&stream->applying);
}

/* Apply the entries in REPLY of EPOCH to SEAT's roster, as far as they can be read, and move ID to
 * the last one. */
static void recall_some(struct store_seat *seat, struct feed_stream *stream, const char *epoch,
			const struct redis_reply *reply, char id[FEED_ID_MAX])
{
	for (size_t i = 0; i < redis_count(reply); i++) {
		struct feed_told told;
		int error = feed_entry_open(seat->shared->feed, stream, redis_at(reply, i), &told);

		memcpy(id, told.place.id, sizeof(told.place.id));
		if (!error && strcmp(told.place.epoch, epoch) == 0)
			recall(seat, stream, &told);
		feed_told_clear(&told);
	}
}

int feed_recall(struct store_seat *seat, double seconds)
{
	struct feed *feed = seat->shared->feed;
	struct feed_stream *stream = &feed->streams[seat->index];
	int64_t from = store_clock_now(seat->shared->clock) - (int64_t)(seconds * 1000);
	struct feed_place place = {0}, now;
	double until = clock_seconds() + RECALL_DEADLINE;
	size_t count = REPLAY_COUNT;
	bool fresh;
	int error;

	if (from <= 0)
		return -EREMOTEIO;
	error = feed_where(feed, stream, NULL, NULL, &now, &fresh);
	snprintf(place.id, sizeof(place.id), "%" PRId64 "-0", from);
	while (!error && count == REPLAY_COUNT) {
		struct redis_reply *reply;

		error = replay_read(feed, stream, &place, &reply);
		if (error)
			break;
		count = redis_count(reply);
		recall_some(seat, stream, now.epoch, reply, place.id);
		redis_reply_free(reply);
		if (clock_seconds() > until)
			error = -ETIMEDOUT;
	}
	return error;
}

/* Note TOLD if another mount told it of the record. */
static int replay_note(struct replay *replay, struct feed_stream *stream,
		       const struct feed_told *told)
{
	(void)stream;
	if (told->own || told->time <= replay->time || !feed_entry_is_record(told->kind) ||
	    strcmp(told->roster, replay->seat->name) != 0 || strcmp(told->id, replay->id) != 0)
		return 0;
	replay->count++;
	snprintf(replay->host, SHARED_HOST_MAX, "%s", told->host);
	if (told->kind == FEED_DOUBT)
		return 0;
	record_put(replay->record);
	replay->record = told->kind == FEED_RECORD ? record_unpack(told->payload, told->length)
						   : NULL;
	return 0;
}

/* Let REPLAY visit all of the epoch that there is now. Return 0, or a negative errno: -ESTALE also
 * if it has found nothing. */
static int replay_epoch(struct replay *replay)
{
	struct feed *feed = replay->seat->shared->feed;
	struct feed_place place = {.id = "0-0"}, now;
	char position[FEED_POSITION_MAX];
	bool fresh;
	int error = feed_where(feed, &feed->streams[replay->seat->index], NULL, NULL, &now, &fresh);

	if (error)
		return error;
	memcpy(place.epoch, now.epoch, sizeof(place.epoch));
	replay_print(&place, position);
	error = replay_all(replay, position);
	return error || replay->count ? error : -ESTALE;
}

int feed_since(struct store_seat *seat, const char *position, int64_t time, const char *id,
	       struct record **record, char host[SHARED_HOST_MAX])
{
	struct replay replay = {.visit = replay_note,
				.seat = seat,
				.id = id,
				.time = time,
				.host = host};
	int error;

	*host = '\0';
	error = replay_all(&replay, position);
	/* where the server has forgotten what was before, what came since tells at least something
	 */
	if (error == -ESTALE && !replay.count)
		error = replay_epoch(&replay);
	if (error) {
		record_put(replay.record);
		replay.record = NULL;
	}
	*record = replay.record;
	return error ? error : replay.count;
}

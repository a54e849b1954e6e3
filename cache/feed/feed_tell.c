/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feed_tell.c - see feed_tell.h.
 *
 * One thread tells everything, in order. Who waits for an entry holds the lock of its record on all
 * hosts, so that its place in the stream is right. Nobody waits for a late entry: another host may
 * have changed the record since, so all are told only that it is in doubt, and ask the vendor.
 * Therefore an entry that may have been told, and is told again, does no harm.
 */
#include "cache/feed/feed_tell.h"

#include "cache/feed/feed_latest.h"
#include "cache/feed/feed_where.h"
#include "cache/redis/redis.h"
#include "vendors/base/clock.h"
#include "vendors/base/log.h"
#include "vendors/rest/account.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/* Entries that are told at once, and their bytes, roughly. */
#define TELL_MAX 12
#define TELL_BYTES (256 << 10)
#define TELL_PAUSE 200 /* milliseconds between two tries */
#define TELL_LOGGED 20 /* entries that are logged one by one */

/*
 * KEYS: counter, stream. ARGV: an epoch if there is none, milliseconds, length, entries. A stream
 * that was deleted and has begun again, in the same millisecond or after the clock has gone back,
 * goes on with greater ids, because nobody reads behind the last id for smaller ones.
 */
static struct redis_script tell_script = {
    .text =
	"local function add(id, n, e, d)\n"
	"  return redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[3], id, 'n', n, 'e', e, 'd', d)\n"
	"end\n"
	"local function parts(id)\n"
	"  local ms, more = string.match(id or '0-0', '(%d+)-(%d+)')\n"
	"  return tonumber(ms), tonumber(more)\n"
	"end\n"
	"local at = redis.call('HMGET', KEYS[1], 'e', 'i')\n"
	"local e, i = at[1], at[2]\n"
	"if not e then\n"
	"  e = ARGV[1]\n"
	"  redis.call('HSET', KEYS[1], 'e', e, 'n', 0)\n"
	"end\n"
	"local lastms, lastmore = parts(i)\n"
	"local n\n"
	"for a = 4, #ARGV do\n"
	"  n = redis.call('HINCRBY', KEYS[1], 'n', 1)\n"
	"  i = add('*', n, e, ARGV[a])\n"
	"  local ms, more = parts(i)\n"
	"  if a == 4 and (ms < lastms or (ms == lastms and more <= lastmore)) then\n"
	"    redis.call('DEL', KEYS[2])\n"
	"    i = add(string.format('%.0f-0', lastms + 1), n, e, ARGV[a])\n"
	"  end\n"
	"end\n"
	"redis.call('HSET', KEYS[1], 'i', i)\n"
	"redis.call('PEXPIRE', KEYS[1], ARGV[2])\n"
	"redis.call('PEXPIRE', KEYS[2], ARGV[2])\n"
	"return {e, n}\n"};

/* What is told at once: entries of one account. */
struct batch {
	struct feed_entry *entries[TELL_MAX];
	char *sealed[TELL_MAX];
	size_t lengths[TELL_MAX];
	bool late[TELL_MAX];
	size_t count, account;
	uint64_t sequence;
	bool overflow; /* one more entry comes first, which says that others were lost */
};

/* ---- the queue ---- */

/* Wait on CONDITION for MILLISECONDS at most, with the feed's lock. */
static void tell_wait(struct feed *feed, pthread_cond_t *condition, int64_t milliseconds)
{
	struct timespec until = clock_cond_time((double)milliseconds / 1000);

	pthread_cond_timedwait(condition, &feed->lock, &until);
}

/* Take ENTRY out of the queue. It is freed here, or by who waits for it. */
static void tell_finish_locked(struct feed *feed, struct feed_entry *entry)
{
	DL_DELETE(feed->queue, entry);
	feed->kept--;
	entry->done = true;
	if (!entry->awaited)
		feed_entry_free(entry);
}

/* Drop the oldest entries that nobody waits for, if there are too many. Return those, a list. */
static struct feed_entry *tell_shrink_locked(struct feed *feed)
{
	struct feed_entry *dropped = NULL, *entry, *next;

	DL_FOREACH_SAFE(feed->queue, entry, next) {
		if (feed->kept <= FEED_KEPT_MAX)
			break;
		if (entry->awaited || entry->sending)
			continue;
		DL_DELETE(feed->queue, entry);
		feed->kept--;
		feed->streams[entry->account].overflowed = true;
		DL_APPEND(dropped, entry);
	}
	return dropped;
}

static void tell_wait_for(struct feed *feed, struct feed_entry *entry)
{
	int64_t until = clock_milliseconds() + REDIS_DEADLINE;

	while (!entry->done && !entry->late) {
		int64_t left = until - clock_milliseconds();

		if (left <= 0 || feed->ending)
			entry->late = true;
		else
			tell_wait(feed, &feed->done, left);
	}
	entry->awaited = false;
	if (entry->done)
		feed_entry_free(entry);
}

void feed_tell(struct feed *feed, struct feed_entry *entry, bool wait)
{
	struct feed_entry *dropped, *next;
	bool up = redis_is_up(feed->shared->redis);

	if (!entry)
		return;
	feed_latest_begin(feed, entry);
	pthread_mutex_lock(&feed->lock);
	DL_APPEND(feed->queue, entry);
	feed->kept++;
	entry->late = !up || !feed->telling || feed->ending;
	entry->awaited = wait && !entry->late;
	dropped = tell_shrink_locked(feed);
	pthread_cond_signal(&feed->due);
	if (entry->awaited)
		tell_wait_for(feed, entry);
	pthread_mutex_unlock(&feed->lock);
	for (; dropped; dropped = next) {
		next = dropped->next;
		log_line(
		    "%s: too much waits to be told to the other hosts: they will have to compare "
		    "all of it",
		    dropped->label);
		feed_latest_end(feed, dropped, NULL);
		feed_entry_free(dropped);
	}
}

void feed_tell_overflow(struct feed *feed, size_t account)
{
	pthread_mutex_lock(&feed->lock);
	feed->streams[account].overflowed = true;
	pthread_cond_signal(&feed->due);
	pthread_mutex_unlock(&feed->lock);
}

/* ---- the thread ---- */

/* Return true if ENTRY need not be told any more. */
static bool tell_is_void(const struct feed *feed, const struct feed_entry *entry, bool late)
{
	return entry->kind == FEED_ACK && late &&
	       clock_seconds() - entry->made > feed->shared->accounts[entry->account]->lag;
}

/* Fill BATCH with entries from the head of the queue, which stay there. Return false: there are
 * none. */
static bool tell_take_locked(struct feed *feed, struct batch *batch)
{
	struct feed_entry *entry;
	size_t bytes = 0;

	memset(batch, 0, sizeof(*batch));
	batch->account = feed->count;
	for (size_t i = 0; i < feed->count && batch->account == feed->count; i++)
		if (feed->streams[i].overflowed)
			batch->account = i;
	batch->overflow = batch->account < feed->count;
	if (!batch->overflow && feed->queue)
		batch->account = feed->queue->account;
	DL_FOREACH(feed->queue, entry) {
		if (batch->count + batch->overflow == TELL_MAX || bytes > TELL_BYTES)
			break;
		if (entry->account != batch->account)
			continue;
		entry->sending = true;
		batch->late[batch->count] = entry->late;
		batch->entries[batch->count++] = entry;
		bytes += entry->length;
	}
	batch->sequence = feed->sequence;
	feed->sequence += batch->count + 1;
	return batch->account < feed->count;
}

/* Seal entry I of BATCH. What is too large is told as a doubt. */
static void tell_seal(struct feed *feed, struct batch *batch, size_t i)
{
	const struct feed_entry *entry = batch->entries[i];
	uint64_t sequence = batch->sequence + 1 + i;
	int error;

	error = feed_entry_close(feed, entry, batch->late[i], sequence, &batch->sealed[i],
				 &batch->lengths[i]);
	if (error && feed_entry_is_record(entry->kind))
		error = feed_entry_close(feed, entry, true, sequence, &batch->sealed[i],
					 &batch->lengths[i]);
	if (error) {
		log_line("%s: the other hosts could not be told of a write: %s", entry->label,
			 strerror(-error));
		feed_tell_overflow(feed, entry->account);
	}
}

/* Add an entry that says that others were lost. Return 0 or a negative errno. */
static int tell_seal_overflow(struct feed *feed, const struct batch *batch, char **sealed,
			      size_t *length)
{
	struct feed_entry lost = {.kind = FEED_DISTRUST, .account = batch->account};

	return feed_entry_close(feed, &lost, true, batch->sequence, sealed, length);
}

/* Send BATCH; *PLACE is set to the place of its last entry. Return 0 or a negative errno. */
static int tell_send(struct feed *feed, struct batch *batch, unsigned milliseconds,
		     struct feed_place *place)
{
	const struct feed_stream *stream = &feed->streams[batch->account];
	struct redis_command keys = {0}, arguments = {0};
	struct redis_reply *reply = NULL;
	char epoch[FEED_EPOCH_MAX], *lost = NULL;
	size_t length;
	int error = 0;

	memset(place, 0, sizeof(*place));
	feed_where_new_epoch(epoch);
	redis_add_text(&keys, stream->counter);
	redis_add_text(&keys, stream->key);
	redis_add_text(&arguments, epoch);
	redis_add_number(&arguments, FEED_EXPIRES);
	redis_add_number(&arguments, FEED_LENGTH);
	if (batch->overflow) {
		error = tell_seal_overflow(feed, batch, &lost, &length);
		if (!error)
			redis_add(&arguments, lost, length);
	}
	for (size_t i = 0; i < batch->count; i++)
		if (batch->sealed[i])
			redis_add(&arguments, batch->sealed[i], batch->lengths[i]);
	if (!error && arguments.count > 3)
		error = redis_run(feed->shared->redis, &tell_script, &keys, &arguments,
				  milliseconds, &reply);
	if (!error && reply) {
		const char *began = redis_text(redis_at(reply, 0), NULL);

		if (*began && strlen(began) < sizeof(place->epoch))
			memcpy(place->epoch, began, strlen(began));
		place->number = (uint64_t)redis_integer(redis_at(reply, 1));
	}
	redis_reply_free(reply);
	free(lost);
	return error;
}

/* Note where the entries of BATCH, the last of which is at LAST, are. */
static void tell_note(struct feed *feed, struct batch *batch, struct feed_place *last)
{
	struct feed_place place = *last;

	for (size_t i = batch->count; i--;) {
		bool told = batch->sealed[i] && *place.epoch;

		feed_latest_end(feed, batch->entries[i], told ? &place : NULL);
		place.number -= told;
		atomic_fetch_add(&feed->told, told);
	}
}

/* Say once a minute why something is told later. */
static void tell_complain(struct feed *feed, const struct batch *batch, int error)
{
	double now = clock_seconds();

	if (feed->complained > 0 && now - feed->complained < 60)
		return;
	feed->complained = now;
	log_line("%s: the other hosts are told later what has changed: %s",
		 feed->streams[batch->account].label, strerror(-error));
}

/* Tell BATCH. Return 0 or a negative errno: all of it waits on. */
static int tell_batch(struct feed *feed, struct batch *batch, unsigned milliseconds)
{
	struct feed_place place;
	int error;

	for (size_t i = 0; i < batch->count; i++)
		if (!tell_is_void(feed, batch->entries[i], batch->late[i]))
			tell_seal(feed, batch, i);
	error = tell_send(feed, batch, milliseconds, &place);
	if (!error)
		tell_note(feed, batch, &place);
	else
		tell_complain(feed, batch, error);
	for (size_t i = 0; i < batch->count; i++)
		free(batch->sealed[i]);
	return error;
}

/* Take the next batch and tell it, with the lock, which is released meanwhile. Return false: there
 * is nothing, or it did not work. */
static bool tell_next_locked(struct feed *feed)
{
	int64_t left = feed->ending ? feed->ends - clock_milliseconds() : REDIS_DEADLINE;
	struct feed_entry *entry;
	struct batch batch;
	int error;

	if (!redis_is_up(feed->shared->redis)) {
		DL_FOREACH(feed->queue, entry)
			entry->late = true;
		pthread_cond_broadcast(&feed->done);
		return false;
	}
	if (left <= 0 || !tell_take_locked(feed, &batch))
		return false;
	if (batch.overflow)
		feed->streams[batch.account].overflowed = false;
	pthread_mutex_unlock(&feed->lock);
	error = tell_batch(feed, &batch, (unsigned)left);
	pthread_mutex_lock(&feed->lock);
	for (size_t i = 0; i < batch.count; i++) {
		batch.entries[i]->sending = false;
		if (error)
			batch.entries[i]->late = true;
		else
			tell_finish_locked(feed, batch.entries[i]);
	}
	if (error && batch.overflow)
		feed->streams[batch.account].overflowed = true;
	pthread_cond_broadcast(&feed->done);
	return !error;
}

static bool tell_has_work_locked(const struct feed *feed)
{
	for (size_t i = 0; i < feed->count; i++)
		if (feed->streams[i].overflowed)
			return true;
	return feed->queue;
}

void *feed_tell_run(void *arg)
{
	struct feed *feed = arg;

	pthread_mutex_lock(&feed->lock);
	for (;;) {
		bool work = tell_has_work_locked(feed);

		if (feed->ending &&
		    (!work || !redis_is_up(feed->shared->redis) ||
		     redis_has_ended(feed->shared->redis) || clock_milliseconds() >= feed->ends))
			break;
		if (!work)
			pthread_cond_wait(&feed->due, &feed->lock);
		else if (!tell_next_locked(feed) &&
			 !(feed->ending && redis_has_ended(feed->shared->redis)))
			tell_wait(feed, &feed->due, TELL_PAUSE);
	}
	feed->telling = false;
	pthread_cond_broadcast(&feed->done);
	pthread_mutex_unlock(&feed->lock);
	return NULL;
}

/* ---- the end ---- */

/* Return the line that says that the other hosts do not know of ENTRY, or NULL: no memory. */
static char *tell_left(const struct feed_entry *entry)
{
	static const char *const words[FEED_KINDS] = {
	    [FEED_RECORD] = "has changed",    [FEED_ABSENT] = "does not exist",
	    [FEED_DELETED] = "was deleted",   [FEED_DOUBT] = "may have changed",
	    [FEED_REFRESH] = "was refreshed", [FEED_HOLD] = "asked to wait",
	};
	char *line;

	if (asprintf(&line, "%s%s%s: the other hosts were not told that it %s", entry->label,
		     entry->id ? "/" : "", entry->id ? entry->id : "", words[entry->kind]) < 0)
		return NULL;
	return line;
}

void feed_tell_log_left(struct feed *feed)
{
	char *lines[TELL_LOGGED] = {0};
	struct feed_entry *entry, *next;
	unsigned count = 0;

	pthread_mutex_lock(&feed->lock);
	DL_FOREACH_SAFE(feed->queue, entry, next) {
		/* an acknowledged write is there a second time, as what it led to */
		if (entry->kind != FEED_ACK && count++ < TELL_LOGGED)
			lines[count - 1] = tell_left(entry);
		tell_finish_locked(feed, entry);
	}
	pthread_cond_broadcast(&feed->done);
	pthread_mutex_unlock(&feed->lock);
	for (unsigned i = 0; i < TELL_LOGGED; i++) {
		if (lines[i])
			log_loud("%s", lines[i]);
		free(lines[i]);
	}
	if (count > TELL_LOGGED)
		log_loud("the other hosts were not told of %u more changes", count - TELL_LOGGED);
}

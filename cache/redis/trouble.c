/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trouble.c - see trouble.h, and of redis.h the part "how it is".
 */
#include "cache/redis/trouble.h"

#include "cache/redis/redis_state.h"
#include "vendors/base/clock.h"
#include "vendors/base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Return true if ERROR of a call that had MILLISECONDS says something of the server. */
static bool tells(int error, unsigned milliseconds)
{
	switch (error) {
	case -ECANCELED:
	case -ENOMEM:
	case -EMFILE:
	case -ENFILE:
		return false;
	case -ETIMEDOUT:
		return milliseconds >= REDIS_DEADLINE;
	default:
		return true;
	}
}

void trouble_note(struct redis *redis, double began, unsigned milliseconds, int error,
		  const char *words, bool listens)
{
	double now = clock_seconds();
	bool news;

	if (!tells(error, milliseconds))
		return;
	pthread_mutex_lock(&redis->lock);
	/* It may have failed before the server came back. A call that fails because the server is
	   down says nothing new of it; without this it would be down for ever. */
	if (atomic_load(&redis->down) ? !listens : began < redis->up_since) {
		pthread_mutex_unlock(&redis->lock);
		return;
	}
	if (!atomic_load(&redis->down)) {
		redis->down_since = now;
		redis->generation++;
		*redis->logged = '\0';
	}
	redis->error = error;
	snprintf(redis->words, sizeof(redis->words), "%s", words);
	news = strcmp(redis->logged, words) != 0;
	snprintf(redis->logged, sizeof(redis->logged), "%s", words);
	atomic_store(&redis->down, true);
	/* whoever waits for a connection need not */
	pthread_cond_broadcast(&redis->freed);
	pthread_mutex_unlock(&redis->lock);
	if (news)
		log_line("the shared store %s: %s", redis->where, words);
}

void trouble_end(struct redis *redis, double began)
{
	double now = clock_seconds(), seconds = 0;
	bool news = false;

	if (!atomic_load(&redis->down))
		return;
	pthread_mutex_lock(&redis->lock);
	if (atomic_load(&redis->down) && began >= redis->down_since) {
		seconds = now - redis->down_since;
		redis->up_since = now;
		atomic_store(&redis->down, false);
		news = true;
	}
	pthread_mutex_unlock(&redis->lock);
	if (news)
		log_line("the shared store %s is back after %.1f s", redis->where, seconds);
}

bool trouble_is_forbidden(struct redis *redis)
{
	bool forbidden;

	pthread_mutex_lock(&redis->lock);
	forbidden = atomic_load(&redis->down) && redis->error == -EACCES;
	pthread_mutex_unlock(&redis->lock);
	return forbidden;
}

int trouble_now_locked(const struct redis *redis, char words[REDIS_WORDS_MAX])
{
	if (!atomic_load(&redis->down))
		return 0;
	snprintf(words, REDIS_WORDS_MAX, "%s", redis->words);
	return redis->error;
}

/* How much the last reply counts in the mean of the recent ones. */
#define RECENT_PART 0.2

void trouble_count(struct redis *redis, size_t count, double seconds, int error)
{
	pthread_mutex_lock(&redis->lock);
	redis->stats.commands += count;
	redis->stats.seconds += seconds;
	redis->stats.recent += (seconds - redis->stats.recent) * RECENT_PART;
	redis->stats.failures += error != 0 && error != -ECANCELED;
	redis->stats.timeouts += error == -ETIMEDOUT;
	pthread_mutex_unlock(&redis->lock);
}

/* ---- redis.h ---- */

bool redis_is_up(const struct redis *redis)
{
	return !atomic_load(&redis->down);
}

bool redis_has_ended(const struct redis *redis)
{
	int64_t ends = atomic_load(&redis->ends);

	return atomic_load(&redis->stopped) || (ends && clock_milliseconds() >= ends);
}

double redis_trouble(struct redis *redis, char words[REDIS_WORDS_MAX])
{
	double since;

	pthread_mutex_lock(&redis->lock);
	snprintf(words, REDIS_WORDS_MAX, "%s", redis->words);
	since = atomic_load(&redis->down) ? redis->down_since : 0;
	pthread_mutex_unlock(&redis->lock);
	return since;
}

void redis_stats(struct redis *redis, struct redis_stats *stats)
{
	pthread_mutex_lock(&redis->lock);
	*stats = redis->stats;
	pthread_mutex_unlock(&redis->lock);
}

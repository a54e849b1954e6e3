/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quota.c - see quota.h.
 *
 * One sorted set has a member for each change, with the server's time. A script counts and adds in
 * one step, so that hosts at the same time never get more than the limit. Each mount applies its
 * own limit and window to the common count.
 *
 * Changes that were made while the store could not be reached, and tickets that could not be given
 * back, are told later.
 */
#include "cache/limits/quota.h"

#include "cache/redis/redis.h"
#include "cache/roster/store.h"
#include "cache/store/shared_state.h"
#include "cache/store/store_clock.h"
#include "vendors/base/call.h"
#include "vendors/base/clock.h"
#include "vendors/base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The longest window (status_window): what is older counts for no host. */
#define KEEP_MILLISECONDS (366LL * 24 * 3600 * 1000)
#define LATER_MAX 1000
/* What somebody looks at is refreshed for so long, this often. */
#define LOOKED_MILLISECONDS 5000
#define REFRESH_MILLISECONDS 900

/* ARGV: limit, window, keep, member ("": only count), when it was (0: it is yet to be made; -1: it
 * was made, and counts as now). */
static struct redis_script quota_script = {
    .text =
	"local t = redis.call('TIME')\n"
	"local now = t[1] * 1000 + math.floor(t[2] / 1000)\n"
	"local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])\n"
	"local function text(n) return string.format('%.0f', n) end\n"
	"local from, good = '(' .. text(now - window), 1\n"
	"redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', text(now - ARGV[3]))\n"
	"local count = redis.call('ZCOUNT', KEYS[1], from, '+inf')\n"
	"local late = tonumber(ARGV[5])\n"
	"if ARGV[4] ~= '' then\n"
	"  if late == 0 and limit > 0 and count >= limit then good = 0\n"
	"  else\n"
	"    redis.call('ZADD', KEYS[1], text(late > 0 and math.min(late, now) or now), ARGV[4])\n"
	"    count = redis.call('ZCOUNT', KEYS[1], from, '+inf')\n"
	"  end\n"
	"end\n"
	"local skip = 0\n"
	"if limit > 0 and count > limit then skip = count - limit end\n"
	"local first = redis.call('ZRANGEBYSCORE', KEYS[1], from, '+inf', 'WITHSCORES', 'LIMIT', skip, 1)\n"
	"redis.call('PEXPIRE', KEYS[1], ARGV[3])\n"
	"return {good, count, first[2] and now - first[2] or 0}\n",
};

struct quota_late {
	uint64_t ticket;
	/* The change was made then, by the server's time; -1: that is not known; 0: it was not
	 * made.
	 */
	int64_t when;
};

struct quota {
	struct shared *shared;
	char name[SEAL_NAME_MAX];
	pthread_mutex_t lock; /* of what follows; a leaf */
	uint64_t last;        /* the newest ticket */
	bool known;
	unsigned limit, window; /* of the last take, or look */
	unsigned count;         /* what the store said at WHEN */
	int64_t age;            /* of the one whose end makes room, at WHEN */
	int64_t when;           /* clock_milliseconds */
	int64_t looked;
	bool stale; /* a window was asked for that is not known */
	struct quota_late late[LATER_MAX];
	size_t late_count;
};

struct quota *quota_new(struct shared *shared)
{
	struct quota *quota = calloc(1, sizeof(*quota));

	if (!quota)
		return NULL;
	quota->shared = shared;
	seal_name(shared->seal, "quota", NULL, 0, quota->name);
	pthread_mutex_init(&quota->lock, NULL);
	return quota;
}

void quota_free(struct quota *quota)
{
	if (!quota)
		return;
	pthread_mutex_destroy(&quota->lock);
	free(quota);
}

/* Write the member of TICKET. No other mount has it. */
static void member_of(const struct quota *quota, uint64_t ticket, char member[64])
{
	snprintf(member, 64, "%.16s:%llu", quota->shared->mount, (unsigned long long)ticket);
}

/*
 * Run the script with MEMBER ("": none) and note what it says. Returns 1: counted; 0: over the
 * limit; or a negative errno.
 */
static int quota_run(struct quota *quota, unsigned limit, unsigned window, const char *member,
		     int64_t when)
{
	struct redis_command keys = {0}, arguments = {0};
	struct redis_reply *reply = NULL;
	int64_t now = clock_milliseconds();
	int result;

	redis_add_text(&keys, quota->name);
	redis_add_number(&arguments, limit);
	redis_add_number(&arguments, (int64_t)window * 1000);
	redis_add_number(&arguments, KEEP_MILLISECONDS);
	redis_add_text(&arguments, member);
	redis_add_number(&arguments, when);
	result = redis_run(quota->shared->redis, &quota_script, &keys, &arguments, REDIS_DEADLINE,
			   &reply);
	if (!result && redis_count(reply) == 3) {
		result = redis_integer(redis_at(reply, 0)) ? 1 : 0;
		pthread_mutex_lock(&quota->lock);
		quota->known = true;
		quota->stale = false;
		quota->limit = limit;
		quota->window = window;
		quota->count = (unsigned)redis_integer(redis_at(reply, 1));
		quota->age = redis_integer(redis_at(reply, 2));
		quota->when = now;
		pthread_mutex_unlock(&quota->lock);
	} else if (!result) {
		result = -EREMOTEIO;
	}
	redis_reply_free(reply);
	return result;
}

/* Stop counting TICKET. 0 or a negative errno. */
static int quota_remove(struct quota *quota, uint64_t ticket)
{
	struct redis_command command = {0};
	struct redis_reply *reply = NULL;
	char member[64];
	int error;

	member_of(quota, ticket, member);
	redis_add_text(&command, "ZREM");
	redis_add_text(&command, quota->name);
	redis_add_text(&command, member);
	error = redis_ask(quota->shared->redis, &command, 1, REDIS_DEADLINE, &reply);
	if (!error && redis_type(reply) == REDIS_REFUSAL)
		error = -EREMOTEIO;
	redis_reply_free(reply);
	return error;
}

/* Tell the store later that TICKET was taken at WHEN, or (0) is not taken. */
static void tell_late(struct quota *quota, uint64_t ticket, int64_t when)
{
	bool full;

	pthread_mutex_lock(&quota->lock);
	full = quota->late_count == LATER_MAX;
	if (!full)
		quota->late[quota->late_count++] = (struct quota_late){ticket, when};
	pthread_mutex_unlock(&quota->lock);
	if (full)
		log_line("status_limit: a change is not counted for the other hosts: the shared "
			 "store can't be reached for too long");
}

/* Forget that TICKET is to be told. Returns false if it was not. */
static bool forget_late(struct quota *quota, uint64_t ticket)
{
	bool found = false;

	pthread_mutex_lock(&quota->lock);
	for (size_t i = 0; i < quota->late_count && !found; i++) {
		found = quota->late[i].ticket == ticket && quota->late[i].when;
		if (found)
			quota->late[i].when = 0;
	}
	pthread_mutex_unlock(&quota->lock);
	return found;
}

int quota_take(struct quota *quota, struct call *call, unsigned limit, unsigned window,
	       uint64_t *ticket)
{
	char member[64], words[REDIS_WORDS_MAX];
	int result;

	pthread_mutex_lock(&quota->lock);
	*ticket = ++quota->last;
	pthread_mutex_unlock(&quota->lock);
	member_of(quota, *ticket, member);
	result = quota_run(quota, limit, window, member, 0);
	if (result == 1)
		return 0;
	if (result < 0 && !quota->shared->required) {
		/* whether it was counted is not known: telling it once more counts it once */
		int64_t when = store_clock_now(quota->shared->clock);

		tell_late(quota, *ticket, when ? when : -1);
		return 0;
	}
	if (result < 0)
		tell_late(quota, *ticket, 0);
	*ticket = 0;
	if (!result)
		return -EDQUOT;
	redis_trouble(quota->shared->redis, words);
	return call_fail(call, CALL_NO_LOCK,
			 "the shared store can't be reached: status_limit is not known (%s: %s)",
			 redis_where(quota->shared->redis), words);
}

void quota_give_back(struct quota *quota, uint64_t ticket)
{
	if (!ticket || forget_late(quota, ticket))
		return;
	if (quota_remove(quota, ticket)) {
		tell_late(quota, ticket, 0);
		return;
	}
	pthread_mutex_lock(&quota->lock);
	if (quota->count)
		quota->count--;
	pthread_mutex_unlock(&quota->lock);
}

bool quota_look(struct quota *quota, unsigned window, struct store_count *count)
{
	int64_t now = clock_milliseconds(), age;
	bool known, together;

	pthread_mutex_lock(&quota->lock);
	quota->looked = now;
	if (quota->window != window) {
		quota->stale = true;
		quota->window = window;
		quota->known = false;
	}
	together = quota->shared->required || redis_is_up(quota->shared->redis);
	known = quota->known && together;
	age = quota->age + now - quota->when;
	*count = (struct store_count){.taken = quota->count,
				      .oldest = (double)age / 1000,
				      .together = together,
				      .ago = (double)(now - quota->when) / 1000};
	/* that one has left the window since; when the next one does is not known */
	if (count->taken && count->oldest >= window) {
		count->taken--;
		count->oldest = 0;
		if (quota->limit && count->taken >= quota->limit)
			count->taken = quota->limit - 1;
	}
	pthread_mutex_unlock(&quota->lock);
	return known;
}

/* Tell the store the oldest of what it was not told. False: nothing is left, or it cannot be
 * reached. */
static bool tell_next(struct quota *quota)
{
	struct quota_late late;
	unsigned limit, window;
	char member[64];
	bool any;
	int error;

	pthread_mutex_lock(&quota->lock);
	any = quota->late_count > 0;
	late = quota->late[0];
	limit = quota->limit;
	window = quota->window;
	pthread_mutex_unlock(&quota->lock);
	if (!any)
		return false;
	member_of(quota, late.ticket, member);
	error = late.when ? quota_run(quota, limit, window, member, late.when)
			  : quota_remove(quota, late.ticket);
	if (error < 0)
		return false;
	pthread_mutex_lock(&quota->lock);
	/* it may have been given back meanwhile: then it is told once more */
	if (late.when && !quota->late[0].when) {
		pthread_mutex_unlock(&quota->lock);
		return true;
	}
	memmove(quota->late, quota->late + 1, --quota->late_count * sizeof(late));
	pthread_mutex_unlock(&quota->lock);
	return true;
}

void quota_turn(struct quota *quota)
{
	int64_t now = clock_milliseconds();
	unsigned limit, window;
	bool wanted;

	if (!redis_is_up(quota->shared->redis))
		return;
	while (tell_next(quota))
		;
	pthread_mutex_lock(&quota->lock);
	wanted = quota->looked && now - quota->looked < LOOKED_MILLISECONDS && quota->window &&
		 (quota->stale || now - quota->when > REFRESH_MILLISECONDS);
	limit = quota->limit;
	window = quota->window;
	pthread_mutex_unlock(&quota->lock);
	if (wanted)
		quota_run(quota, limit, window, "", 0);
}

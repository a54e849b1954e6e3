/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list_lock.c - see list_lock.h.
 *
 * The value of the lock is the token of one load, and behind it a beat, which changes while the
 * vendor asks to wait: the holder then has a reason for not moving. The renewing thread takes the
 * lock again if it has ended and nobody has touched the walk since.
 */
#include "cache/lists/list_lock.h"

#include "cache/lists/list_look.h"
#include "cache/lists/list_value.h"
#include "cache/redis/redis.h"
#include "vendors/base/call.h"
#include "vendors/base/clock.h"
#include "vendors/base/log.h"
#include "vendors/http/http.h"
#include "vendors/list/ask.h"
#include "vendors/rest/account.h"

#include "cache/roster/roster.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TRIPS 8          /* to the server, at most, from taking the lock until it is renewed */
#define KEPT_SECONDS 600 /* beyond ttl and grace: other mounts may have longer ones */
#define LEFT_MS 30000    /* chunks of an old walk */

#define MINE                                                                                       \
	"local held = redis.call('get', KEYS[1]) "                                                 \
	"if not held or string.sub(held, 1, 32) ~= ARGV[1] then return 0 end "

/* lock, walk, chunks; token, ms of the lock, ms of the others, head or "", number, chunk or "" */
static struct redis_script save_script = {
    .text = MINE "if ARGV[6] ~= '' then "
		 "redis.call('hset', KEYS[3], ARGV[5], ARGV[6]) "
		 "redis.call('pexpire', KEYS[3], ARGV[3]) end "
		 "if ARGV[4] ~= '' then redis.call('set', KEYS[2], ARGV[4], 'PX', ARGV[3]) end "
		 "redis.call('pexpire', KEYS[1], ARGV[2]) return 1"};

/* lock, walk, done, chunks; token, ms, head */
static struct redis_script complete_script = {.text = MINE
					      "redis.call('set', KEYS[3], ARGV[3], 'PX', ARGV[2]) "
					      "redis.call('pexpire', KEYS[4], ARGV[2]) "
					      "redis.call('del', KEYS[1], KEYS[2]) return 1"};

/* lock, walk; token, ms, head or "" */
static struct redis_script release_script = {
    .text = MINE "if ARGV[3] ~= '' then redis.call('set', KEYS[2], ARGV[3], 'PX', ARGV[2]) end "
		 "redis.call('del', KEYS[1]) return 1"};

/* lock, walk; the lock and the head as they were, the token, ms */
static struct redis_script steal_script = {
    .text = "if (redis.call('get', KEYS[1]) or '') == ARGV[1] "
	    "and (redis.call('get', KEYS[2]) or '') == ARGV[2] then "
	    "redis.call('set', KEYS[1], ARGV[3], 'PX', ARGV[4]) return 1 end return 0"};

/* lock, walk; token, ms, head, the new value */
static struct redis_script renew_script = {
    .text = "local held = redis.call('get', KEYS[1]) "
	    "if (held and string.sub(held, 1, 32) == ARGV[1]) or "
	    "(not held and redis.call('get', KEYS[2]) == ARGV[3]) then "
	    "redis.call('set', KEYS[1], ARGV[4], 'PX', ARGV[2]) return 1 end return 0"};

int64_t list_lock_keep(const struct store_seat *seat)
{
	const struct account *account = roster_account(seat->roster);

	return ((int64_t)account->ttl + account->grace + KEPT_SECONDS) * 1000;
}

/* Return how long the lock lasts. */
static int64_t lock_ms(const struct list_walk *walk)
{
	double ms = walk->trip * 1000 * TRIPS;

	return ms < LISTS_LOCK_MS        ? LISTS_LOCK_MS
	       : ms < LISTS_LOCK_MOST_MS ? (int64_t)ms
					 : LISTS_LOCK_MOST_MS;
}

/* Run SCRIPT. Returns 0, -ESTALE if it returned 0, or another negative errno. */
static int list_lock_run(struct list_walk *walk, struct redis_script *script,
			 const struct redis_command *keys, const struct redis_command *arguments)
{
	struct redis_reply *reply = NULL;
	int error = redis_run(walk->seat->shared->redis, script, keys, arguments, REDIS_DEADLINE,
			      &reply);

	if (!error && redis_integer(reply) != 1)
		error = -ESTALE;
	redis_reply_free(reply);
	return error;
}

static struct redis_command lock_keys(const struct list_walk *walk)
{
	struct redis_command keys = {0};

	redis_add_text(&keys, walk->seat->lists->lock);
	redis_add_text(&keys, walk->seat->lists->walk);
	return keys;
}

int list_lock_take(struct list_walk *walk)
{
	struct redis_command command = {0};
	struct redis_reply *reply = NULL;
	int error;

	redis_add_text(&command, "SET");
	redis_add_text(&command, walk->seat->lists->lock);
	redis_add_text(&command, walk->token);
	redis_add_text(&command, "NX");
	redis_add_text(&command, "PX");
	redis_add_number(&command, lock_ms(walk));
	error = redis_ask(walk->seat->shared->redis, &command, 1, REDIS_DEADLINE, &reply);
	if (!error && redis_type(reply) == REDIS_REFUSAL)
		error = -EREMOTEIO;
	walk->mine = !error && redis_type(reply) == REDIS_TEXT;
	redis_reply_free(reply);
	return error;
}

int list_lock_steal(struct list_walk *walk, const struct list_sight *sight)
{
	struct redis_command keys = lock_keys(walk), arguments = {0};
	int error;

	redis_add(&arguments, sight->lock_raw, sight->lock_length);
	redis_add(&arguments, sight->walk_raw ? sight->walk_raw : "", sight->walk_length);
	redis_add_text(&arguments, walk->token);
	redis_add_number(&arguments, lock_ms(walk));
	error = list_lock_run(walk, &steal_script, &keys, &arguments);
	walk->mine = !error;
	return error == -ESTALE ? 0 : error;
}

/* ---- the thread ---- */

/* Return true if the vendor is not asked at the moment, so that the walk cannot move. */
static bool is_held(const struct list_walk *walk)
{
	struct roster *roster = walk->seat->roster;
	char words[CALL_WORDS_MAX];

	http_hold(ask_endpoint(roster_account(roster), roster_collection(roster)), words,
		  sizeof(words));
	return words[0];
}

static int list_lock_renew(struct list_walk *walk, unsigned beat)
{
	struct redis_command keys = lock_keys(walk), arguments = {0};
	char value[LIST_ID_MAX + 16], *head;
	size_t length;
	int error;

	pthread_mutex_lock(&walk->lock);
	length = walk->head_length;
	head = malloc(length + 1);
	if (head && length)
		memcpy(head, walk->head_raw, length);
	pthread_mutex_unlock(&walk->lock);
	if (!head)
		return -ENOMEM;
	snprintf(value, sizeof(value), "%s%u", walk->token, beat);
	redis_add_text(&arguments, walk->token);
	redis_add_number(&arguments, lock_ms(walk));
	redis_add(&arguments, head, length);
	redis_add_text(&arguments, value);
	error = list_lock_run(walk, &renew_script, &keys, &arguments);
	free(head);
	return error;
}

/* The lock was lost: end the walk if another host has gone on with it, or has read the list. */
static void give_up(struct list_walk *walk)
{
	struct list_sight sight;

	if (!walk->list->walk || list_look(walk, &sight))
		return;
	if (sight.lock_raw || list_look_is_fresh(walk, &sight)) {
		log_line("%s: another host has gone on with the list, because this one did not "
			 "get on",
			 walk->seat->label);
		call_cancel(walk->list->walk);
	}
	list_look_done(&sight);
}

static void *renewing(void *arg)
{
	struct list_walk *walk = arg;
	unsigned beat = 0;

	pthread_mutex_lock(&walk->lock);
	while (!walk->stop && !walk->lost) {
		struct timespec until = call_deadline((unsigned)lock_ms(walk) / 3);
		bool lost;

		if (pthread_cond_timedwait(&walk->wake, &walk->lock, &until) != ETIMEDOUT)
			continue;
		pthread_mutex_unlock(&walk->lock);
		beat += is_held(walk);
		lost = list_lock_renew(walk, beat) == -ESTALE;
		if (lost)
			give_up(walk);
		pthread_mutex_lock(&walk->lock);
		walk->lost = walk->lost || lost;
	}
	pthread_mutex_unlock(&walk->lock);
	return NULL;
}

int list_lock_keep_on(struct list_walk *walk)
{
	int error = pthread_create(&walk->thread, NULL, renewing, walk);

	walk->running = !error;
	return -error;
}

void list_lock_rest(struct list_walk *walk)
{
	if (!walk->running)
		return;
	pthread_mutex_lock(&walk->lock);
	walk->stop = true;
	pthread_cond_signal(&walk->wake);
	pthread_mutex_unlock(&walk->lock);
	pthread_join(walk->thread, NULL);
	walk->running = false;
}

bool list_lock_lost(struct list_walk *walk)
{
	bool lost;

	pthread_mutex_lock(&walk->lock);
	lost = walk->lost;
	pthread_mutex_unlock(&walk->lock);
	return lost;
}

/* ---- what the holder changes ---- */

/* Note that the head is now HEAD (taken), LENGTH bytes. */
static void note_head(struct list_walk *walk, char *head, size_t length)
{
	char *old;

	pthread_mutex_lock(&walk->lock);
	old = walk->head_raw;
	walk->head_raw = head;
	walk->head_length = length;
	pthread_mutex_unlock(&walk->lock);
	free(old);
}

int list_lock_save(struct list_walk *walk, const char *sealed, size_t length, unsigned number,
		   bool whole)
{
	struct redis_command keys = lock_keys(walk), arguments = {0};
	char chunks[SEAL_NAME_MAX], *head = NULL;
	size_t head_length = 0;
	int error = 0;

	if (whole)
		error = list_head_close(walk->seat, walk->seat->lists->walk, &walk->head, &head,
					&head_length);
	if (error)
		return error;
	list_chunks_name(walk->seat, walk->head.id, chunks);
	redis_add_text(&keys, chunks);
	redis_add_text(&arguments, walk->token);
	redis_add_number(&arguments, lock_ms(walk));
	redis_add_number(&arguments, list_lock_keep(walk->seat));
	redis_add(&arguments, head ? head : "", head_length);
	redis_add_number(&arguments, number);
	redis_add(&arguments, sealed ? sealed : "", sealed ? length : 0);
	error = list_lock_run(walk, &save_script, &keys, &arguments);
	if (!error && whole)
		note_head(walk, head, head_length);
	else
		free(head);
	return error;
}

int list_lock_complete(struct list_walk *walk)
{
	const struct lists_seat *names = walk->seat->lists;
	struct redis_command keys = lock_keys(walk), arguments = {0};
	char chunks[SEAL_NAME_MAX], *head;
	size_t length;
	int error = list_head_close(walk->seat, names->done, &walk->head, &head, &length);

	if (error)
		return error;
	list_chunks_name(walk->seat, walk->head.id, chunks);
	redis_add_text(&keys, names->done);
	redis_add_text(&keys, chunks);
	redis_add_text(&arguments, walk->token);
	redis_add_number(&arguments, list_lock_keep(walk->seat));
	redis_add(&arguments, head, length);
	error = list_lock_run(walk, &complete_script, &keys, &arguments);
	free(head);
	walk->mine = false;
	return error;
}

void list_lock_release(struct list_walk *walk, bool failed)
{
	struct redis_command keys = lock_keys(walk), arguments = {0};
	char *head = NULL;
	size_t length = 0;

	if (!walk->mine)
		return;
	walk->mine = false;
	if (failed)
		list_head_close(walk->seat, walk->seat->lists->walk, &walk->head, &head, &length);
	redis_add_text(&arguments, walk->token);
	redis_add_number(&arguments, list_lock_keep(walk->seat));
	redis_add(&arguments, head ? head : "", head ? length : 0);
	list_lock_run(walk, &release_script, &keys, &arguments);
	free(head);
}

void list_lock_expire(struct store_seat *seat, const char *id)
{
	struct redis_command command = {0};
	struct redis_reply *reply = NULL;
	char chunks[SEAL_NAME_MAX];

	if (!*id)
		return;
	list_chunks_name(seat, id, chunks);
	redis_add_text(&command, "PEXPIRE");
	redis_add_text(&command, chunks);
	redis_add_number(&command, LEFT_MS);
	redis_ask(seat->shared->redis, &command, 1, REDIS_DEADLINE, &reply);
	redis_reply_free(reply);
}

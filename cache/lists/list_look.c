/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list_look.c - see list_look.h.
 *
 * Whether the holder of the lock moves is seen by this host's clock and by the bytes in the store
 * alone.
 */
#include "cache/lists/list_look.h"

#include "cache/lists/list_value.h"
#include "cache/redis/redis.h"
#include "cache/store/store_clock.h"
#include "vendors/base/clock.h"
#include "vendors/rest/account.h"

#include "cache/roster/roster.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define VALUES 3

/* Copy REPLY to *RAW. Returns 0 or -ENOMEM. */
static int look_copy(const struct redis_reply *reply, char **raw, size_t *length)
{
	const char *text = redis_text(reply, length);

	*raw = NULL;
	if (redis_type(reply) != REDIS_TEXT)
		return 0;
	*raw = malloc(*length + 1);
	if (!*raw)
		return -ENOMEM;
	memcpy(*raw, text, *length);
	return 0;
}

int list_look(struct list_walk *walk, struct list_sight *sight)
{
	const struct lists_seat *names = walk->seat->lists;
	const char *const keys[VALUES] = {names->done, names->walk, names->lock};
	struct redis_command commands[VALUES] = {{0}};
	struct redis_reply *replies[VALUES] = {NULL};
	const char *done;
	double began = clock_seconds();
	size_t length;
	int error;

	memset(sight, 0, sizeof(*sight));
	for (size_t i = 0; i < VALUES; i++) {
		redis_add_text(&commands[i], "GET");
		redis_add_text(&commands[i], keys[i]);
	}
	error = redis_ask(walk->seat->shared->redis, commands, VALUES, REDIS_DEADLINE, replies);
	sight->trip = clock_seconds() - began;
	for (size_t i = 0; !error && i < VALUES; i++) {
		if (redis_type(replies[i]) == REDIS_REFUSAL)
			error = -EREMOTEIO;
	}
	if (!error)
		error = look_copy(replies[1], &sight->walk_raw, &sight->walk_length);
	if (!error)
		error = look_copy(replies[2], &sight->lock_raw, &sight->lock_length);
	if (!error) {
		done = redis_text(replies[0], &length);
		list_head_open(walk->seat, names->done, length ? done : NULL, length, &sight->done);
		list_head_open(walk->seat, names->walk, sight->walk_raw, sight->walk_length,
			       &sight->walk);
	}
	for (size_t i = 0; i < VALUES; i++)
		redis_reply_free(replies[i]);
	if (error)
		list_look_done(sight);
	return error;
}

void list_look_done(struct list_sight *sight)
{
	free(sight->walk_raw);
	free(sight->lock_raw);
	sight->walk_raw = sight->lock_raw = NULL;
}

/* Return true if HEAD is of a list that was requested late enough for WALK. */
static bool is_new_enough(const struct list_walk *walk, const struct list_head *head)
{
	struct store_clock *clock = walk->seat->shared->clock;

	return head->id[0] && strcmp(head->id, walk->rejected) != 0 &&
	       store_clock_local(clock, head->began) >= walk->list->since;
}

bool list_look_is_fresh(const struct list_walk *walk, const struct list_sight *sight)
{
	const struct account *account = roster_account(walk->seat->roster);
	struct store_clock *clock = walk->seat->shared->clock;
	const struct list_head *head = &sight->done;
	double now = clock_seconds();

	return is_new_enough(walk, head) && head->phase == LIST_COMPLETE &&
	       store_clock_local(clock, head->complete) + (account->ttl ? account->ttl : 1) > now &&
	       (!head->ends || store_clock_local(clock, head->ends) > now);
}

bool list_look_is_walking(const struct list_walk *walk, const struct list_sight *sight)
{
	return is_new_enough(walk, &sight->walk) && sight->walk.phase == LIST_WALKING;
}

static bool look_is_same(const char *a, size_t a_length, const char *b, size_t b_length)
{
	return !a == !b && (!a || (a_length == b_length && memcmp(a, b, a_length) == 0));
}

double list_look_stands(struct list_walk *walk, struct list_sight *sight)
{
	double now = clock_seconds();

	if (walk->moved > 0 &&
	    look_is_same(walk->seen_walk, walk->seen_walk_length, sight->walk_raw,
			 sight->walk_length) &&
	    look_is_same(walk->seen_lock, walk->seen_lock_length, sight->lock_raw,
			 sight->lock_length))
		return now - walk->moved;
	if (walk->moved > 0 && now - walk->moved > walk->slowest)
		walk->slowest = now - walk->moved;
	free(walk->seen_walk);
	free(walk->seen_lock);
	walk->seen_walk = NULL;
	walk->seen_lock = NULL;
	walk->moved = now;
	if (sight->walk_raw)
		walk->seen_walk = malloc(sight->walk_length + 1);
	if (walk->seen_walk)
		memcpy(walk->seen_walk, sight->walk_raw, sight->walk_length);
	if (sight->lock_raw)
		walk->seen_lock = malloc(sight->lock_length + 1);
	if (walk->seen_lock)
		memcpy(walk->seen_lock, sight->lock_raw, sight->lock_length);
	walk->seen_walk_length = sight->walk_length;
	walk->seen_lock_length = sight->lock_length;
	return 0;
}

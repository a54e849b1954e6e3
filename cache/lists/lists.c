/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lists.c - see lists.h.
 *
 * Each turn looks at the store and takes one step: use the complete list, follow the walk of
 * another host, take the lock, or, with the lock, look once more and then walk. Whatever fails at
 * the store ends in this mount's own walk, which the others do not see.
 */
#include "cache/lists/lists.h"

#include "cache/lists/list_follow.h"
#include "cache/lists/list_lock.h"
#include "cache/lists/list_look.h"
#include "cache/lists/list_saving.h"
#include "cache/lists/list_value.h"
#include "cache/redis/redis.h"
#include "cache/store/store_clock.h"
#include "vendors/base/call.h"
#include "vendors/base/clock.h"
#include "vendors/base/columns.h"
#include "vendors/base/log.h"
#include "vendors/list/limit.h"
#include "vendors/list/trail.h"

#include "cache/roster/roster.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define PAUSE_MS 50
/* A walk that has stood for so long, and for so many times as long as it ever did before, may be
 * taken over. */
#define STANDS_SECONDS 10.0
#define STANDS_TIMES 3

/* Of this process, which has one store. */
static atomic_uint_fast64_t loaded_count, walked_count, resumed_count;

/* What a turn ends with: 0 and 1 as store_ops.load, a negative errno, or: */
enum { TURN_AGAIN = 2, TURN_WAIT };

/* ---- seats ---- */

int lists_attach(struct store_seat *seat)
{
	const char *const parts[] = {seat->identity};
	struct lists_seat *lists = calloc(1, sizeof(*lists));
	struct seal *seal = seat->shared->seal;

	if (!lists)
		return -ENOMEM;
	seal_name(seal, "list", parts, 1, lists->done);
	seal_name(seal, "list walk", parts, 1, lists->walk);
	seal_name(seal, "list lock", parts, 1, lists->lock);
	seat->lists = lists;
	return 0;
}

void lists_detach(struct store_seat *seat)
{
	free(seat->lists);
	seat->lists = NULL;
}

/* ---- one load ---- */

static struct list_walk *walk_new(struct store_seat *seat, struct store_list *list)
{
	struct list_walk *walk = calloc(1, sizeof(*walk));

	if (!walk)
		return NULL;
	if (list_id_new(walk->token)) {
		free(walk);
		return NULL;
	}
	walk->seat = seat;
	walk->list = list;
	walk->trailing = true;
	pthread_mutex_init(&walk->lock, NULL);
	clock_cond_init(&walk->wake);
	return walk;
}

static void walk_free(struct list_walk *walk)
{
	list_trail_free(walk->trail);
	free(walk->seen_walk);
	free(walk->seen_lock);
	free(walk->bytes);
	free(walk->head_raw);
	pthread_cond_destroy(&walk->wake);
	pthread_mutex_destroy(&walk->lock);
	free(walk);
}

/* The list of HEAD cannot be used. */
static int reject(struct list_walk *walk, const struct list_head *head)
{
	memcpy(walk->rejected, head->id, sizeof(walk->rejected));
	list_follow_forget(walk);
	return TURN_AGAIN;
}

/* What was told since the walk of HEAD began is known here, too. Returns 0 or a negative errno. */
static int replay(struct list_walk *walk, const struct list_head *head)
{
	return head->position[0] ? feed_replay(walk->seat, head->position) : -ESTALE;
}

/* Log that WALK has taken the list of HEAD, which was complete at RECEIVED. */
static void log_taken(const struct list_walk *walk, const struct list_head *head, double received)
{
	char records[COLUMNS_COUNT_MAX];
	double age = clock_seconds() - received;

	log_line("%s: %s taken from the shared store, fetched by %s %.0f s ago", walk->seat->label,
		 columns_count(walk->taken, records), head->host, age > 0 ? age : 0);
}

/* Take the complete list in SIGHT. */
static int take_list(struct list_walk *walk, const struct list_sight *sight)
{
	struct store_clock *clock = walk->seat->shared->clock;
	struct store_list *list = walk->list;
	const struct list_head *head = &sight->done;
	struct roster *roster = walk->seat->roster;
	int error = limit_check_rows(list->call, roster_account(roster), roster_collection(roster),
				     head->rows);

	list_lock_release(walk, false);
	if (error)
		return error;
	error = list_follow(walk, head, false);
	if (!error)
		error = replay(walk, head);
	if (error == -EBADMSG || error == -ESTALE)
		return reject(walk, head);
	if (error)
		return error == -EINTR || error == -ENOMEM ? error : 1;
	list->began = store_clock_local(clock, head->began);
	list->received = store_clock_local(clock, head->complete);
	list->fetched = time(NULL) - (time_t)(clock_seconds() - list->received);
	if (head->ends)
		call_good_until(list->call, store_clock_local(clock, head->ends));
	atomic_fetch_add(&loaded_count, 1);
	log_taken(walk, head, list->received);
	return 0;
}

/* Read what is new of the walk in SIGHT. */
static int lists_follow(struct list_walk *walk, const struct list_sight *sight)
{
	int error = list_follow(walk, &sight->walk, true);

	if (error == -EBADMSG)
		return reject(walk, &sight->walk);
	if (error)
		return error == -EINTR || error == -ENOMEM ? error : 1;
	return TURN_WAIT;
}

/* Another host has the lock: follow it, or take the lock if it does not move. */
static int turn_theirs(struct list_walk *walk, struct list_sight *sight)
{
	int result = TURN_WAIT;
	double stands;

	if (list_look_is_walking(walk, sight))
		result = lists_follow(walk, sight);
	if (result != TURN_WAIT)
		return result;
	stands = list_look_stands(walk, sight);
	if (stands < STANDS_SECONDS || stands < STANDS_TIMES * walk->slowest)
		return TURN_WAIT;
	if (list_lock_steal(walk, sight))
		return 1;
	return walk->mine ? TURN_AGAIN : TURN_WAIT;
}

/* Go on behind the walk in SIGHT, if that can be. Returns 0, or a negative errno: it cannot. */
static int resume(struct list_walk *walk, struct list_sight *sight)
{
	int error;

	if (!list_look_is_walking(walk, sight) || !sight->walk.trailed || !sight->walk.chunks)
		return -ENOENT;
	error = list_follow(walk, &sight->walk, true);
	if (!error && (!walk->trailing || list_trail_pages(walk->trail) != sight->walk.pages))
		error = -ENOENT;
	if (!error)
		error = replay(walk, &sight->walk);
	if (!error)
		error = list_saving_resume(walk, &sight->walk);
	if (error)
		return error;
	walk->list->trail = walk->trail;
	walk->trail = NULL;
	walk->list->began = store_clock_local(walk->seat->shared->clock, sight->walk.began);
	walk->list->progress(walk->list, NULL, sight->walk.pages, sight->walk.rows,
			     sight->walk.total);
	atomic_fetch_add(&resumed_count, 1);
	log_line("%s: %s has stopped fetching behind page %u: this mount goes on from there",
		 walk->seat->label, sight->walk.host, sight->walk.pages);
	return 0;
}

/* This mount has the lock: walk. */
static int turn_mine(struct list_walk *walk, struct list_sight *sight)
{
	memcpy(walk->replaced, sight->done.id, sizeof(walk->replaced));
	if (!resume(walk, sight))
		return 1;
	if (call_cancelled(walk->list->call))
		return -EINTR;
	list_follow_forget(walk);
	if (list_saving_begin(walk, &sight->walk))
		return 1;
	walk->list->progress(walk->list, NULL, 0, 0, 0);
	return 1;
}

static int turn(struct list_walk *walk)
{
	struct list_sight sight;
	int result;

	if (list_look(walk, &sight))
		return 1;
	walk->trip = sight.trip;
	if (list_look_is_fresh(walk, &sight))
		result = take_list(walk, &sight);
	else if (walk->mine)
		result = turn_mine(walk, &sight);
	else if (sight.lock_raw)
		result = turn_theirs(walk, &sight);
	else
		result = list_lock_take(walk) ? 1 : walk->mine ? TURN_AGAIN : TURN_WAIT;
	list_look_done(&sight);
	return result;
}

/* Take turns until it is known what to do. Returns as store_ops.load. */
static int decide(struct list_walk *walk)
{
	struct call *call = walk->list->call;
	int result;

	do {
		result = turn(walk);
		if ((result == TURN_WAIT && call_pause(call, PAUSE_MS)) ||
		    (result == TURN_AGAIN && call_cancelled(call)))
			result = -EINTR;
	} while (result == TURN_AGAIN || result == TURN_WAIT);
	if (result == -EINTR)
		return call_interrupted(call);
	if (result == -ENOMEM)
		return call_no_memory(call);
	return result;
}

int lists_load(struct store_seat *seat, struct store_list *list)
{
	struct list_walk *walk;
	int result;

	list->began = clock_seconds();
	list->own = NULL;
	list->trail = NULL;
	if (!redis_is_up(seat->shared->redis))
		return 1;
	walk = walk_new(seat, list);
	if (!walk)
		return call_no_memory(list->call);
	result = decide(walk);
	if (result == 1 && walk->saving) {
		list->own = walk;
		return 1;
	}
	/* nobody sees this walk */
	list_lock_release(walk, false);
	if (result == 1) {
		list_follow_forget(walk);
		list->progress(list, NULL, 0, 0, 0);
	}
	walk_free(walk);
	return result;
}

void lists_save_record(struct store_seat *seat, struct store_list *list, struct record *record)
{
	(void)seat;
	if (list->own)
		list_saving_record(list->own, record);
}

void lists_save_page(struct store_seat *seat, struct store_list *list, unsigned pages, size_t rows,
		     unsigned total, const struct list_trail *trail)
{
	(void)seat;
	if (list->own)
		list_saving_page(list->own, pages, rows, total, trail);
}

void lists_save_reset(struct store_seat *seat, struct store_list *list)
{
	(void)seat;
	if (list->own)
		list_saving_reset(list->own);
}

void lists_save_end(struct store_seat *seat, struct store_list *list, int error)
{
	struct list_walk *walk = list->own;

	(void)seat;
	if (!error)
		atomic_fetch_add(&walked_count, 1);
	if (walk) {
		list_saving_end(walk, error);
		walk_free(walk);
	}
	list->own = NULL;
	list_trail_free(list->trail);
	list->trail = NULL;
}

/* ---- for people ---- */

void lists_counts(struct shared *shared, uint64_t *loaded, uint64_t *walked, uint64_t *resumed)
{
	(void)shared;
	*loaded = atomic_load(&loaded_count);
	*walked = atomic_load(&walked_count);
	*resumed = atomic_load(&resumed_count);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard.c - see guard.h.
 *
 * Keeps the times of the status changes in the last window, oldest first. If there are `limit` of
 * them, there is no room. Each has a ticket, so that giving one back does not remove another one.
 * What the store counts includes this mount's changes. Both are kept, for the time when the store
 * cannot be reached.
 */
#include "cache/history/guard.h"

#include "cache/history/trust.h"
#include "cache/roster/store.h"
#include "vendors/base/call.h"
#include "vendors/base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct guard_taken {
	uint64_t ticket;
	uint64_t shared; /* the store's ticket; 0: none */
	time_t when;     /* monotonic seconds */
};

struct guard {
	bool read_only, dry_run;
	struct history *history;
	struct audit *audit;
	const struct undo_words *undo_words;
	struct store *store;       /* counts what all hosts change */
	pthread_mutex_t lock;      /* of what follows */
	unsigned limit;            /* 0: none */
	unsigned window;           /* seconds */
	struct guard_taken *taken; /* oldest first */
	size_t count, room;
	uint64_t last; /* the newest ticket */
};

struct guard *guard_new(bool read_only, bool dry_run, unsigned limit, unsigned window)
{
	struct guard *guard = calloc(1, sizeof(*guard));

	if (!guard)
		return NULL;
	guard->read_only = read_only;
	guard->dry_run = dry_run;
	guard->limit = limit;
	guard->window = window;
	guard->store = store_local();
	pthread_mutex_init(&guard->lock, NULL);
	return guard;
}

void guard_free(struct guard *guard)
{
	if (!guard)
		return;
	pthread_mutex_destroy(&guard->lock);
	free(guard->taken);
	free(guard);
}

void guard_tell(struct guard *guard, struct history *history, struct audit *audit,
		const struct undo_words *words)
{
	guard->history = history;
	guard->audit = audit;
	guard->undo_words = words;
}

void guard_share(struct guard *guard, struct store *store)
{
	guard->store = store;
}

struct history *guard_history(const struct guard *guard)
{
	return guard->history;
}

struct audit *guard_audit(const struct guard *guard)
{
	return guard->audit;
}

const struct undo_words *guard_undo_words(const struct guard *guard)
{
	return guard->undo_words;
}

int guard_writable(const struct guard *guard, struct call *call, const struct account *account)
{
	if (guard->read_only)
		return call_fail(call, CALL_READ_ONLY, "mounted read-only (-o ro)");
	return trust_check(call, account, NULL);
}

bool guard_dry_run(const struct guard *guard)
{
	return guard->dry_run;
}

/* ---- status_limit ---- */

/*
 * Forget what is older than the window. Returns true if there is room for one more. Changes are
 * counted even without a limit, because one may be set later.
 */
static bool guard_room_locked(struct guard *guard)
{
	time_t oldest = clock_now().tv_sec - (time_t)guard->window;
	size_t old = 0;

	while (old < guard->count && guard->taken[old].when <= oldest)
		old++;
	if (old) {
		guard->count -= old;
		memmove(guard->taken, guard->taken + old, guard->count * sizeof(*guard->taken));
	}
	return !guard->limit || guard->count < guard->limit;
}

/* Make ROOM, by this mount's own count, what it is if all hosts have made the changes in COUNT. */
static void guard_add_hosts(struct guard_room *room, const struct store_count *count, time_t today)
{
	unsigned left = count->taken < room->limit ? room->limit - count->taken : 0;
	double rest = room->window - count->oldest;

	room->ago = count->ago;
	/* the own count may be newer than what is known of all */
	if (left > room->left)
		return;
	room->left = left;
	if (count->taken)
		room->until = today + (time_t)(rest > 0 ? rest + 1 : 1);
}

void guard_look(struct guard *guard, struct guard_room *room)
{
	struct timespec now = clock_now(), today;
	struct store_count all;
	size_t count, next;

	clock_gettime(CLOCK_REALTIME, &today);
	pthread_mutex_lock(&guard->lock);
	guard_room_locked(guard);
	count = guard->count;
	*room = (struct guard_room){.limit = guard->limit, .window = guard->window};
	room->left = count < guard->limit ? guard->limit - (unsigned)count : 0;
	/* if the limit was lowered, several changes must leave the window first */
	next = count > guard->limit && guard->limit ? count - guard->limit : 0;
	if (count)
		room->until = guard->taken[next].when + (time_t)guard->window - now.tv_sec +
			      today.tv_sec;
	pthread_mutex_unlock(&guard->lock);
	/* the seconds of the two clocks do not begin together: round up */
	if (room->until && today.tv_nsec > now.tv_nsec)
		room->until++;
	room->ago = -1;
	if (guard->store->ops->look(guard->store, room->window, &all))
		guard_add_hosts(room, &all, today.tv_sec);
	room->together = all.together;
}

void guard_set_limit(struct guard *guard, unsigned limit)
{
	pthread_mutex_lock(&guard->lock);
	guard->limit = limit;
	pthread_mutex_unlock(&guard->lock);
}

void guard_set(struct guard *guard, unsigned limit, unsigned window)
{
	pthread_mutex_lock(&guard->lock);
	guard->limit = limit;
	guard->window = window;
	pthread_mutex_unlock(&guard->lock);
}

void guard_time(time_t when, char text[GUARD_TIME_MAX])
{
	struct tm local;

	localtime_r(&when, &local);
	strftime(text, GUARD_TIME_MAX, "%Y-%m-%dT%H:%M:%S%z", &local);
}

/* Count one more. Returns 0 or -ENOMEM. */
static int guard_take_locked(struct guard *guard, uint64_t *ticket)
{
	size_t room = guard->room ? 2 * guard->room : 64;
	struct guard_taken *longer = guard->taken;

	if (guard->count == guard->room) {
		longer = realloc(guard->taken, room * sizeof(*longer));
		if (!longer)
			return -ENOMEM;
		guard->taken = longer;
		guard->room = room;
	}
	*ticket = ++guard->last;
	longer[guard->count++] = (struct guard_taken){.ticket = *ticket,
						      .when = clock_now().tv_sec};
	return 0;
}

/* Return where the change with TICKET is, or guard->count: it is not counted any more. */
static size_t guard_find_locked(const struct guard *guard, uint64_t ticket)
{
	/* search from the newest: it is one of these */
	for (size_t at = guard->count; at-- > 0;) {
		if (guard->taken[at].ticket == ticket)
			return at;
	}
	return guard->count;
}

static int guard_refuse(struct guard *guard, struct call *call)
{
	struct guard_room room;
	char when[GUARD_TIME_MAX];

	guard_look(guard, &room);
	/* 0: there is room again by now */
	guard_time(room.until ? room.until : time(NULL), when);
	return call_fail(
	    call, CALL_OVER_LIMIT,
	    "status_limit reached (%u in %u s%s); next change possible at %s; to raise "
	    "it for this mount, write \"status_limit N\" to the control file; taking "
	    "back a change of this mount does not count",
	    room.limit, room.window, room.together ? ", all hosts together" : "", when);
}

int guard_has_room(struct guard *guard, struct call *call)
{
	struct guard_room room;

	guard_look(guard, &room);
	return !room.limit || room.left ? 0 : guard_refuse(guard, call);
}

/* Count the change with TICKET, which is counted here, with all hosts. */
static int guard_take_shared(struct guard *guard, struct call *call, uint64_t ticket)
{
	unsigned limit, window;
	uint64_t shared = 0;
	size_t at;
	int error;

	pthread_mutex_lock(&guard->lock);
	limit = guard->limit;
	window = guard->window;
	pthread_mutex_unlock(&guard->lock);
	error = guard->store->ops->take(guard->store, call, limit, window, &shared);
	if (error || !shared)
		return error;
	pthread_mutex_lock(&guard->lock);
	at = guard_find_locked(guard, ticket);
	if (at < guard->count)
		guard->taken[at].shared = shared;
	pthread_mutex_unlock(&guard->lock);
	return 0;
}

int guard_take(struct guard *guard, struct call *call, uint64_t *ticket)
{
	bool room;
	int error = 0;

	*ticket = 0;
	pthread_mutex_lock(&guard->lock);
	room = guard_room_locked(guard);
	if (room)
		error = guard_take_locked(guard, ticket);
	pthread_mutex_unlock(&guard->lock);
	if (!room)
		return guard_refuse(guard, call);
	if (error)
		return call_no_memory(call);
	error = guard_take_shared(guard, call, *ticket);
	if (!error)
		return 0;
	guard_give_back(guard, *ticket);
	*ticket = 0;
	return error == -EDQUOT ? guard_refuse(guard, call) : error;
}

void guard_give_back(struct guard *guard, uint64_t ticket)
{
	uint64_t shared = 0;
	size_t at;

	pthread_mutex_lock(&guard->lock);
	at = guard_find_locked(guard, ticket);
	if (at < guard->count) {
		shared = guard->taken[at].shared;
		guard->count--;
		memmove(guard->taken + at, guard->taken + at + 1,
			(guard->count - at) * sizeof(*guard->taken));
	}
	pthread_mutex_unlock(&guard->lock);
	if (shared)
		guard->store->ops->give_back(guard->store, shared);
}

/*
 * guard.c - see guard.h.
 *
 * The brake keeps the times of the changes in the last window, oldest first: when there are `limit`
 * of them, there is no room. Each has a ticket, so that whoever gives one back takes nobody else's.
 * It knows nothing of what is changed.
 */
#include "cache/guard.h"

#include "vendors/call.h"
#include "vendors/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct taken {
	uint64_t ticket;
	time_t when; /* monotonic seconds */
};

struct guard {
	bool read_only, dry_run;
	unsigned limit, window;
	struct history *history;
	struct audit *audit;
	pthread_mutex_t lock; /* of what follows */
	struct taken *taken;  /* oldest first */
	size_t count, room;
	uint64_t last; /* ticket given */
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

void guard_tell(struct guard *guard, struct history *history, struct audit *audit)
{
	guard->history = history;
	guard->audit = audit;
}

struct history *guard_history(const struct guard *guard)
{
	return guard->history;
}

struct audit *guard_audit(const struct guard *guard)
{
	return guard->audit;
}

int guard_writable(const struct guard *guard, struct call *call)
{
	return guard->read_only ? call_fail(call, EROFS, "mounted read-only (-o ro)") : 0;
}

bool guard_dry_run(const struct guard *guard)
{
	return guard->dry_run;
}

/* ---- the brake ---- */

/* Forget what is older than the window. Is there room for one more? */
static bool room_locked(struct guard *guard)
{
	time_t oldest = clock_now().tv_sec - (time_t)guard->window;
	size_t old = 0;

	while (old < guard->count && guard->taken[old].when <= oldest)
		old++;
	if (old) {
		guard->count -= old;
		memmove(guard->taken, guard->taken + old, guard->count * sizeof(*guard->taken));
	}
	return guard->count < guard->limit;
}

/* Count one more. 0 or -ENOMEM. */
static int take_locked(struct guard *guard, uint64_t *ticket)
{
	size_t room = guard->room ? 2 * guard->room : 64;
	struct taken *longer = guard->taken;

	if (guard->count == guard->room) {
		longer = realloc(guard->taken, room * sizeof(*longer));
		if (!longer)
			return -ENOMEM;
		guard->taken = longer;
		guard->room = room;
	}
	*ticket = ++guard->last;
	longer[guard->count++] = (struct taken){*ticket, clock_now().tv_sec};
	return 0;
}

static int refuse(const struct guard *guard, struct call *call)
{
	return call_fail(call, EDQUOT,
			 "%u statuses, memberships and deletions were sent in the last %u seconds, "
			 "which is status_limit: raise it in the config, or wait",
			 guard->limit, guard->window);
}

int guard_has_room(struct guard *guard, struct call *call)
{
	bool room;

	if (!guard->limit)
		return 0;
	pthread_mutex_lock(&guard->lock);
	room = room_locked(guard);
	pthread_mutex_unlock(&guard->lock);
	return room ? 0 : refuse(guard, call);
}

int guard_take(struct guard *guard, struct call *call, uint64_t *ticket)
{
	bool room;
	int error = 0;

	*ticket = 0;
	if (!guard->limit)
		return 0;
	pthread_mutex_lock(&guard->lock);
	room = room_locked(guard);
	if (room)
		error = take_locked(guard, ticket);
	pthread_mutex_unlock(&guard->lock);
	if (!room)
		return refuse(guard, call);
	return error ? call_fail(call, ENOMEM, "no memory") : 0;
}

void guard_give_back(struct guard *guard, uint64_t ticket)
{
	size_t at;

	pthread_mutex_lock(&guard->lock);
	/* it is one of the newest */
	for (at = guard->count; at-- > 0 && guard->taken[at].ticket != ticket;) {
	}
	if (at < guard->count) {
		guard->count--;
		memmove(guard->taken + at, guard->taken + at + 1,
			(guard->count - at) * sizeof(*guard->taken));
	}
	pthread_mutex_unlock(&guard->lock);
}

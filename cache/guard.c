/*
 * guard.c - see guard.h.
 *
 * The brake is a ring of the times of the newest `limit` changes: when the oldest of them is
 * younger than the window, there is no room. It knows nothing of what is changed.
 */
#include "cache/guard.h"

#include "vendors/call.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

struct guard {
	bool read_only, dry_run;
	unsigned limit, window;
	pthread_mutex_t lock;
	time_t *times; /* ring of limit entries, monotonic seconds; 0: unused */
	unsigned next;
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
	guard->times = calloc((size_t)limit + 1, sizeof(*guard->times));
	if (!guard->times) {
		free(guard);
		return NULL;
	}
	pthread_mutex_init(&guard->lock, NULL);
	return guard;
}

void guard_free(struct guard *guard)
{
	if (!guard)
		return;
	pthread_mutex_destroy(&guard->lock);
	free(guard->times);
	free(guard);
}

int guard_writable(const struct guard *guard, struct call *call)
{
	return guard->read_only ? call_fail(call, EROFS, "mounted read-only (-o ro)") : 0;
}

bool guard_dry_run(const struct guard *guard)
{
	return guard->dry_run;
}

static time_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + 1; /* never 0 */
}

static bool room_locked(const struct guard *guard)
{
	time_t oldest = guard->times[guard->next];

	return !guard->limit || !oldest || now() - oldest >= (time_t)guard->window;
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

	pthread_mutex_lock(&guard->lock);
	room = room_locked(guard);
	pthread_mutex_unlock(&guard->lock);
	return room ? 0 : refuse(guard, call);
}

int guard_take(struct guard *guard, struct call *call)
{
	bool room;

	pthread_mutex_lock(&guard->lock);
	room = room_locked(guard);
	if (room && guard->limit) {
		guard->times[guard->next] = now();
		guard->next = (guard->next + 1) % guard->limit;
	}
	pthread_mutex_unlock(&guard->lock);
	return room ? 0 : refuse(guard, call);
}

void guard_give_back(struct guard *guard)
{
	pthread_mutex_lock(&guard->lock);
	if (guard->limit) {
		guard->next = (guard->next + guard->limit - 1) % guard->limit;
		guard->times[guard->next] = 0;
	}
	pthread_mutex_unlock(&guard->lock);
}

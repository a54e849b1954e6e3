/* SPDX-License-Identifier: Apache-2.0 */
/*
 * budget.c - see budget.h.
 *
 * One thread asks the store, for all endpoints that are due in one go. Another one watches how long
 * that takes, and guesses.
 *
 * A share is made smaller in two steps: http_permit lets vendors/http send no more, and the next
 * ask says what is still in flight.
 */
#include "cache/limits/budget.h"

#include "cache/limits/budget_ask.h"
#include "cache/redis/redis.h"
#include "cache/store/shared_state.h"
#include "vendors/base/clock.h"
#include "vendors/http/endpoint.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

/* A grant counts here for a little less than at the server. */
#define EARLY 100
#define PATIENCE 100    /* what a request waits for a first reply */
#define LOOK 50         /* how often that is looked at */
#define IDLE 30         /* a share without a request is kept for so long, if nobody waits */
#define IDLE_WANTED 3   /* the same, if somebody does */
#define PAUSE 5         /* between two asks by a mount that has a share, and may get more */
#define PAUSE_BUSY 20   /* the same, if nothing is left */
#define BUSY 300        /* it is told to ask again sooner than that, if nothing is left */
#define PAUSE_DOWN 300  /* between two asks while the store cannot be reached */
#define PAUSE_ERROR 100 /* after another error */

struct budget {
	struct limits *limits;
	pthread_t asker, watcher;
	pthread_cond_t ask, watch; /* with limits->lock; monotonic */
	bool asks, watches;        /* these threads run */
	int64_t down; /* since when the store cannot be reached, under limits->lock; 0: it can */
};

struct budget *budget_new(struct limits *limits)
{
	struct budget *budget = calloc(1, sizeof(*budget));

	if (!budget)
		return NULL;
	budget->limits = limits;
	clock_cond_init(&budget->ask);
	clock_cond_init(&budget->watch);
	return budget;
}

void budget_free(struct budget *budget)
{
	if (!budget)
		return;
	pthread_cond_destroy(&budget->ask);
	pthread_cond_destroy(&budget->watch);
	free(budget);
}

/* Return how many requests of SLOT may be in flight at NOW. */
static unsigned share_of(const struct limits_slot *slot, int64_t now)
{
	return permit_most(&slot->permit, slot->endpoint->parallel, now);
}

static unsigned limit_of(const struct limits_slot *slot)
{
	return slot->endpoint->parallel ? slot->endpoint->parallel : 1;
}

void budget_wants(struct permit *permit)
{
	struct limits_slot *slot = (struct limits_slot *)permit;
	struct limits *limits = slot->limits;
	int64_t now = clock_milliseconds(), due = now;

	pthread_mutex_lock(&limits->lock);
	if (!atomic_load(&permit->wanted)) {
		due += slot->starving ? IDLE_WANTED : IDLE;
	} else {
		if (!slot->pending)
			slot->pending = now;
		if (share_of(slot, now))
			due = clock_later(now, slot->asked + slot->pause);
	}
	if (due < slot->due) {
		slot->due = due;
		pthread_cond_signal(&limits->budget->ask);
	}
	pthread_cond_signal(&limits->budget->watch);
	pthread_mutex_unlock(&limits->lock);
}

/* ---- without a reply ---- */

/* Let SLOT have its part by what is known. */
static void guess_locked(struct limits_slot *slot)
{
	int64_t now = clock_milliseconds(), down = slot->limits->budget->down;
	unsigned hosts = slot->hosts ? slot->hosts : 1, part = limit_of(slot) / hosts;
	unsigned share = share_of(slot, now);

	/* until the grants of others have ended, more would be too much */
	if (!part || !down || (slot->hosts && now - down < BUDGET_GRANT))
		part = 1;
	if (share && !slot->guessed)
		part = share < part ? share : part;
	else
		atomic_store(&slot->permit.until, INT64_MAX);
	slot->guessed = !share || slot->guessed;
	atomic_store(&slot->permit.share, part);
}

static void unlock_and_tell(struct limits_slot *slot)
{
	pthread_mutex_unlock(&slot->limits->lock);
	http_permit(slot->endpoint);
	pthread_mutex_lock(&slot->limits->lock);
}

/* Guess where a request has waited for too long. Returns true if any waits. */
static bool budget_look_locked(struct limits *limits)
{
	bool any = false;

	for (size_t i = 0; i < limits->count; i++) {
		struct limits_slot *slot = &limits->slots[i];
		int64_t now = clock_milliseconds();

		if (!slot->pending || !atomic_load(&slot->permit.wanted))
			continue;
		any = true;
		if (share_of(slot, now) || now - slot->pending < PATIENCE)
			continue;
		guess_locked(slot);
		unlock_and_tell(slot);
	}
	return any;
}

/* Sleep until COND, or until UNTIL (clock_milliseconds). */
static void budget_sleep_locked(struct limits *limits, pthread_cond_t *cond, int64_t until)
{
	const struct timespec time = clock_cond_time((double)(until - clock_milliseconds()) / 1000);

	pthread_cond_timedwait(cond, &limits->lock, &time);
}

static void *budget_watch(void *arg)
{
	struct budget *budget = arg;
	struct limits *limits = budget->limits;

	pthread_mutex_lock(&limits->lock);
	while (!limits->stopping) {
		if (budget_look_locked(limits))
			budget_sleep_locked(limits, &budget->watch, clock_milliseconds() + LOOK);
		else if (!limits->stopping)
			pthread_cond_wait(&budget->watch, &limits->lock);
	}
	pthread_mutex_unlock(&limits->lock);
	return NULL;
}

/* ---- the asker ---- */

/* Note that the store could not be asked for SLOT. */
static void failed_locked(struct limits_slot *slot)
{
	struct redis *redis = slot->limits->shared->redis;
	int64_t now = clock_milliseconds();
	bool up = redis_is_up(redis);

	slot->due = now + (up ? PAUSE_ERROR : PAUSE_DOWN);
	if (up)
		return;
	if (!slot->limits->budget->down)
		slot->limits->budget->down = now;
	guess_locked(slot);
	unlock_and_tell(slot);
}

/* Note what the store said of SLOT to ASK, which was sent at SENT. */
static void apply_locked(struct limits_slot *slot, const struct budget_ask *ask, int64_t sent)
{
	unsigned share = ask->grant < ask->target ? ask->grant : ask->target;
	unsigned wanted, holds;
	int64_t now = clock_milliseconds(), again;

	atomic_store(&slot->permit.share, share);
	atomic_store(&slot->permit.until, sent + BUDGET_GRANT - EARLY);
	slot->guessed = false;
	slot->limits->budget->down = 0;
	slot->pending = 0;
	slot->starving = ask->starving;
	slot->hosts = ask->hosts;
	slot->pause = ask->again < BUSY ? PAUSE_BUSY : PAUSE;
	wanted = atomic_load(&slot->permit.wanted);
	again = wanted > ask->wanted && wanted > share ? slot->pause : ask->again;
	slot->due = clock_sooner(slot->due, now + again);
	unlock_and_tell(slot);
	holds = atomic_load(&slot->permit.flying);
	/* the rest is given back at once; what is in flight is when it has landed (budget_wants) */
	if ((holds > share ? holds : share) < ask->grant)
		slot->due = now;
}

/* Take the slots that are due into ASKED and what they ask for into ASKS. Returns how many, and
 * sets *NEXT to when the next one is due. */
static unsigned budget_take_due_locked(struct limits *limits, struct limits_slot **asked,
				       struct budget_ask *asks, int64_t *next)
{
	int64_t now = clock_milliseconds();
	unsigned count = 0;

	*next = now + 60000;
	for (size_t i = 0; i < limits->count && count < BUDGET_ASKS_MAX; i++) {
		struct limits_slot *slot = &limits->slots[i];

		if (slot->due > now) {
			*next = clock_sooner(*next, slot->due);
			continue;
		}
		slot->due = INT64_MAX;
		slot->asked = now;
		if (atomic_load(&slot->permit.wanted) && !slot->pending)
			slot->pending = now;
		/* it is asked for again with the next request */
		if (!atomic_load(&slot->permit.wanted) && !slot->guessed) {
			atomic_store(&slot->permit.share, 0);
			unlock_and_tell(slot);
		}
		asks[count] = (struct budget_ask){.name = slot->budget,
						  .wanted = atomic_load(&slot->permit.wanted),
						  .limit = limit_of(slot),
						  .holds = share_of(slot, now),
						  .known = slot->hosts};
		if (asks[count].holds < atomic_load(&slot->permit.flying))
			asks[count].holds = atomic_load(&slot->permit.flying);
		asked[count++] = slot;
	}
	return count;
}

static void *budget_run(void *arg)
{
	struct budget *budget = arg;
	struct limits *limits = budget->limits;
	struct limits_slot *asked[BUDGET_ASKS_MAX];
	struct budget_ask asks[BUDGET_ASKS_MAX];
	unsigned count;
	int64_t next;

	pthread_mutex_lock(&limits->lock);
	while (!limits->stopping) {
		int64_t sent;
		int error;

		count = budget_take_due_locked(limits, asked, asks, &next);
		if (!count) {
			budget_sleep_locked(limits, &budget->ask, next);
			continue;
		}
		pthread_mutex_unlock(&limits->lock);
		sent = clock_milliseconds();
		error = budget_ask(limits->shared, asks, count);
		pthread_mutex_lock(&limits->lock);
		for (unsigned i = 0; i < count; i++) {
			if (error)
				failed_locked(asked[i]);
			else
				apply_locked(asked[i], &asks[i], sent);
		}
	}
	pthread_mutex_unlock(&limits->lock);
	return NULL;
}

int budget_start(struct budget *budget)
{
	sigset_t all, before;
	int error;

	/* signals are for the thread that waits for them */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&budget->asker, NULL, budget_run, budget);
	budget->asks = !error;
	if (!error) {
		error = pthread_create(&budget->watcher, NULL, budget_watch, budget);
		budget->watches = !error;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -error;
}

void budget_stop(struct budget *budget)
{
	struct limits *limits = budget->limits;

	pthread_cond_broadcast(&budget->ask);
	pthread_cond_broadcast(&budget->watch);
	if (budget->asks)
		pthread_join(budget->asker, NULL);
	if (budget->watches)
		pthread_join(budget->watcher, NULL);
	if (!budget->asks)
		return;
	budget->asks = budget->watches = false;
	for (size_t i = 0; i < limits->count && redis_is_up(limits->shared->redis); i++)
		budget_ask_leave(limits->shared, limits->slots[i].budget);
}

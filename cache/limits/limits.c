/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limits.c - see limits.h.
 *
 * It knows the endpoints, and has the thread for all that need not be quick: what was not told yet,
 * and what somebody looks at.
 */
#include "cache/limits/limits.h"

#include "cache/feed/feed.h"
#include "cache/limits/budget.h"
#include "cache/limits/limits_state.h"
#include "cache/limits/memory.h"
#include "cache/limits/quota.h"
#include "cache/limits/waits.h"
#include "cache/redis/redis.h"
#include "cache/store/shared_state.h"
#include "vendors/base/clock.h"
#include "vendors/http/endpoint.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define TURN 500 /* milliseconds */

/* ---- the endpoints ---- */

/* Return endpoint INDEX of ACCOUNT: those of its apis, then those for their tokens. NULL: it has no
 * such endpoint. *END: there is none behind it. */
static struct endpoint *endpoint_at(struct account *account, unsigned index, bool *end)
{
	unsigned apis = account_api_count(account->vendor);
	struct endpoint *endpoint = NULL;

	if (!apis)
		apis = 1;
	*end = index >= (account->logins ? 2 * apis : apis);
	if (!*end && index < apis)
		endpoint = account_endpoint(account, index);
	else if (!*end)
		endpoint = &account->logins[index - apis];
	return endpoint && endpoint->base_url && account->vendor->users ? endpoint : NULL;
}

static void slot_init(struct limits *limits, struct limits_slot *slot, size_t account,
		      unsigned index, struct endpoint *endpoint)
{
	struct shared *shared = limits->shared;
	char number[16];
	const char *parts[] = {shared->names[account], number, endpoint->base_url};

	snprintf(number, sizeof(number), "%u", index);
	slot->limits = limits;
	slot->endpoint = endpoint;
	slot->account = account;
	slot->index = index;
	seal_name(shared->seal, "budget", parts, 3, slot->budget);
	seal_name(shared->seal, "wait", parts, 3, slot->wait);
	slot->permit.wants = budget_wants;
	slot->permit.told = waits_note;
}

/* Find the endpoints of all accounts. Returns how many; SLOTS may be NULL. */
static size_t find_slots(struct limits *limits, struct limits_slot *slots)
{
	struct shared *shared = limits->shared;
	size_t count = 0;

	for (size_t i = 0; i < shared->account_count; i++) {
		bool end = false;

		for (unsigned index = 0; !end; index++) {
			struct endpoint *endpoint = endpoint_at(shared->accounts[i], index, &end);

			if (endpoint && slots)
				slot_init(limits, &slots[count], i, index, endpoint);
			count += endpoint != NULL;
		}
	}
	return count;
}

/* As feed_on_hold wants it. */
static void limits_hear(void *arg, size_t account, unsigned index, int64_t until)
{
	limits_told(arg, account, index, until);
}

/* ---- life ---- */

struct limits *limits_new(struct shared *shared)
{
	struct limits *limits = calloc(1, sizeof(*limits));

	if (!limits)
		return NULL;
	limits->shared = shared;
	pthread_mutex_init(&limits->lock, NULL);
	clock_cond_init(&limits->wake);
	limits->quota = quota_new(shared);
	limits->memory = memory_new(shared);
	limits->budget = budget_new(limits);
	limits->count = find_slots(limits, NULL);
	limits->slots = calloc(limits->count + 1, sizeof(*limits->slots));
	if (!limits->quota || !limits->memory || !limits->budget || !limits->slots) {
		limits->count = 0;
		limits_free(limits);
		return NULL;
	}
	find_slots(limits, limits->slots);
	if (shared->feed)
		feed_on_hold(shared->feed, limits_hear, limits);
	return limits;
}

void limits_free(struct limits *limits)
{
	if (!limits)
		return;
	limits_stop(limits);
	budget_free(limits->budget);
	memory_free(limits->memory);
	quota_free(limits->quota);
	free(limits->slots);
	pthread_cond_destroy(&limits->wake);
	pthread_mutex_destroy(&limits->lock);
	free(limits);
}

/* Tell and ask what is to be told and asked. *KNOWS: which waits are on. Waits for the store. */
static void limits_turn(struct limits *limits, bool *knows)
{
	bool up = redis_is_up(limits->shared->redis);

	if (!up)
		*knows = false;
	else if (!*knows)
		*knows = waits_learn(limits) == 0;
	if (up && !waits_turn(limits)) {
		pthread_mutex_lock(&limits->lock);
		limits->rung = false;
		pthread_mutex_unlock(&limits->lock);
	}
	quota_turn(limits->quota);
	memory_turn(limits->memory);
}

static void *limits_run(void *arg)
{
	struct limits *limits = arg;
	bool knows = false;

	pthread_mutex_lock(&limits->lock);
	while (!limits->stopping) {
		const struct timespec time = clock_cond_time(TURN / 1000.0);

		limits->rung = false;
		pthread_mutex_unlock(&limits->lock);
		limits_turn(limits, &knows);
		pthread_mutex_lock(&limits->lock);
		if (!limits->rung && !limits->stopping)
			pthread_cond_timedwait(&limits->wake, &limits->lock, &time);
	}
	pthread_mutex_unlock(&limits->lock);
	return NULL;
}

int limits_start(struct limits *limits)
{
	sigset_t all, before;
	int error;

	for (size_t i = 0; i < limits->count; i++)
		http_permit_set(limits->slots[i].endpoint, &limits->slots[i].permit);
	error = budget_start(limits->budget);
	if (error)
		return error;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&limits->thread, NULL, limits_run, limits);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	limits->started = !error;
	return -error;
}

void limits_stop(struct limits *limits)
{
	bool stopped;

	pthread_mutex_lock(&limits->lock);
	stopped = limits->stopping;
	limits->stopping = true;
	pthread_cond_signal(&limits->wake);
	pthread_mutex_unlock(&limits->lock);
	if (stopped)
		return;
	if (limits->budget)
		budget_stop(limits->budget);
	if (limits->started) {
		pthread_join(limits->thread, NULL);
		if (redis_is_up(limits->shared->redis)) {
			quota_turn(limits->quota);
			memory_turn(limits->memory);
		}
	}
	/* no request is counted any more, and the queues may go before the store does */
	for (size_t i = 0; i < limits->count; i++)
		http_permit_set(limits->slots[i].endpoint, NULL);
}

/* ---- operations ---- */

int limits_take(struct shared *shared, struct call *call, unsigned limit, unsigned window,
		uint64_t *ticket)
{
	return quota_take(shared->limits->quota, call, limit, window, ticket);
}

void limits_give_back(struct shared *shared, uint64_t ticket)
{
	quota_give_back(shared->limits->quota, ticket);
}

bool limits_look(struct shared *shared, unsigned window, struct store_count *count)
{
	return quota_look(shared->limits->quota, window, count);
}

int limits_remember(struct store_seat *seat, const char *id, const json_t *value)
{
	return memory_remember(seat->shared->limits->memory, seat, id, value);
}

json_t *limits_recall(struct store_seat *seat, const char *id)
{
	return memory_recall(seat->shared->limits->memory, seat, id);
}

void limits_told(struct limits *limits, size_t account, unsigned index, int64_t until)
{
	for (size_t i = 0; i < limits->count; i++) {
		struct limits_slot *slot = &limits->slots[i];

		if (slot->account == account && slot->index == index)
			waits_told(slot, until);
	}
}

void limits_print_metrics(struct limits *limits, FILE *stream)
{
	static const char name[] = "rosterfs_store_requests_share";
	int64_t now = clock_milliseconds();

	fprintf(
	    stream,
	    "# HELP %s Requests that this mount may have in flight, of `parallel` for all hosts.\n"
	    "# TYPE %s gauge\n",
	    name, name);
	for (size_t i = 0; i < limits->count; i++) {
		const struct limits_slot *slot = &limits->slots[i];

		fprintf(stream, "%s{vendor=\"%s\",endpoint=\"%u\"} %u\n", name,
			slot->endpoint->name, slot->index,
			permit_most(&slot->permit, slot->endpoint->parallel, now));
	}
}

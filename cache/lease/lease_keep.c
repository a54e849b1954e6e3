/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lease_keep.c - the thread that renews what this mount holds, each second, in one question for
 * all. When the mount starts and when the server is back, it lets the server settle before anybody
 * needs a lease.
 *
 * What it learns counts only if the lease is still the one that it asked about: its number and its
 * token are compared, since the owner may have given it back, or got it anew, meanwhile.
 */
#include "cache/lease/lease_keep.h"

#include "cache/lease/lease_script.h"
#include "cache/lease/lease_state.h"
#include "vendors/base/call.h"
#include "vendors/base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define KEEP_PERIOD 1.0
#define KEEP_MAX 500 /* leases in one question: the server is not busy for a millisecond */

struct kept {
	uint64_t number;
	int64_t token;
};

struct round {
	struct kept *kept;
	char *lines;
	char *result;
	size_t count;
};

static void round_clear(struct round *round)
{
	free(round->kept);
	free(round->lines);
	free(round->result);
	*round = (struct round){0};
}

/* Put up to KEEP_MAX leases with a number above AFTER into ROUND. */
static void round_fill_locked(struct leases *leases, struct round *round, uint64_t after)
{
	struct store_lease *lease, *next;
	size_t room = leases->held < KEEP_MAX ? leases->held : KEEP_MAX, used = 0;

	round->kept = calloc(room + 1, sizeof(*round->kept));
	round->lines = calloc(room + 1, LEASE_KEY_MAX + LEASE_TICKET_MAX + 2);
	round->result = calloc(room + 1, 1);
	if (!round->kept || !round->lines || !round->result)
		return;
	/* the table is in the order in which leases were added, which is that of their numbers */
	HASH_ITER(hh, leases->table, lease, next) {
		int printed;

		if (!lease->held || lease->gone || lease->number <= after || round->count == room)
			continue;
		round->kept[round->count++] = (struct kept){.number = lease->number,
							    .token = lease->token};
		printed = snprintf(round->lines + used, LEASE_KEY_MAX + LEASE_TICKET_MAX + 2,
				   "%s %s\n", lease->key, lease->ticket);
		used += (size_t)printed;
	}
}

/* Note what the server said to ROUND, which was sent at SENT. */
static void round_adopt(struct leases *leases, const struct round *round, double sent)
{
	pthread_mutex_lock(&leases->lock);
	for (size_t i = 0; i < round->count; i++) {
		struct store_lease *lease;

		HASH_FIND(hh, leases->table, &round->kept[i].number, sizeof(uint64_t), lease);
		if (!lease || !lease->held || lease->token != round->kept[i].token)
			continue;
		if (round->result[i] == '1') {
			if (lease->until < sent + LEASE_SECONDS)
				lease->until = sent + LEASE_SECONDS;
		} else if (!lease->gone) {
			lease->gone = true;
			leases->lost++;
		}
	}
	pthread_mutex_unlock(&leases->lock);
}

static void renew_all(struct leases *leases)
{
	struct round round = {0};
	uint64_t after = 0;
	bool more;

	do {
		double sent = clock_seconds();

		pthread_mutex_lock(&leases->lock);
		round_fill_locked(leases, &round, after);
		pthread_mutex_unlock(&leases->lock);
		more = round.count == KEEP_MAX;
		if (round.count)
			after = round.kept[round.count - 1].number;
		if (round.count &&
		    !lease_script_renew(leases, round.lines, round.result, round.count))
			round_adopt(leases, &round, sent);
		round_clear(&round);
	} while (more);
}

/* Let the server settle. The lock is released meanwhile. */
static void settle_locked(struct leases *leases)
{
	bool settled;

	leases->settled = true; /* unless it is back once more */
	pthread_mutex_unlock(&leases->lock);
	settled = lease_script_settle(leases) == 0;
	pthread_mutex_lock(&leases->lock);
	leases->settled = leases->settled && settled;
}

/* Wait until it is time to renew, or until the server is to settle. */
static void rest_locked(struct leases *leases)
{
	struct timespec until = call_deadline((unsigned)(KEEP_PERIOD * 1000));
	bool settled = leases->settled;

	while (!leases->ending && leases->settled == settled &&
	       pthread_cond_timedwait(&leases->wake, &leases->lock, &until) != ETIMEDOUT)
		;
}

static void *lease_keep_run(void *arg)
{
	struct leases *leases = arg;

	pthread_mutex_lock(&leases->lock);
	while (!leases->ending) {
		bool any;

		if (!leases->settled)
			settle_locked(leases);
		rest_locked(leases);
		any = !leases->ending && leases->held;
		pthread_mutex_unlock(&leases->lock);
		if (any)
			renew_all(leases);
		pthread_mutex_lock(&leases->lock);
	}
	pthread_mutex_unlock(&leases->lock);
	return NULL;
}

int lease_keep_start(struct leases *leases)
{
	int error = pthread_create(&leases->thread, NULL, lease_keep_run, leases);

	leases->running = !error;
	return -error;
}

void lease_keep_stop(struct leases *leases)
{
	if (!leases->running)
		return;
	pthread_mutex_lock(&leases->lock);
	leases->ending = true;
	pthread_cond_broadcast(&leases->wake);
	pthread_mutex_unlock(&leases->lock);
	pthread_join(leases->thread, NULL);
	leases->running = false;
}

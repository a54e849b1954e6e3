/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lease.c - see lease.h.
 *
 * A free record takes one question to lock and one to unlock. Whether a lease is held is known
 * without a question: it was, when it was last extended, and stays so for LEASE_SECONDS from before
 * that question was sent, whatever the clocks of the hosts show.
 */
#include "cache/lease/lease.h"

#include "cache/feed/feed.h"
#include "cache/lease/lease_keep.h"
#include "cache/lease/lease_script.h"
#include "cache/lease/lease_state.h"
#include "cache/lease/lease_wait.h"
#include "cache/redis/redis.h"
#include "cache/store/shared_state.h"
#include "vendors/base/call.h"
#include "vendors/base/clock.h"
#include "vendors/base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STOP_SECONDS 0.5

/* ---- life ---- */

struct leases *leases_new(struct shared *shared)
{
	struct leases *leases = calloc(1, sizeof(*leases));

	if (!leases)
		return NULL;
	leases->shared = shared;
	feed_mailbox(shared, shared->mount, leases->mailbox);
	seal_name(shared->seal, "tokens", NULL, 0, leases->tokens);
	seal_name(shared->seal, "leases", NULL, 0, leases->epoch);
	pthread_mutex_init(&leases->lock, NULL);
	clock_cond_init(&leases->wake);
	if (shared->feed)
		feed_on_mail(shared->feed, lease_wait_mail, leases);
	return leases;
}

void leases_free(struct leases *leases)
{
	if (!leases)
		return;
	pthread_cond_destroy(&leases->wake);
	pthread_mutex_destroy(&leases->lock);
	free(leases);
}

int leases_start(struct leases *leases)
{
	return lease_keep_start(leases);
}

/* Copy what names a lease that is held at the server, and note that it is not any more. Returns
 * false: there is none. */
static bool take_one(struct leases *leases, struct store_lease *copy)
{
	struct store_lease *lease, *next;
	bool any = false;

	pthread_mutex_lock(&leases->lock);
	HASH_ITER(hh, leases->table, lease, next) {
		if (any || !lease->held || lease->gone)
			continue;
		any = lease->gone = true;
		copy->leases = leases;
		memcpy(copy->key, lease->key, sizeof(copy->key));
		memcpy(copy->ticket, lease->ticket, sizeof(copy->ticket));
	}
	pthread_mutex_unlock(&leases->lock);
	return any;
}

void leases_stop(struct leases *leases)
{
	double end = clock_seconds() + STOP_SECONDS;
	struct store_lease lease = {0};

	lease_keep_stop(leases);
	/* of writes that have not ended: they send nothing any more */
	while (clock_seconds() < end && redis_is_up(leases->shared->redis) &&
	       take_one(leases, &lease))
		lease_script_leave(&lease);
}

void leases_counts(struct leases *leases, unsigned *held, unsigned *waiting, uint64_t *lost)
{
	pthread_mutex_lock(&leases->lock);
	*held = leases->held;
	*waiting = leases->waiting;
	*lost = leases->lost;
	pthread_mutex_unlock(&leases->lock);
}

/* ---- one lease ---- */

static void lease_free(struct store_lease *lease)
{
	free(lease->id);
	free(lease);
}

/* Return a lease of record ID of SEAT, in the table, which is not asked for yet. */
static struct store_lease *lease_new(struct store_seat *seat, const char *id)
{
	struct leases *leases = seat->shared->leases;
	const char *const parts[] = {seat->identity, id};
	struct store_lease *lease = calloc(1, sizeof(*lease));
	bool added;

	if (!lease)
		return NULL;
	lease->leases = leases;
	lease->seat = seat;
	lease->id = strdup(id);
	if (!lease->id) {
		lease_free(lease);
		return NULL;
	}
	seal_name(leases->shared->seal, "lease", parts, 2, lease->key);
	pthread_mutex_lock(&leases->lock);
	lease->number = ++leases->numbers;
	snprintf(lease->ticket, sizeof(lease->ticket), "%s %llu", leases->mailbox,
		 (unsigned long long)lease->number);
	HASH_ADD(hh, leases->table, number, sizeof(lease->number), lease);
	added = lease->hh.tbl;
	pthread_mutex_unlock(&leases->lock);
	if (added)
		return lease;
	lease_free(lease);
	return NULL;
}

/* Take LEASE out of the table, and free it. */
static void lease_end(struct store_lease *lease)
{
	struct leases *leases = lease->leases;

	pthread_mutex_lock(&leases->lock);
	leases->held -= lease->held;
	HASH_DELETE(hh, leases->table, lease);
	pthread_mutex_unlock(&leases->lock);
	lease_free(lease);
}

/* The store did not answer, because of ERROR. Returns 0, and logs it, if CALL goes on without a
 * lock. MORE is put behind the words. */
static int lease_fail(const struct shared *shared, struct call *call, int error, const char *more)
{
	char words[REDIS_WORDS_MAX];

	if (error == -ENOMEM)
		return call_no_memory(call);
	if (redis_trouble(shared->redis, words) == 0 || !words[0])
		snprintf(words, sizeof(words), "%s", strerror(-error));
	if (!shared->required) {
		log_call(call,
			 "the shared store can't be reached (%s: %s): no lock keeps other hosts "
			 "from writing the record (shared_required = no)",
			 redis_where(shared->redis), words);
		return 0;
	}
	return call_fail(call, CALL_NO_LOCK,
			 "the shared store can't be reached: no lock (%s: %s)%s",
			 redis_where(shared->redis), words, more);
}

int lease_lock(struct store_seat *seat, struct call *call, const char *id,
	       struct store_lease **lease)
{
	struct store_lease *made = lease_new(seat, id);
	int error;

	if (!made)
		return call_no_memory(call);
	error = lease_wait(made, call);
	if (!error) {
		*lease = made;
		return 0;
	}
	lease_end(made);
	if (error == -EINTR)
		return call_fail(call, CALL_CANCELLED,
				 "interrupted while another write to the record was under way");
	error = lease_fail(seat->shared, call, error, "");
	if (!error)
		*lease = NULL;
	return error;
}

void lease_unlock(struct store_lease *lease)
{
	/* a renewal that is under way finds another owner, and changes nothing; what cannot be
	   told to the server ends by itself */
	lease_script_leave(lease);
	lease_end(lease);
}

int lease_check(struct store_lease *lease, struct call *call)
{
	struct leases *leases = lease->leases;
	int64_t token;
	bool held, gone;
	int error;

	pthread_mutex_lock(&leases->lock);
	token = lease->token;
	gone = lease->gone;
	held = !gone && clock_seconds() + LEASE_LEFT <= lease->until;
	pthread_mutex_unlock(&leases->lock);
	if (held)
		return 0;
	error = lease_wait(lease, call);
	if (error == -EINTR)
		return call_fail(call, CALL_CANCELLED,
				 "interrupted while another write to the record was under way; "
				 "nothing was sent");
	if (error) {
		error = lease_fail(leases->shared, call, error, "; nothing was sent");
		lease->without = !error;
		return error;
	}
	lease->without = false;
	if (lease->token == token && !gone)
		return 0;
	log_call(call, "this mount's lock of the record was lost, and is held again: the record "
		       "is read again");
	return -EAGAIN;
}

bool lease_lost(struct store_lease *lease)
{
	struct leases *leases = lease->leases;
	bool lost;

	pthread_mutex_lock(&leases->lock);
	lost = lease->gone || clock_seconds() > lease->until;
	pthread_mutex_unlock(&leases->lock);
	return lost && !lease->without;
}

int lease_since(struct store_seat *seat, struct store_lease *lease, struct record **newest,
		char host[64])
{
	*newest = NULL;
	host[0] = '\0';
	if (!lease->before.position[0])
		return -ESTALE;
	return feed_since(seat, lease->before.position, lease->before.time, lease->id, newest,
			  host);
}

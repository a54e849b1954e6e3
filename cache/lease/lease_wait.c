/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lease_wait.c - wait for a lease: ask, then sleep until a message says that it is our turn, or
 * until it is time to ask again.
 *
 * Only the answer to a question decides which mount has a record. A message only says that it is
 * time to ask, so a message that is late or lost does no harm.
 */
#include "cache/lease/lease_wait.h"

#include "cache/lease/lease_script.h"
#include "cache/lease/lease_state.h"
#include "vendors/base/call.h"
#include "vendors/base/clock.h"
#include "vendors/http/basis.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool lease_wait_is_mailed(void *arg)
{
	struct store_lease *lease = arg;

	return atomic_load(&lease->mailed);
}

/* Note that LEASE is held, as TURN says, which was asked for at SENT. */
static void adopt(struct store_lease *lease, const struct lease_turn *turn, double sent)
{
	struct leases *leases = lease->leases;

	if (!lease->held || lease->token != turn->token) {
		lease->before = lease->grant;
		lease->grant.time = turn->time;
		lease->grant.position[0] = '\0';
		if (leases->shared->feed)
			feed_heard(lease->seat, lease->grant.position);
	}
	pthread_mutex_lock(&leases->lock);
	if (!lease->held)
		leases->held++;
	lease->held = true;
	lease->gone = false;
	lease->token = turn->token;
	lease->until = sent + LEASE_SECONDS;
	pthread_mutex_unlock(&leases->lock);
}

/* Begin or end to wait. */
static void set_call(struct store_lease *lease, struct call *call)
{
	struct leases *leases = lease->leases;

	pthread_mutex_lock(&leases->lock);
	if (call)
		leases->waiting++;
	else
		leases->waiting--;
	lease->call = call;
	pthread_mutex_unlock(&leases->lock);
}

int lease_wait(struct store_lease *lease, struct call *call)
{
	struct lease_turn turn;
	int error;

	for (;;) {
		double sent = clock_seconds();

		/* a message that comes from now on is news */
		atomic_store(&lease->mailed, false);
		error = lease_script_ask(lease, &turn);
		if (error)
			return error;
		if (turn.granted) {
			adopt(lease, &turn, sent);
			return 0;
		}
		/* the mount that has the record may need the place in flight that is kept for CALL
		 */
		basis_release(call);
		set_call(lease, call);
		error = call_wait_for(call, lease_wait_is_mailed, lease, turn.again);
		set_call(lease, NULL);
		if (error == -EINTR) {
			lease_script_leave(lease);
			return error;
		}
	}
}

/* The server is back, or is another one: what it knew of leases and waiters may be gone. */
static void wake_all_locked(struct leases *leases)
{
	struct store_lease *lease, *next;

	leases->settled = false;
	pthread_cond_broadcast(&leases->wake);
	HASH_ITER(hh, leases->table, lease, next) {
		if (!lease->call)
			continue;
		atomic_store(&lease->mailed, true);
		call_wake(lease->call);
	}
}

void lease_wait_mail(void *arg, const char *message)
{
	struct leases *leases = arg;
	struct store_lease *lease = NULL;
	uint64_t number;

	pthread_mutex_lock(&leases->lock);
	if (!message) {
		wake_all_locked(leases);
	} else if (strncmp(message, "lease ", 6) == 0) {
		number = strtoull(message + 6, NULL, 10);
		HASH_FIND(hh, leases->table, &number, sizeof(number), lease);
	}
	if (lease) {
		/* between two questions it is not waiting yet */
		atomic_store(&lease->mailed, true);
		if (lease->call)
			call_wake(lease->call);
	}
	pthread_mutex_unlock(&leases->lock);
}

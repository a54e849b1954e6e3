/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ack.c - what a roster keeps of the writes of this mount that the vendor acknowledged: a part of
 * roster.h.
 *
 * What they changed (lag.h), for as long as reads may lag, and who made a user inactive, in case
 * that must be done again. When the lag ends, a record whose last read was stale is asked for anew.
 * It makes no request.
 */
#define ROSTERFS_ROSTER_PRIVATE
#include "cache/roster/ack.h"

#include "cache/roster/publish.h"
#include "cache/roster/roster_state.h"

#include "cache/record/lag.h"
#include "vendors/base/pool.h"
#include "vendors/vendor.h"

#include <stdlib.h>
#include <string.h>

/* So much later than it is due is looked whether the lag has ended: for many writes at once. */
#define LATE 0.05

static void expire(void *arg, bool ending);

/* Look again in SECONDS, unless that is on its way. */
static void expire_later(struct roster *roster, double seconds)
{
	bool first;

	pthread_mutex_lock(&roster->lock);
	first = !roster->expiring;
	roster->expiring = true;
	pthread_mutex_unlock(&roster->lock);
	/* without it, what is stale is shown until the ttl ends */
	if (first && pool_after(roster->pool, seconds + LATE, expire, roster)) {
		pthread_mutex_lock(&roster->lock);
		roster->expiring = false;
		pthread_mutex_unlock(&roster->lock);
	}
}

static void ask_anew(void *arg, const char *id)
{
	publish_doubt(arg, id);
}

static void expire(void *arg, bool ending)
{
	struct roster *roster = arg;
	double left;

	if (ending)
		return;
	pthread_mutex_lock(&roster->lock);
	roster->expiring = false;
	pthread_mutex_unlock(&roster->lock);
	left = lag_expire(roster->lag, ask_anew, roster);
	if (left > 0)
		expire_later(roster, left);
}

void ack_note(struct roster *roster, const char *id, const struct merge *merge,
	      const json_t *before, const json_t *after, const json_t *seen)
{
	if (!roster->account->lag || !merge->count)
		return;
	lag_note(roster->lag, id, merge, before, after, seen);
	expire_later(roster, roster->account->lag);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ack.c - see ack.h.
 *
 * The table of what was acknowledged is in lag.c. This file makes no request: at the end of the lag
 * it only marks what must be asked for again.
 */
#define ROSTERFS_ROSTER_PRIVATE
#include "cache/roster/ack.h"

#include "cache/document/merge.h"
#include "cache/record/lag.h"
#include "cache/roster/publish.h"
#include "cache/roster/roster_state.h"
#include "cache/roster/store.h"
#include "vendors/base/pool.h"
#include "vendors/base/hash.h"
#include "vendors/rest/account.h"
#include "vendors/rest/collection.h"
#include "vendors/vendor.h"

/* Seconds after expiry is due until it is checked, so that one check serves many writes. */
#define LATE 0.05

static void expire(void *arg, bool ending);

/* Look again in SECONDS, unless a look is scheduled already. */
static void expire_later(struct roster *roster, double seconds)
{
	bool first;

	pthread_mutex_lock(&roster->lock);
	first = !roster->expiring;
	roster->expiring = true;
	pthread_mutex_unlock(&roster->lock);
	/* if that fails, what is stale is shown until the ttl ends */
	if (first && pool_after(roster->pool, seconds + LATE, expire, roster)) {
		pthread_mutex_lock(&roster->lock);
		roster->expiring = false;
		pthread_mutex_unlock(&roster->lock);
	}
}

static void ack_ask_again(void *arg, const char *id)
{
	publish_suspect(arg, id);
}

/* Forget the writes that are too old. Runs on the pool. */
static void expire(void *arg, bool ending)
{
	struct roster *roster = arg;
	double left;

	if (ending)
		return;
	pthread_mutex_lock(&roster->lock);
	roster->expiring = false;
	pthread_mutex_unlock(&roster->lock);
	left = lag_expire(roster->lag, ack_ask_again, roster);
	if (left > 0)
		expire_later(roster, left);
}

/* As ack_told, and return as lag_note. */
static bool remember(struct roster *roster, const char *id, const struct merge *merge,
		     const json_t *before, const json_t *after, const json_t *seen)
{
	bool stale;

	if (!roster->account->lag || !merge->count)
		return false;
	stale = lag_note(roster->lag, id, merge, before, after, seen);
	expire_later(roster, roster->account->lag);
	return stale;
}

void ack_told(struct roster *roster, const char *id, const struct merge *merge,
	      const json_t *before, const json_t *after, const json_t *seen)
{
	/* the vendor showed it before the host was heard, and it was taken for a read that lags */
	if (remember(roster, id, merge, before, after, seen))
		publish_suspect(roster, id);
}

void ack_note(struct roster *roster, const char *id, const struct merge *merge,
	      const json_t *before, const json_t *after, const json_t *seen)
{
	/* its caller publishes what the vendor has shown */
	remember(roster, id, merge, before, after, seen);
	if (merge->count)
		roster->store->ops->acked(roster->seat, id, merge, before, after, seen);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * roster.c - see roster.h.
 *
 * It puts a roster together from the parts of the other modules of this folder, and takes it apart.
 */
#define ROSTERFS_ROSTER_PRIVATE
#include "cache/roster/roster.h"

#include "cache/record/lag.h"
#include "cache/record/resets.h"
#include "cache/record/record.h"
#include "cache/record/versions.h"
#include "cache/record/write_lock.h"
#include "cache/roster/figures.h"
#include "cache/roster/gets.h"
#include "cache/roster/gone.h"
#include "cache/roster/illegible.h"
#include "cache/roster/inactive.h"
#include "cache/roster/known.h"
#include "cache/roster/overdue.h"
#include "cache/roster/presence.h"
#include "cache/roster/roster_state.h"
#include "cache/roster/store.h"
#include "vendors/base/clock.h"
#include "vendors/base/log.h"
#include "vendors/rest/account.h"
#include "vendors/rest/status_map.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Make the one record for all ids that a whole roster lacks, if that is a status. Return 0 or
 * -ENOMEM.
 */
static int make_absent(struct roster *roster, const struct collection *collection)
{
	struct timespec never = {0, 0};
	json_t *object;

	if (!collection->absent_status)
		return 0;
	object = json_object();
	if (object && !status_map_set(collection, object, collection->absent_status))
		roster->absent = record_new(collection, "", object, never);
	json_decref(object);
	return roster->absent ? 0 : -ENOMEM;
}

char *roster_name_of(const struct account *account, const struct collection *collection,
		     const char *parent)
{
	const char *url = account->endpoint.base_url;
	char *name = NULL;

	return asprintf(&name, "%s %s %s%s%s", account->name, url ? url : "-", collection->name,
			parent ? " " : "", parent ? parent : "") < 0
		   ? NULL
		   : name;
}

struct roster *roster_new(struct account *account, const struct collection *collection,
			  const char *parent, struct pool *pool, const struct roster_events *events)
{
	struct roster *roster = calloc(1, sizeof(*roster));

	if (!roster)
		return NULL;
	roster->versions = versions_new();
	roster->lag = lag_new(collection, account->lag);
	roster->resets = resets_new();
	roster->write_lock = write_lock_new();
	roster->parent = parent ? strdup(parent) : NULL;
	roster->name = roster_name_of(account, collection, parent);
	if (!roster->versions || !roster->lag || !roster->resets || !roster->write_lock ||
	    (parent && !roster->parent) || !roster->name || make_absent(roster, collection)) {
		versions_free(roster->versions);
		lag_free(roster->lag);
		resets_free(roster->resets);
		write_lock_free(roster->write_lock);
		free(roster->parent);
		free(roster->name);
		free(roster);
		return NULL;
	}
	roster->account = account;
	roster->collection = collection;
	roster->pool = pool;
	roster->events = *events;
	roster->store = store_local();
	roster->seat = roster->store->ops->attach(roster->store, roster);
	pthread_mutex_init(&roster->lock, NULL);
	return roster;
}

void roster_free(struct roster *roster)
{
	if (!roster)
		return;
	roster->store->ops->detach(roster->seat);
	known_free_locked(roster);
	inactive_free_locked(roster);
	presence_free_locked(roster);
	gone_free_locked(roster);
	gets_free_locked(roster);
	overdue_free_locked(roster);
	illegible_free_locked(roster);
	record_put(roster->absent);
	versions_free(roster->versions);
	lag_free(roster->lag);
	resets_free(roster->resets);
	write_lock_free(roster->write_lock);
	free(roster->parent);
	free(roster->name);
	pthread_mutex_destroy(&roster->lock);
	free(roster);
}

const struct collection *roster_collection(struct roster *roster)
{
	return roster->collection;
}

const char *roster_parent(struct roster *roster)
{
	return roster->parent;
}

const char *roster_name(const struct roster *roster)
{
	return roster->name;
}

void roster_set_people(struct roster *roster, struct roster *people)
{
	roster->people = people;
}

struct roster *roster_people(struct roster *roster)
{
	return roster->people;
}

void roster_set_statuses(struct roster *roster, struct roster *statuses)
{
	roster->statuses = statuses;
}

struct roster *roster_statuses(struct roster *roster)
{
	return roster->statuses;
}

struct account *roster_account(struct roster *roster)
{
	return roster->account;
}

struct pool *roster_pool(struct roster *roster)
{
	return roster->pool;
}

struct versions *roster_versions(struct roster *roster)
{
	return roster->versions;
}

struct lag *roster_lag(struct roster *roster)
{
	return roster->lag;
}

struct resets *roster_resets(struct roster *roster)
{
	return roster->resets;
}

struct write_lock *roster_write_lock(struct roster *roster)
{
	return roster->write_lock;
}

/* ---- the store ---- */

static int lock_shared(void *arg, struct call *call, const char *id, void **lease)
{
	struct roster *roster = arg;
	struct store_lease *held;
	int error = roster->store->ops->lock(roster->seat, call, id, &held);

	if (!error)
		*lease = held;
	return error;
}

static void unlock_shared(void *arg, void *lease)
{
	struct roster *roster = arg;

	roster->store->ops->unlock(lease);
}

static int check_shared(void *arg, struct call *call, void *lease)
{
	struct roster *roster = arg;

	return roster->store->ops->check(lease, call);
}

static bool lost_shared(void *arg, void *lease)
{
	struct roster *roster = arg;

	return roster->store->ops->lost(lease);
}

static int since_shared(void *arg, void *lease, struct record **newest, char host[64])
{
	struct roster *roster = arg;

	return roster->store->ops->since(roster->seat, lease, newest, host);
}

static const struct write_lock_hosts hosts = {.lock = lock_shared,
					      .unlock = unlock_shared,
					      .check = check_shared,
					      .lost = lost_shared,
					      .since = since_shared};

int roster_set_store(struct roster *roster, struct store *store)
{
	struct store_seat *seat = store->ops->attach(store, roster);

	if (!seat)
		return -ENOMEM;
	roster->store->ops->detach(roster->seat);
	roster->store = store;
	roster->seat = seat;
	if (store != store_local())
		write_lock_share(roster->write_lock, &hosts, roster);
	return 0;
}

struct store *roster_store(struct roster *roster)
{
	return roster->store;
}

struct store_seat *roster_seat(struct roster *roster)
{
	return roster->seat;
}

void roster_distrust(struct roster *roster, double when)
{
	pthread_mutex_lock(&roster->lock);
	known_refresh_locked(roster, when);
	figures_forget_shrunk_locked(roster);
	pthread_mutex_unlock(&roster->lock);
}

void roster_distrust_told(struct roster *roster, double when)
{
	roster_distrust(roster, when);
	if (roster->events.distrusted)
		roster->events.distrusted(roster->events.arg);
}

void roster_refresh(struct roster *roster)
{
	roster_distrust(roster, clock_seconds());
	roster->store->ops->refreshed(roster->seat);
}

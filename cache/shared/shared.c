/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shared.c - puts the parts of the shared store together: its life, its seats, and its operations.
 *
 * The server's time, and whether the others have the same key, are asked by the first operation
 * that may wait, because a mount must not wait for the server when it starts.
 */
#include "cache/shared/shared.h"

#include "cache/feed/feed.h"
#include "cache/lease/lease.h"
#include "cache/limits/limits.h"
#include "cache/lists/lists.h"
#include "cache/redis/redis.h"
#include "cache/roster/roster.h"
#include "cache/shared/hosts.h"
#include "cache/shared/shared_meet.h"
#include "cache/shared/shared_print.h"
#include "cache/store/seal.h"
#include "cache/store/seats.h"
#include "cache/store/shared_state.h"
#include "cache/store/store_clock.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

static struct shared *shared_of(struct store *store)
{
	return (struct shared *)store;
}

/* ---- life ---- */

static int shared_start(struct store *store)
{
	struct shared *shared = shared_of(store);
	int error = feed_start(shared->feed);

	shared->started = !error;
	if (!error)
		error = leases_start(shared->leases);
	if (!error)
		error = limits_start(shared->limits);
	return error;
}

static void shared_end_in(struct store *store, unsigned milliseconds)
{
	struct shared *shared = shared_of(store);

	if (shared->redis)
		redis_end_in(shared->redis, milliseconds);
}

static void shared_stop(struct store *store)
{
	struct shared *shared = shared_of(store);

	if (shared->started)
		hosts_leave(shared->hosts);
	shared->started = false;
	/* what is given back is told by the feed, and all of it by redis */
	if (shared->leases)
		leases_stop(shared->leases);
	if (shared->limits)
		limits_stop(shared->limits);
	if (shared->feed)
		feed_stop(shared->feed);
	if (shared->redis)
		redis_stop(shared->redis);
}

/* The server can be used (again). On the thread that listens. */
static void come_back(void *arg)
{
	struct shared *shared = arg;

	shared_meet_again(shared);
	hosts_meet(shared->hosts);
}

static void meet_hosts(void *arg)
{
	hosts_meet(((struct shared *)arg)->hosts);
}

static void shared_free(struct store *store)
{
	struct shared *shared = shared_of(store);

	if (!shared)
		return;
	shared_stop(store);
	limits_free(shared->limits);
	leases_free(shared->leases);
	feed_free(shared->feed);
	hosts_free(shared->hosts);
	store_clock_free(shared->clock);
	redis_free(shared->redis);
	seal_free(shared->seal);
	free(shared->names);
	pthread_cond_destroy(&shared->unused);
	pthread_mutex_destroy(&shared->lock);
	free(shared);
}

/* ---- seats ---- */

/* Make the texts of SEAT. Returns 0 or -ENOMEM. */
static int name_seat(struct store_seat *seat)
{
	const struct account *account = seat->shared->accounts[seat->index];
	const char *collection = roster_collection(seat->roster)->name,
		   *parent = roster_parent(seat->roster), *base = account->endpoint.base_url;
	const char *parts[] = {account->vendor->type, base, account_shared_name(account),
			       collection, parent};

	memcpy(seat->account, seat->shared->names[seat->index], sizeof(seat->account));
	seal_name(seat->shared->seal, "roster", parts, 5, seat->name);
	/* none of the parts has a newline, except maybe the last one */
	if (asprintf(&seat->identity, "%s\n%s\n%s\n%s%s%s", parts[0], base ? base : "", parts[2],
		     collection, parent ? "\n" : "", parent ? parent : "") < 0)
		seat->identity = NULL;
	if (asprintf(&seat->label, "%s/%s", account->name, collection) < 0)
		seat->label = NULL;
	return seat->identity && seat->label ? 0 : -ENOMEM;
}

static void free_seat(struct store_seat *seat)
{
	free(seat->identity);
	free(seat->label);
	free(seat);
}

static struct store_seat *shared_attach(struct store *store, struct roster *roster)
{
	struct shared *shared = shared_of(store);
	struct store_seat *seat = calloc(1, sizeof(*seat));

	if (!seat)
		return NULL;
	seat->shared = shared;
	seat->roster = roster;
	while (shared->accounts[seat->index] != roster_account(roster))
		seat->index++;
	if (name_seat(seat) || feed_attach(seat)) {
		free_seat(seat);
		return NULL;
	}
	if (lists_attach(seat)) {
		feed_detach(seat);
		free_seat(seat);
		return NULL;
	}
	seats_add(seat);
	return seat;
}

static void shared_detach(struct store_seat *seat)
{
	if (!seat)
		return;
	seats_remove(seat);
	lists_detach(seat);
	feed_detach(seat);
	free_seat(seat);
}

/* ---- operations of which this file adds something ---- */

/* A vendor whose reads lag may not show what was written shortly before this roster began. */
static void recall_acks(struct store_seat *seat)
{
	unsigned lag = roster_account(seat->roster)->lag;

	if (!atomic_load(&seat->recalled) && redis_is_up(seat->shared->redis) &&
	    (!lag || !feed_recall(seat, lag)))
		atomic_store(&seat->recalled, true);
}

static void shared_meet_seat(struct store_seat *seat)
{
	shared_meet(seat->shared);
	feed_wait_first(seat->shared->feed);
	recall_acks(seat);
}

static int shared_lock(struct store_seat *seat, struct call *call, const char *id,
		       struct store_lease **lease)
{
	shared_meet_seat(seat);
	return lease_lock(seat, call, id, lease);
}

static int shared_take(struct store *store, struct call *call, unsigned limit, unsigned window,
		       uint64_t *ticket)
{
	shared_meet(shared_of(store));
	return limits_take(shared_of(store), call, limit, window, ticket);
}

static void shared_give_back(struct store *store, uint64_t ticket)
{
	limits_give_back(shared_of(store), ticket);
}

static bool shared_look(struct store *store, unsigned window, struct store_count *count)
{
	return limits_look(shared_of(store), window, count);
}

static void shared_status(struct store *store, FILE *stream)
{
	shared_print_status(shared_of(store), stream);
}

static void shared_metrics(struct store *store, FILE *stream)
{
	shared_print_metrics(shared_of(store), stream);
}

static const struct store_ops shared_ops = {
    .start = shared_start,
    .end_in = shared_end_in,
    .stop = shared_stop,
    .free = shared_free,
    .attach = shared_attach,
    .detach = shared_detach,
    .meet = shared_meet_seat,
    .load = lists_load,
    .save_record = lists_save_record,
    .save_page = lists_save_page,
    .save_reset = lists_save_reset,
    .save_end = lists_save_end,
    .lock = shared_lock,
    .unlock = lease_unlock,
    .check = lease_check,
    .lost = lease_lost,
    .since = lease_since,
    .changed = feed_changed,
    .acked = feed_acked,
    .refreshed = feed_refreshed,
    .take = shared_take,
    .give_back = shared_give_back,
    .look = shared_look,
    .remember = limits_remember,
    .recall = limits_recall,
    .print_status = shared_status,
    .print_metrics = shared_metrics,
};

/* ---- creation ---- */

/* Set who this mount is. Returns 0 or a negative errno. */
static int name_mount(struct shared *shared)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t bytes[16];

	if (gethostname(shared->host, sizeof(shared->host) - 1) || !shared->host[0])
		strcpy(shared->host, "unnamed");
	for (char *c = shared->host; *c; c++) {
		if (*c <= ' ' || *c > '~')
			*c = '?';
	}
	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return -errno;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		shared->mount[2 * i] = digits[bytes[i] >> 4];
		shared->mount[2 * i + 1] = digits[bytes[i] & 15];
	}
	return 0;
}

/* Name the accounts of SHARED. Returns 0 or a negative errno with words in WHY. */
static int name_accounts(struct shared *shared, char *why, size_t why_size)
{
	shared->names = calloc(shared->account_count + 1, sizeof(*shared->names));
	if (!shared->names)
		return -ENOMEM;
	for (size_t i = 0; i < shared->account_count; i++) {
		const struct account *account = shared->accounts[i];
		const char *const parts[] = {account->vendor->type, account->endpoint.base_url,
					     account_shared_name(account)};

		seal_name(shared->seal, "account", parts, 3, shared->names[i]);
		for (size_t j = 0; j < i; j++) {
			if (strcmp(shared->names[i], shared->names[j]) != 0)
				continue;
			snprintf(why, why_size,
				 "[%s] and [%s] have the same type, base_url and shared_name; give "
				 "each another shared_name",
				 shared->accounts[j]->name, account->name);
			return -EINVAL;
		}
	}
	return 0;
}

/* Create the parts of SHARED. Returns 0 or a negative errno with words in WHY. */
static int make_shared(struct shared *shared, const struct shared_settings *settings, char *why,
		       size_t why_size)
{
	int error = name_mount(shared);

	if (error)
		return error;
	error = shared_client(settings, &shared->redis, why, why_size);
	if (error)
		return error;
	shared->seal = seal_new(settings->key);
	shared->clock = store_clock_new();
	if (!shared->seal || !shared->clock)
		return -ENOMEM;
	error = name_accounts(shared, why, why_size);
	if (error)
		return error;
	/* those that come later may call the feed when they are created */
	shared->feed = feed_new(shared);
	shared->leases = shared->feed ? leases_new(shared) : NULL;
	shared->limits = shared->leases ? limits_new(shared) : NULL;
	shared->hosts = shared->limits ? hosts_new(shared) : NULL;
	if (!shared->hosts)
		return -ENOMEM;
	feed_on_back(shared->feed, come_back, shared);
	feed_on_turn(shared->feed, meet_hosts, shared);
	return 0;
}

int shared_open(const struct shared_settings *settings, struct account **accounts, size_t count,
		struct store **store, char *why, size_t why_size)
{
	struct shared *shared = calloc(1, sizeof(*shared));
	int error;

	*store = NULL;
	snprintf(why, why_size, "%s", strerror(ENOMEM));
	if (!shared)
		return -ENOMEM;
	pthread_mutex_init(&shared->lock, NULL);
	pthread_cond_init(&shared->unused, NULL);
	shared->store.ops = &shared_ops;
	shared->required = settings->required;
	shared->accounts = accounts;
	shared->account_count = count;
	error = make_shared(shared, settings, why, why_size);
	if (error) {
		shared_free(&shared->store);
		return error;
	}
	*store = &shared->store;
	return 0;
}

bool shared_is_built(const char **why)
{
	*why = "";
	return true;
}

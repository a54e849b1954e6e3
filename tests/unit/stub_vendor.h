/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stub_vendor.h - a roster whose vendor is a few functions, without HTTP.
 *
 * The vendor has users 0 to user_count - 1, each with a number in `values`. Lists are counted, and
 * wait while stub_hold_lists holds them.
 */
#ifndef ROSTERFS_TEST_STUB_VENDOR_H
#define ROSTERFS_TEST_STUB_VENDOR_H

#include "cache/record/record.h"
#include "cache/record/snapshot.h"
#include "cache/roster/flight.h"
#include "cache/roster/publish.h"
#include "cache/roster/whole.h"
#include "cache/roster/wait.h"
#include "vendors/base/pool.h"
#include "cache/roster/roster.h"
#include "vendors/base/call.h"
#include "vendors/rest/account.h"
#include "vendors/list/list.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

/* ---- a vendor: users 0 to user_count - 1, each with a number ---- */

#define USERS_MAX 2000
#define INACTIVE 77 /* a user with this number is inactive */

static atomic_int values[USERS_MAX];
static size_t user_count;
static atomic_int lists;
/* while `held`, a list waits for `released` */
static pthread_mutex_t stub_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t released = PTHREAD_COND_INITIALIZER;
static bool held;

static inline void stub_hold_lists(bool hold)
{
	pthread_mutex_lock(&stub_lock);
	held = hold;
	pthread_cond_broadcast(&released);
	pthread_mutex_unlock(&stub_lock);
}

static inline json_t *user(const char *id, int value)
{
	return json_pack("{s:s, s:s, s:i, s:s}", "id", id, "email", "a@x", "value", value, "status",
			 value == INACTIVE ? "inactive" : "active");
}

static inline int stub_list(struct call *call, struct account *account, const char *parent,
			    struct list_sink *sink)
{
	int error = 0;
	char id[24];

	(void)account;
	(void)parent;
	atomic_fetch_add(&lists, 1);
	for (size_t i = 0; !error && i < user_count; i++) {
		json_t *object;

		snprintf(id, sizeof(id), "%zu", i);
		object = user(id, atomic_load(&values[i]));
		error = sink->add(sink, id, object);
		json_decref(object);
	}
	pthread_mutex_lock(&stub_lock);
	while (held)
		pthread_cond_wait(&released, &stub_lock);
	pthread_mutex_unlock(&stub_lock);
	return error ? call_fail_errno(call, -error, "the list failed") : 0;
}

static inline int stub_get(struct call *call, struct account *account, const char *parent,
			   const char *id, json_t **record)
{
	size_t number = strtoul(id, NULL, 10);

	(void)account;
	(void)parent;
	*record = number < user_count ? user(id, atomic_load(&values[number])) : NULL;
	return *record ? 0 : call_fail(call, CALL_MISSING, "no such user");
}

static const char *const id_keys[] = {"id", NULL};
static const char *const email_keys[] = {"email", NULL};
static const struct field fields[] = {{NULL, 0}};
static const struct collection people = {
    .name = "users",
    .list_path = "/users",
    .item_path = "/users/",
    .id_keys = id_keys,
    .email_keys = email_keys,
    .status_key = "status",
    .fields = fields,
    .list = stub_list,
    .get = stub_get,
};
static const struct setting settings[] = {{.name = NULL}};
static const struct vendor vendor = {.type = "stub", .settings = settings, .users = &people};

/* ---- a roster of it ---- */

struct stub_roster {
	struct pool *pool;
	struct account *account;
	struct roster *roster;
	atomic_int changed, replaced, same, emails; /* events */
};

static inline void record_changed(void *arg, const char *id)
{
	(void)id;
	atomic_fetch_add(&((struct stub_roster *)arg)->changed, 1);
}

static inline void replaced(void *arg, bool same)
{
	atomic_fetch_add(&((struct stub_roster *)arg)->replaced, 1);
	atomic_fetch_add(&((struct stub_roster *)arg)->same, same);
}

static inline void email_changed(void *arg, const char *email)
{
	(void)email;
	atomic_fetch_add(&((struct stub_roster *)arg)->emails, 1);
}

static inline void begin(struct stub_roster *stub, size_t users)
{
	const struct roster_events events = {.arg = stub,
					     .record_changed = record_changed,
					     .replaced = replaced,
					     .email_changed = email_changed};

	memset(stub, 0, sizeof(*stub));
	user_count = users;
	for (size_t i = 0; i < USERS_MAX; i++)
		atomic_store(&values[i], 0);
	atomic_store(&lists, 0);
	stub->pool = pool_new(8);
	stub->account = account_new("acme", &vendor);
	stub->roster = roster_new(stub->account, &people, NULL, stub->pool, &events);
	assert_non_null(stub->roster);
}

static inline void end(struct stub_roster *stub)
{
	flight_stop(stub->roster);
	pool_free(stub->pool);
	roster_free(stub->roster);
	account_free(stub->account);
}

static inline struct snapshot *ask_whole(struct stub_roster *stub, uint64_t *generation)
{
	struct call call;
	struct wait wait = {.kind = WAIT_WHOLE, .call = &call};

	call_init(&call, "test");
	assert_int_equal(wait_sync(stub->roster, &wait), 0);
	assert_non_null(wait.snapshot);
	*generation = wait.generation;
	call_destroy(&call);
	return wait.snapshot;
}

static inline struct snapshot *whole(struct stub_roster *stub)
{
	uint64_t generation;

	return ask_whole(stub, &generation);
}

static inline struct snapshot *known(struct stub_roster *stub)
{
	double seconds;

	return whole_snapshot(stub->roster, &seconds);
}

static inline int value_of(const struct record *record)
{
	json_t *object = record_json(record);
	int value = (int)json_integer_value(json_object_get(object, "value"));

	json_decref(object);
	return value;
}

/* The value of ID in SNAPSHOT, -1: it is not there. */
static inline int value_in(const struct snapshot *snapshot, const char *id)
{
	const struct record *record = snapshot_find(snapshot, id);

	return record ? value_of(record) : -1;
}

static inline void write_user(struct stub_roster *stub, const char *id, int value)
{
	struct timespec now = {1, 0};
	json_t *object = user(id, value);
	struct record *record = record_new(&people, id, object, now);

	publish_record(stub->roster, record);
	record_put(record);
	json_decref(object);
}

static inline int ask_record(struct stub_roster *stub, const char *id)
{
	struct call call;
	struct wait wait = {.kind = WAIT_RECORD, .id = id, .call = &call};
	int error, value = -1;

	call_init(&call, "test");
	error = wait_sync(stub->roster, &wait);
	if (!error)
		value = value_of(wait.record);
	wait_clear(&wait);
	call_destroy(&call);
	return error ? error : value;
}

/* ---- a waiter for the whole roster, beside the test ---- */

struct asker {
	struct wait wait;
	struct call call;
	atomic_bool done;
};

static inline void note_done(struct wait *wait)
{
	atomic_store(&((struct asker *)wait->arg)->done, true);
}

static inline void start(struct stub_roster *stub, struct asker *asker)
{
	memset(asker, 0, sizeof(*asker));
	call_init(&asker->call, "test");
	asker->wait = (struct wait){.kind = WAIT_WHOLE,
				    .call = &asker->call,
				    .done = note_done,
				    .arg = asker};
	flight_ask(stub->roster, &asker->wait);
}

static inline void finish(struct asker *asker)
{
	while (!atomic_load(&asker->done))
		call_pause(&asker->call, 1);
	assert_int_equal(asker->wait.error, 0);
}

static inline void clear(struct asker *asker)
{
	wait_clear(&asker->wait);
	call_destroy(&asker->call);
}

#endif

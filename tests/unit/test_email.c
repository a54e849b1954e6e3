/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_email.c - who has an email: the index of a snapshot, and what a roster asks a vendor for,
 * which is played by two functions here.
 */
#include "cache/record/record.h"
#include "cache/record/snapshot.h"
#include "cache/roster/flight.h"
#include "cache/roster/publish.h"
#include "cache/roster/roster_email.h"
#include "cache/roster/wait.h"
#include "vendors/base/pool.h"
#include "cache/roster/roster.h"
#include "vendors/base/call.h"
#include "vendors/rest/account.h"
#include "vendors/list/list.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* ---- a vendor ---- */

#define USERS_MAX 8

static struct {
	const char *id, *email;
} users[USERS_MAX];

static atomic_int lists, gets;
static int list_error;
/* a list waits here, when it is shut, until it is opened */
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t opened = PTHREAD_COND_INITIALIZER;
static bool shut;

static void set_users(size_t count, const char *const *pairs)
{
	memset(users, 0, sizeof(users));
	for (size_t i = 0; i < count; i++) {
		users[i].id = pairs[2 * i];
		users[i].email = pairs[2 * i + 1];
	}
}

static json_t *user(size_t i)
{
	return json_pack("{s:s, s:s*}", "id", users[i].id, "email", users[i].email);
}

static int play_list(struct call *call, struct account *account, const char *parent,
		     struct list_sink *sink)
{
	int error = 0;

	(void)account;
	(void)parent;
	atomic_fetch_add(&lists, 1);
	pthread_mutex_lock(&gate);
	while (shut)
		pthread_cond_wait(&opened, &gate);
	pthread_mutex_unlock(&gate);
	if (list_error)
		return call_fail_errno(call, -list_error, "the list failed");
	for (size_t i = 0; !error && i < USERS_MAX && users[i].id; i++) {
		json_t *record = user(i);

		error = sink->add(sink, users[i].id, record);
		json_decref(record);
	}
	return error ? call_fail_errno(call, -error, "the list failed") : 0;
}

static int play_get(struct call *call, struct account *account, const char *parent, const char *id,
		    json_t **record)
{
	(void)account;
	(void)parent;
	atomic_fetch_add(&gets, 1);
	*record = NULL;
	for (size_t i = 0; i < USERS_MAX && users[i].id && !*record; i++)
		*record = strcmp(users[i].id, id) == 0 ? user(i) : NULL;
	return *record ? 0 : call_fail(call, CALL_MISSING, "no such user");
}

static const char *const id_keys[] = {"id", NULL};
static const char *const email_keys[] = {"email", NULL};
static const struct field fields[] = {{NULL, 0}};
static struct collection people = {
    .name = "users",
    .list_path = "/users",
    .item_path = "/users/",
    .id_keys = id_keys,
    .email_keys = email_keys,
    .fields = fields,
    .list = play_list,
    .get = play_get,
};
static const struct setting settings[] = {{.name = NULL}};
static const struct vendor vendor = {.type = "played", .settings = settings, .users = &people};

/* ---- a roster of it ---- */

struct scene {
	struct pool *pool;
	struct account *account;
	struct roster *roster;
	char told[256]; /* emails that changed, each with a space */
};

static void email_changed(void *arg, const char *email)
{
	struct scene *scene = arg;
	size_t length = strlen(scene->told);

	snprintf(scene->told + length, sizeof(scene->told) - length, "%s ", email);
}

static void begin(struct scene *scene)
{
	const struct roster_events events = {.arg = scene, .email_changed = email_changed};

	memset(scene, 0, sizeof(*scene));
	list_error = 0;
	lists = gets = 0;
	scene->pool = pool_new(8);
	scene->account = account_new("acme", &vendor);
	scene->roster = roster_new(scene->account, &people, NULL, scene->pool, &events);
	assert_non_null(scene->roster);
}

static void end(struct scene *scene)
{
	flight_stop(scene->roster);
	pool_free(scene->pool);
	roster_free(scene->roster);
	account_free(scene->account);
}

/* The ids of SNAPSHOT's records, each with a space, in a static buffer. */
static const char *ids_of(const struct snapshot *snapshot)
{
	static char ids[256];
	char *at = ids;

	*at = '\0';
	for (size_t i = 0; i < snapshot->count; i++)
		at = stpcpy(stpcpy(at, snapshot->records[i]->id), " ");
	return ids;
}

/* Ask for who has EMAIL: WANTED ids. */
static void ask(struct scene *scene, const char *email, const char *wanted)
{
	struct call call;
	struct wait wait = {.kind = WAIT_EMAIL, .id = email, .call = &call};

	call_init(&call, "test");
	assert_int_equal(wait_sync(scene->roster, &wait), 0);
	assert_string_equal(ids_of(wait.snapshot), wanted);
	wait_clear(&wait);
	call_destroy(&call);
}

static int ask_other(struct scene *scene, enum wait_kind kind, const char *id)
{
	struct call call;
	struct wait wait = {.kind = kind, .id = id, .call = &call};
	int error;

	call_init(&call, "test");
	error = wait_sync(scene->roster, &wait);
	wait_clear(&wait);
	call_destroy(&call);
	return error;
}

/* What is known of EMAIL without asking: WANTED ids, NULL: nothing. */
static void peek(struct scene *scene, const char *email, const char *wanted)
{
	double seconds;
	struct snapshot *found = roster_email_peek(scene->roster, email, &seconds);

	if (wanted) {
		assert_non_null(found);
		assert_true(seconds > 0);
		assert_string_equal(ids_of(found), wanted);
	} else {
		assert_null(found);
		assert_true(seconds == 0);
	}
	snapshot_put(found);
}

static void write_user(struct scene *scene, const char *id, const char *email)
{
	struct timespec now = {1, 0};
	json_t *object = json_pack("{s:s, s:s*}", "id", id, "email", email);
	struct record *record = record_new(&people, id, object, now);

	publish_record(scene->roster, record);
	record_put(record);
	json_decref(object);
}

static const char *const four[] = {"1", "Jane@Example.com", "2", "bob@example.com",
				   "3", "jane@example.COM", "4", NULL};

/* ---- tests ---- */

static void test_index(void **state)
{
	const char *const emails[] = {"b@x", NULL, "A@x", "a@X", "c@x", "B@x", "ä@x", "a@x.org"};
	struct snapshot_builder builder;
	struct timespec now = {1, 0};
	struct snapshot *snapshot;
	const struct snapshot_emails *index;
	size_t count;

	(void)state;
	snapshot_begin(&builder, NULL);
	for (size_t i = 0; i < sizeof(emails) / sizeof(emails[0]); i++) {
		char id[2] = {(char)('0' + i), '\0'};
		json_t *object = json_pack("{s:s, s:s*}", "id", id, "email", emails[i]);

		assert_int_equal(snapshot_add(&builder, record_new(&people, id, object, now)), 0);
		json_decref(object);
	}
	snapshot = snapshot_end(&builder, now);
	index = snapshot_emails(snapshot);
	assert_ptr_equal(index, snapshot_emails(snapshot));
	assert_int_equal(index->count, 7);
	assert_string_equal(snapshot_with_email(index, "a@x", &count)[0]->id, "2");
	assert_int_equal(count, 2);
	assert_string_equal(snapshot_with_email(index, "B@X", &count)[1]->id, "5");
	assert_int_equal(count, 2);
	assert_string_equal(snapshot_with_email(index, "ä@x", &count)[0]->id, "6");
	assert_int_equal(count, 1);
	snapshot_with_email(index, "Ä@x", &count);
	assert_int_equal(count, 0);
	snapshot_with_email(index, "zz", &count);
	assert_int_equal(count, 0);
	snapshot_put(snapshot);
}

static void test_by_the_list(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	set_users(4, four);
	peek(&scene, "jane@example.com", NULL);
	ask(&scene, "jane@example.com", "1 3 ");
	ask(&scene, "JANE@EXAMPLE.COM", "1 3 ");
	ask(&scene, "nobody@example.com", "");
	peek(&scene, "nobody@example.com", "");
	peek(&scene, "bob@example.com", "2 ");
	assert_int_equal(lists, 1);
	assert_int_equal(gets, 0);
	roster_refresh(scene.roster);
	peek(&scene, "bob@example.com", NULL);
	ask(&scene, "bob@example.com", "2 ");
	assert_int_equal(lists, 2);
	write_user(&scene, "9", "Nobody@example.com");
	peek(&scene, "nobody@example.com", "9 ");
	end(&scene);
}

static void test_after_a_record(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	set_users(4, four); /* then one is known, but not that it is all */
	assert_int_equal(ask_other(&scene, WAIT_RECORD, "1"), 0);
	peek(&scene, "jane@example.com", NULL);
	ask(&scene, "jane@example.com", "1 3 ");
	assert_int_equal(lists, 1);
	end(&scene);
}

static void test_writes(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	set_users(4, four);
	ask(&scene, "jane@example.com", "1 3 ");
	scene.told[0] = '\0';
	write_user(&scene, "1", "moved@example.com");
	assert_string_equal(scene.told, "Jane@Example.com moved@example.com ");
	peek(&scene, "jane@example.com", "3 ");
	write_user(&scene, "1", "MOVED@example.com");
	assert_string_equal(scene.told, "Jane@Example.com moved@example.com ");
	write_user(&scene, "8", "jane@example.com");
	peek(&scene, "jane@example.com", "3 8 ");
	publish_deleted(scene.roster, "3");
	peek(&scene, "jane@example.com", "8 ");
	write_user(&scene, "8", NULL);
	peek(&scene, "jane@example.com", "");
	assert_string_equal(scene.told, "Jane@Example.com moved@example.com jane@example.com "
					"jane@example.COM jane@example.com ");
	end(&scene);
}

static void test_no_list(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	set_users(4, four);
	/* one that was fetched alone is no answer about all */
	assert_int_equal(ask_other(&scene, WAIT_RECORD, "1"), 0);
	list_error = -EREMOTEIO;
	assert_int_equal(ask_other(&scene, WAIT_EMAIL, "jane@example.com"), -EREMOTEIO);
	peek(&scene, "jane@example.com", NULL);
	list_error = 0;
	ask(&scene, "jane@example.com", "1 3 ");
	end(&scene);
}

/* ---- several at once ---- */

struct asker {
	struct wait wait;
	struct call call;
	atomic_bool done;
};

static void note_done(struct wait *wait)
{
	struct asker *asker = wait->arg;

	atomic_store(&asker->done, true);
}

static void start(struct scene *scene, struct asker *asker, enum wait_kind kind, const char *id)
{
	memset(asker, 0, sizeof(*asker));
	call_init(&asker->call, "test");
	asker->wait = (struct wait){.kind = kind,
				    .id = id,
				    .call = &asker->call,
				    .done = note_done,
				    .arg = asker};
	flight_ask(scene->roster, &asker->wait);
}

static void finish(struct asker *asker, const char *wanted)
{
	while (!atomic_load(&asker->done))
		call_pause(&asker->call, 1);
	assert_int_equal(asker->wait.error, 0);
	assert_string_equal(ids_of(asker->wait.snapshot), wanted);
	wait_clear(&asker->wait);
	call_destroy(&asker->call);
}

static void set_gate(bool closed)
{
	pthread_mutex_lock(&gate);
	shut = closed;
	pthread_cond_broadcast(&opened);
	pthread_mutex_unlock(&gate);
}

/* One list answers all who ask for an email, and who asks for all. */
static void test_together(void **state)
{
	struct asker email, same, gone, whole;
	struct scene scene;

	(void)state;
	begin(&scene);
	set_users(4, four);
	set_gate(true);
	start(&scene, &email, WAIT_EMAIL, "jane@example.com");
	start(&scene, &same, WAIT_EMAIL, "JANE@example.com");
	start(&scene, &gone, WAIT_EMAIL, "bob@example.com");
	start(&scene, &whole, WAIT_WHOLE, NULL);
	assert_true(flight_leave(scene.roster, &gone.wait));
	call_destroy(&gone.call);
	set_gate(false);
	finish(&email, "1 3 ");
	finish(&same, "1 3 ");
	finish(&whole, "1 2 3 4 ");
	assert_int_equal(lists, 1);
	end(&scene);
}

/* All leave: the fetch is cancelled, and ends alone. */
static void test_all_leave(void **state)
{
	struct asker email;
	struct scene scene;

	(void)state;
	begin(&scene);
	set_users(4, four);
	set_gate(true);
	start(&scene, &email, WAIT_EMAIL, "jane@example.com");
	while (!atomic_load(&lists))
		call_pause(&email.call, 1);
	assert_true(flight_leave(scene.roster, &email.wait));
	set_gate(false);
	pool_drain(scene.pool, 5000);
	assert_int_equal(lists, 1);
	assert_false(atomic_load(&email.done));
	call_destroy(&email.call);
	end(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_index),          cmocka_unit_test(test_by_the_list),
	    cmocka_unit_test(test_after_a_record), cmocka_unit_test(test_writes),
	    cmocka_unit_test(test_no_list),        cmocka_unit_test(test_together),
	    cmocka_unit_test(test_all_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

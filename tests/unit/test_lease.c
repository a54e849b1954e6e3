/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_lease.c - two mounts, and one holder of a record at a time, at a real server.
 *
 * A mount that is killed or paused is one whose thread does not renew. The mail of each mount is
 * read by a thread of this test.
 */
#include "cache/lease/lease.h"

#include "cache/feed/feed.h"
#include "cache/lease/lease_script.h"
#include "cache/lease/lease_state.h"
#include "cache/lease/lease_wait.h"
#include "cache/redis/redis.h"
#include "cache/store/shared_state.h"
#include "tests/unit/redis_server.h"
#include "vendors/base/call.h"
#include "vendors/base/clock.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MOUNTS 2
#define WRITERS (MOUNTS * (size_t)8)
#define ROUNDS 200
#define RECORDS 5

struct mount {
	struct shared shared;
	struct store_seat seat;
	pthread_t mail;
	atomic_bool ending;
};

static struct redis_server server;
static struct mount mounts[MOUNTS];

/* ---- mail ---- */

static void deliver(struct mount *mount, const struct redis_reply *reply, char last[64])
{
	const struct redis_reply *entries;

	if (redis_count(redis_at(reply, 0)) != 2)
		return;
	entries = redis_at(redis_at(reply, 0), 1);
	for (size_t i = 0; i < redis_count(entries); i++) {
		const struct redis_reply *entry = redis_at(entries, i);

		snprintf(last, 64, "%s", redis_text(redis_at(entry, 0), NULL));
		lease_wait_mail(mount->shared.leases,
				redis_text(redis_at(redis_at(entry, 1), 1), NULL));
	}
}

static void *read_mail(void *arg)
{
	struct mount *mount = arg;
	struct redis_line *line = redis_line_new(mount->shared.redis);
	char last[64] = "0", box[SEAL_NAME_MAX];

	feed_mailbox(&mount->shared, mount->shared.mount, box);
	while (!atomic_load(&mount->ending)) {
		struct redis_command command = {0};
		struct redis_reply *reply = NULL;
		bool fresh;

		redis_add_text(&command, "XREAD");
		redis_add_text(&command, "BLOCK");
		redis_add_number(&command, 100);
		redis_add_text(&command, "STREAMS");
		redis_add_text(&command, box);
		redis_add_text(&command, last);
		if (redis_line_ask(line, &command, REDIS_DEADLINE, &reply, &fresh))
			usleep(50000);
		deliver(mount, reply, last);
		redis_reply_free(reply);
	}
	redis_line_free(line);
	return NULL;
}

/* ---- mounts ---- */

/* Start mount NUMBER; RENEWS: as long as it lives. */
static struct mount *mount_start(int number, bool renews)
{
	static const uint8_t key[SEAL_KEY_BYTES] = "this key is of no use elsewhere";
	struct mount *mount = &mounts[number];
	struct redis_settings settings = {0};
	char why[256];

	memset(mount, 0, sizeof(*mount));
	assert_int_equal(redis_settings_parse(server.url, &settings, why, sizeof(why)), 0);
	mount->shared.redis = redis_new(&settings);
	redis_settings_clear(&settings);
	mount->shared.seal = seal_new(key);
	mount->shared.required = true;
	snprintf(mount->shared.host, sizeof(mount->shared.host), "host%d", number);
	snprintf(mount->shared.mount, sizeof(mount->shared.mount), "%032d", number);
	mount->seat.shared = &mount->shared;
	mount->seat.identity = "acme users";
	mount->seat.label = "acme/users";
	mount->shared.leases = leases_new(&mount->shared);
	assert_non_null(mount->shared.leases);
	if (renews)
		assert_int_equal(leases_start(mount->shared.leases), 0);
	pthread_create(&mount->mail, NULL, read_mail, mount);
	return mount;
}

static void mount_end(struct mount *mount)
{
	unsigned held, waiting;
	uint64_t lost;

	leases_counts(mount->shared.leases, &held, &waiting, &lost);
	assert_int_equal(held, 0);
	assert_int_equal(waiting, 0);
	leases_stop(mount->shared.leases);
	atomic_store(&mount->ending, true);
	pthread_join(mount->mail, NULL);
	redis_stop(mount->shared.redis);
	leases_free(mount->shared.leases);
	redis_free(mount->shared.redis);
	seal_free(mount->shared.seal);
}

static int64_t ask_number(struct mount *mount, const char *word, const char *key)
{
	struct redis_command command = {0};
	struct redis_reply *reply;
	int64_t number;

	redis_add_text(&command, word);
	if (key)
		redis_add_text(&command, key);
	assert_int_equal(redis_ask(mount->shared.redis, &command, 1, REDIS_DEADLINE, &reply), 0);
	number = redis_integer(reply);
	redis_reply_free(reply);
	return number;
}

static struct store_lease *lock(struct mount *mount, const char *id)
{
	struct store_lease *lease = NULL;
	struct call call;

	call_init(&call, "acme/7.json");
	assert_int_equal(lease_lock(&mount->seat, &call, id, &lease), 0);
	call_destroy(&call);
	return lease;
}

static int check(struct store_lease *lease)
{
	struct call call;
	int error;

	call_init(&call, "acme/7.json");
	error = lease_check(lease, &call);
	call_destroy(&call);
	return error;
}

static int start_server(void **state)
{
	(void)state;
	return redis_server_start(&server) ? 0 : -1;
}

static int end_server(void **state)
{
	(void)state;
	redis_server_end(&server);
	return 0;
}

/* ---- figures, which are printed and not judged ---- */

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void print_times(const char *what, double *times, size_t count)
{
	qsort(times, count, sizeof(*times), compare_doubles);
	print_message("%s: p50 %.3f ms, p99 %.3f ms, most %.3f ms\n", what, times[count / 2] * 1000,
		      times[count * 99 / 100] * 1000, times[count - 1] * 1000);
}

/* ---- tests ---- */

static void test_two_round_trips(void **state)
{
	struct mount *mount = mount_start(0, true);
	struct redis_stats before, after;
	double times[1000];

	(void)state;
	lease_unlock(lock(mount, "7")); /* the server has the scripts now */
	redis_stats(mount->shared.redis, &before);
	for (int i = 0; i < 1000; i++) {
		double began = clock_seconds();
		struct store_lease *lease = lock(mount, "7");

		assert_int_equal(check(lease), 0);
		assert_false(lease_lost(lease));
		lease_unlock(lease);
		times[i] = clock_seconds() - began;
	}
	redis_stats(mount->shared.redis, &after);
	/* a few are of the threads that renew and read mail */
	assert_in_range(after.commands - before.commands, 2000, 2000 + 200);
	print_times("lock and unlock", times, 1000);
	mount_end(mount);
}

struct writer {
	struct mount *mount;
	unsigned seed;
	double *times;
};

static atomic_int counters[RECORDS];
static atomic_int inside[RECORDS];

static void *write_much(void *arg)
{
	struct writer *writer = arg;

	for (int i = 0; i < ROUNDS; i++) {
		int record = rand_r(&writer->seed) % RECORDS, value;
		char id[8];
		double began = clock_seconds();
		struct store_lease *lease;

		snprintf(id, sizeof(id), "%d", record);
		lease = lock(writer->mount, id);
		writer->times[i] = clock_seconds() - began;
		assert_int_equal(atomic_fetch_add(&inside[record], 1), 0);
		value = atomic_load(&counters[record]);
		sched_yield();
		atomic_store(&counters[record], value + 1);
		assert_int_equal(atomic_fetch_sub(&inside[record], 1), 1);
		lease_unlock(lease);
	}
	return NULL;
}

static void test_contention(void **state)
{
	static double times[WRITERS * ROUNDS];
	struct writer writers[WRITERS];
	pthread_t threads[WRITERS];
	double began = clock_seconds();
	int sum = 0;

	(void)state;
	mount_start(0, true);
	mount_start(1, true);
	for (size_t i = 0; i < WRITERS; i++) {
		writers[i] = (struct writer){.mount = &mounts[i % MOUNTS],
					     .seed = (unsigned)i,
					     .times = times + i * ROUNDS};
		pthread_create(&threads[i], NULL, write_much, &writers[i]);
	}
	for (size_t i = 0; i < WRITERS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < RECORDS; i++)
		sum += atomic_load(&counters[i]);
	assert_int_equal(sum, WRITERS * ROUNDS);
	print_message("%d locks in %.2f s: %.3f ms each for each of %d records\n", sum,
		      clock_seconds() - began, (clock_seconds() - began) * 1000 * RECORDS / sum,
		      RECORDS);
	print_times("a lock that others want", times, WRITERS * ROUNDS);
	/* nothing is left but the mailboxes, the count of tokens, since when they are given, and
	   for some seconds what the client tries */
	assert_in_range(ask_number(&mounts[0], "DBSIZE", NULL), MOUNTS + 2, MOUNTS + 3);
	mount_end(&mounts[0]);
	mount_end(&mounts[1]);
}

struct waiter {
	struct mount *mount;
	struct call call;
	pthread_t thread;
	int error, place;
	struct store_lease *lease;
};

static atomic_int places;

static void *wait_once(void *arg)
{
	struct waiter *waiter = arg;

	waiter->error = lease_lock(&waiter->mount->seat, &waiter->call, "7", &waiter->lease);
	waiter->place = atomic_fetch_add(&places, 1);
	if (!waiter->error)
		lease_unlock(waiter->lease);
	return NULL;
}

/* Start WAITER, and wait until it has queued. */
static void waiter_start(struct waiter *waiter, struct mount *mount)
{
	unsigned held, waiting, before;
	uint64_t lost;

	leases_counts(mount->shared.leases, &held, &before, &lost);
	waiter->mount = mount;
	call_init(&waiter->call, "acme/7.json");
	pthread_create(&waiter->thread, NULL, wait_once, waiter);
	do {
		usleep(1000);
		leases_counts(mount->shared.leases, &held, &waiting, &lost);
	} while (waiting <= before);
}

static void waiter_end(struct waiter *waiter)
{
	pthread_join(waiter->thread, NULL);
	call_destroy(&waiter->call);
}

static void test_order(void **state)
{
	struct waiter waiters[6] = {0};
	struct store_lease *lease;

	(void)state;
	mount_start(0, true);
	mount_start(1, true);
	atomic_store(&places, 0);
	lease = lock(&mounts[0], "7");
	for (int i = 0; i < 6; i++)
		waiter_start(&waiters[i], &mounts[(i + 1) % 2]);
	/* questions that are asked again do not change the order */
	usleep(1200000);
	lease_unlock(lease);
	for (int i = 0; i < 6; i++) {
		waiter_end(&waiters[i]);
		assert_int_equal(waiters[i].error, 0);
		assert_int_equal(waiters[i].place, i);
	}
	mount_end(&mounts[0]);
	mount_end(&mounts[1]);
}

static void test_cancelled(void **state)
{
	struct waiter first = {0}, second = {0};
	struct store_lease *lease;

	(void)state;
	mount_start(0, true);
	mount_start(1, true);
	lease = lock(&mounts[0], "7");
	waiter_start(&first, &mounts[1]);
	waiter_start(&second, &mounts[0]);
	call_cancel(&first.call);
	waiter_end(&first);
	assert_int_equal(first.error, -EINTR);
	assert_null(first.lease);
	lease_unlock(lease);
	waiter_end(&second);
	assert_int_equal(second.error, 0);
	mount_end(&mounts[0]);
	mount_end(&mounts[1]);
}

/* Return a lease that is not LEASE: the number of its ticket has DIGIT behind it. */
static struct store_lease waiter_of(const struct store_lease *lease, const char *digit)
{
	struct store_lease waiter = *lease;
	size_t length = strlen(lease->ticket);

	assert_true(length + 1 < sizeof(waiter.ticket));
	memcpy(waiter.ticket + length, digit, 2);
	return waiter;
}

/* A holder and those that wait are killed: the record is free within five seconds. */
static void test_killed(void **state)
{
	struct mount *dead = mount_start(0, false), *other = mount_start(1, true);
	struct store_lease *held = lock(dead, "7");
	struct store_lease waiting = waiter_of(held, "1"), also = waiter_of(held, "2");
	struct lease_turn turn;
	double began;

	(void)state;
	assert_int_equal(lease_script_ask(&waiting, &turn), 0);
	assert_false(turn.granted);
	assert_int_equal(lease_script_ask(&also, &turn), 0);
	began = clock_seconds();
	lease_unlock(lock(other, "7"));
	print_message("free after %.2f s\n", clock_seconds() - began);
	assert_true(clock_seconds() - began < 5);
	lease_unlock(held);

	/* the holder lives, and gives the record to one that was just killed, and to the next */
	held = lock(other, "7");
	waiting.key[0] = held->key[0];
	assert_int_equal(lease_script_ask(&waiting, &turn), 0);
	assert_int_equal(lease_script_ask(&also, &turn), 0);
	lease_unlock(held);
	began = clock_seconds();
	lease_unlock(lock(other, "7"));
	print_message("free after %.2f s\n", clock_seconds() - began);
	assert_true(clock_seconds() - began < 5);
	mount_end(dead);
	mount_end(other);
}

/* A mount is paused, and another one writes meanwhile. */
static void test_paused(void **state)
{
	struct mount *paused = mount_start(0, false), *other = mount_start(1, true);
	struct store_lease *lease = lock(paused, "7"), *theirs;
	int64_t token = lease->token, asked = lease->grant.time, between;

	(void)state;
	assert_int_equal(check(lease), 0);
	usleep(3100000);
	assert_true(lease_lost(lease));
	theirs = lock(other, "7");
	between = theirs->token;
	assert_true(between > token);
	lease_unlock(theirs);
	assert_int_equal(check(lease), -EAGAIN);
	assert_true(lease->token > between);
	assert_int_equal(lease->before.time, asked);
	assert_false(lease_lost(lease));
	assert_int_equal(check(lease), 0);
	/* it was paused, and nobody has noticed */
	usleep(2500000);
	assert_false(lease_lost(lease));
	assert_int_equal(check(lease), 0);
	usleep(2000000);
	assert_false(lease_lost(lease));
	lease_unlock(lease);
	mount_end(paused);
	mount_end(other);
}

/* Who renews holds a record for as long as it likes. */
static void test_renewed(void **state)
{
	struct mount *mount = mount_start(0, true);
	struct store_lease *lease = lock(mount, "7");
	int64_t token = lease->token;

	(void)state;
	usleep(4500000);
	assert_false(lease_lost(lease));
	assert_int_equal(check(lease), 0);
	assert_int_equal(lease->token, token);
	lease_unlock(lease);
	mount_end(mount);
}

/* The server forgets everything, as one that was restarted, or failed over. */
static void test_emptied(void **state)
{
	struct mount *mount = mount_start(0, true);
	struct store_lease *lease = lock(mount, "7");
	int64_t token = lease->token;
	unsigned held, waiting;
	uint64_t lost;

	(void)state;
	ask_number(mount, "FLUSHALL", NULL);
	usleep(1500000);
	assert_true(lease_lost(lease));
	leases_counts(mount->shared.leases, &held, &waiting, &lost);
	assert_int_equal(lost, 1);
	assert_int_equal(check(lease), -EAGAIN);
	assert_true(lease->token > token);
	assert_int_equal(check(lease), 0);
	assert_false(lease_lost(lease));
	lease_unlock(lease);
	mount_end(mount);
}

/* OTHER locks what HOLDER's LEASE is of, which the server has forgotten: not while HOLDER may count
 * on it. */
static void lock_forgotten(struct mount *other, struct store_lease *lease)
{
	struct store_lease *theirs;
	int64_t token = lease->token;

	assert_int_equal(check(lease), 0); /* something is sent now */
	theirs = lock(other, "7");
	assert_true(lease_lost(lease));
	assert_true(clock_seconds() >= lease->until);
	assert_true(theirs->token > token);
	lease_unlock(theirs);
	assert_int_equal(check(lease), -EAGAIN);
	lease_unlock(lease);
}

/* Two mounts, and the server forgets what one of them holds. */
static void test_emptied_and_asked(void **state)
{
	struct mount *holder = mount_start(0, false), *other = mount_start(1, true);
	struct store_lease *lease = lock(holder, "7");

	(void)state;
	ask_number(holder, "FLUSHALL", NULL);
	lock_forgotten(other, lease);
	mount_end(holder);
	mount_end(other);
}

/* The same, and the server knows what it knew before. */
static void test_restarted_and_asked(void **state)
{
	struct mount *holder = mount_start(0, false), *other = mount_start(1, true);
	struct store_lease *lease;
	char dump[128];

	(void)state;
	lease_unlock(lock(holder, "8"));
	ask_number(holder, "SAVE", NULL);
	for (int i = 0; i < 10; i++)
		lease_unlock(lock(holder, "8"));
	lease = lock(holder, "7");
	redis_server_kill(&server);
	assert_true(redis_server_run(&server));
	for (int i = 0; i < 300 && !redis_is_up(other->shared.redis); i++)
		usleep(10000);
	lock_forgotten(other, lease);
	mount_end(holder);
	mount_end(other);
	snprintf(dump, sizeof(dump), "%s/dump.rdb", server.folder);
	unlink(dump);
}

/* Who waits for a server to settle can be interrupted, and a server that has settled costs nothing.
 */
static void test_settles(void **state)
{
	struct mount *mount = mount_start(0, true);
	struct waiter waiter = {0};
	double began = clock_seconds();

	(void)state;
	waiter_start(&waiter, mount);
	call_cancel(&waiter.call);
	waiter_end(&waiter);
	assert_int_equal(waiter.error, -EINTR);
	assert_true(clock_seconds() - began < 2);
	usleep(3100000);
	began = clock_seconds();
	lease_unlock(lock(mount, "7"));
	assert_true(clock_seconds() - began < 0.5);
	mount_end(mount);
}

static void test_gone(void **state)
{
	struct mount *mount = mount_start(0, true);
	struct store_lease *lease = lock(mount, "7"), *none;
	struct call call;

	(void)state;
	redis_server_kill(&server);
	call_init(&call, "acme/7.json");
	none = lease;
	assert_int_equal(lease_lock(&mount->seat, &call, "8", &none), -EREMOTEIO);
	assert_int_equal(call.verdict, CALL_NO_LOCK);
	assert_non_null(strstr(call.words, "the shared store can't be reached: no lock (unix:"));
	assert_ptr_equal(none, lease);
	usleep(2100000);
	assert_int_equal(lease_check(lease, &call), -EREMOTEIO);
	assert_non_null(strstr(call.words, "; nothing was sent"));
	print_message("%s\n", call.words);
	mount->shared.required = false;
	assert_int_equal(lease_lock(&mount->seat, &call, "8", &none), 0);
	assert_null(none);
	assert_int_equal(lease_check(lease, &call), 0);
	usleep(1000000);
	assert_false(lease_lost(lease));
	mount->shared.required = true;
	assert_true(redis_server_run(&server));
	for (int i = 0; i < 300 && !redis_is_up(mount->shared.redis); i++)
		usleep(10000);
	assert_int_equal(lease_check(lease, &call), -EAGAIN);
	assert_int_equal(lease_check(lease, &call), 0);
	lease_unlock(lease);
	call_destroy(&call);
	mount_end(mount);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_two_round_trips, start_server, end_server),
	    cmocka_unit_test_setup_teardown(test_contention, start_server, end_server),
	    cmocka_unit_test_setup_teardown(test_order, start_server, end_server),
	    cmocka_unit_test_setup_teardown(test_cancelled, start_server, end_server),
	    cmocka_unit_test_setup_teardown(test_killed, start_server, end_server),
	    cmocka_unit_test_setup_teardown(test_paused, start_server, end_server),
	    cmocka_unit_test_setup_teardown(test_renewed, start_server, end_server),
	    cmocka_unit_test_setup_teardown(test_emptied, start_server, end_server),
	    cmocka_unit_test_setup_teardown(test_emptied_and_asked, start_server, end_server),
	    cmocka_unit_test_setup_teardown(test_restarted_and_asked, start_server, end_server),
	    cmocka_unit_test_setup_teardown(test_settles, start_server, end_server),
	    cmocka_unit_test_setup_teardown(test_gone, start_server, end_server),
	};

	signal(SIGPIPE, SIG_IGN); /* as the program does: the server is killed */
	if (!redis_server_exists()) {
		print_message("no redis-server: skipped\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}

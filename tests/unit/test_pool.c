/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_pool.c - work that other work waits for, and delayed work: in order of its due times, on a
 * thread of the pool, and called off at the end.
 */
#include "vendors/base/pool.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define ROOM 8

static struct {
	pthread_mutex_t lock;
	pthread_cond_t more;
	uintptr_t order[ROOM];
	bool ending[ROOM];
	pthread_t thread[ROOM];
	size_t count;
} seen = {.lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER};

/* A moment at which the clock stands still, in nanoseconds; 0: it goes on. */
static atomic_llong moment;

/* pool.c finds this one. */
int clock_gettime(clockid_t clock, struct timespec *time)
{
	long long now = atomic_load(&moment);

	if (clock != CLOCK_BOOTTIME || !now)
		return (int)syscall(SYS_clock_gettime, clock, time);
	*time = (struct timespec){now / 1000000000, now % 1000000000};
	return 0;
}

static void note(void *arg, bool ending)
{
	pthread_mutex_lock(&seen.lock);
	seen.order[seen.count] = (uintptr_t)arg;
	seen.ending[seen.count] = ending;
	seen.thread[seen.count++] = pthread_self();
	pthread_cond_broadcast(&seen.more);
	pthread_mutex_unlock(&seen.lock);
}

static void wait_for(size_t count)
{
	pthread_mutex_lock(&seen.lock);
	while (seen.count < count)
		pthread_cond_wait(&seen.more, &seen.lock);
	pthread_mutex_unlock(&seen.lock);
}

static int forget(void **state)
{
	(void)state;
	seen.count = 0;
	return 0;
}

/* What is due first runs first, whatever came first; none on the caller's thread. */
static void test_order(void **state)
{
	struct pool *pool = pool_new(1);
	struct timespec now;

	(void)state;
	/* all three at the same moment, however slow the machine is */
	clock_gettime(CLOCK_BOOTTIME, &now);
	atomic_store(&moment, now.tv_sec * 1000000000LL + now.tv_nsec);
	assert_int_equal(pool_after(pool, 0.2, note, (void *)3), 0);
	assert_int_equal(pool_after(pool, 0.1, note, (void *)2), 0);
	assert_int_equal(pool_after(pool, 0, note, (void *)1), 0);
	atomic_store(&moment, 0);
	wait_for(3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(seen.order[i], i + 1);
		assert_false(seen.ending[i]);
		assert_false(pthread_equal(seen.thread[i], pthread_self()));
	}
	pool_free(pool);
	assert_int_equal(seen.count, 3);
}

/* The end calls off what is not due, on the thread that ends it, and nothing comes after it. */
static void test_end(void **state)
{
	struct pool *pool = pool_new(1);

	(void)state;
	assert_int_equal(pool_after(pool, 3600, note, (void *)2), 0);
	assert_int_equal(pool_after(pool, 1800, note, (void *)1), 0);
	pool_end_delays(pool);
	assert_int_equal(seen.count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(seen.order[i], i + 1);
		assert_true(seen.ending[i]);
		assert_true(pthread_equal(seen.thread[i], pthread_self()));
	}
	assert_int_equal(pool_after(pool, 0, note, NULL), -ECANCELED);
	pool_free(pool);
	assert_int_equal(seen.count, 2);
}

/* A pool that is freed calls them off as well. */
static void test_freed(void **state)
{
	struct pool *pool = pool_new(1);

	(void)state;
	assert_int_equal(pool_after(pool, 3600, note, (void *)1), 0);
	pool_free(pool);
	assert_int_equal(seen.count, 1);
	assert_true(seen.ending[0]);
}

static void note_run(void *arg)
{
	note(arg, false);
}

/* Wait for other work, with the only thread of the pool. */
static void wait_in_pool(void *arg)
{
	assert_int_equal(pool_run_awaited(arg, note_run, (void *)1), 0);
	wait_for(1);
	note((void *)2, false);
}

/* Work that other work waits for runs, even if all threads wait. */
static void test_awaited(void **state)
{
	struct pool *pool = pool_new(1);

	(void)state;
	assert_int_equal(pool_run(pool, wait_in_pool, pool), 0);
	wait_for(2);
	assert_int_equal(seen.order[0], 1);
	assert_int_equal(seen.order[1], 2);
	pool_drain(pool, 0);
	pool_free(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_awaited, forget),
	    cmocka_unit_test_setup(test_order, forget),
	    cmocka_unit_test_setup(test_end, forget),
	    cmocka_unit_test_setup(test_freed, forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

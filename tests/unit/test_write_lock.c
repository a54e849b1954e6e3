/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_write_lock.c - writers of one record take turns, and a cancelled one leaves the queue.
 */
#include "cache/record/write_lock.h"

#include "vendors/base/call.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define WRITERS 8
#define ROUNDS 200

struct writer {
	struct write_lock *lock;
	struct call call;
	pthread_t thread;
	int error;
	atomic_int *order; /* counts those that got the record */
	int place;
};

static atomic_int waits; /* how often a thread went to sleep for a call */

/* call.c finds this one. Who gets here is in the queue. */
int pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *mutex)
{
	int (*real)(pthread_cond_t *, pthread_mutex_t *);

	*(void **)&real = dlsym(RTLD_NEXT, "pthread_cond_wait");
	atomic_fetch_add(&waits, 1);
	return real(condition, mutex);
}

static void *take_once(void *arg)
{
	struct writer *writer = arg;

	writer->error = write_lock_take(writer->lock, &writer->call, "7");
	if (!writer->error) {
		writer->place = atomic_fetch_add(writer->order, 1);
		write_lock_release(writer->lock, "7");
	}
	return NULL;
}

/* Start WRITER, and wait until it has queued. */
static void start(struct writer *writer, struct write_lock *lock, atomic_int *order)
{
	int before = atomic_load(&waits);

	writer->lock = lock;
	writer->order = order;
	call_init(&writer->call, "7.json");
	assert_int_equal(pthread_create(&writer->thread, NULL, take_once, writer), 0);
	while (atomic_load(&waits) == before)
		usleep(1000);
}

static void end(struct writer *writer)
{
	pthread_join(writer->thread, NULL);
	call_destroy(&writer->call);
}

/* The record goes to the writer that has waited longest; one that is cancelled is passed over. */
static void test_order(void **state)
{
	struct write_lock *lock = write_lock_new();
	struct writer writers[3] = {0};
	atomic_int order = 0;
	struct call call;

	(void)state;
	call_init(&call, "7.json");
	assert_int_equal(write_lock_take(lock, &call, "7"), 0);
	assert_int_equal(write_lock_take(lock, &call, "8"), 0);
	write_lock_release(lock, "8");
	for (size_t i = 0; i < 3; i++)
		start(&writers[i], lock, &order);
	call_cancel(&writers[1].call);
	end(&writers[1]);
	assert_int_equal(writers[1].error, -EINTR);
	assert_int_equal(atomic_load(&order), 0);
	write_lock_release(lock, "7");
	end(&writers[0]);
	end(&writers[2]);
	assert_int_equal(writers[0].place, 0);
	assert_int_equal(writers[2].place, 1);
	assert_int_equal(write_lock_take(lock, &call, "7"), 0);
	write_lock_release(lock, "7");
	call_destroy(&call);
	write_lock_free(lock);
}

struct crowd {
	struct write_lock *lock;
	struct call calls[WRITERS];
	atomic_int inside, taken;
	atomic_size_t next;
};

static void *take_often(void *arg)
{
	struct crowd *crowd = arg;
	struct call *call = &crowd->calls[atomic_fetch_add(&crowd->next, 1)];

	for (size_t i = 0; i < ROUNDS; i++) {
		if (write_lock_take(crowd->lock, call, "7"))
			break;
		if (atomic_fetch_add(&crowd->inside, 1) != 0)
			abort();
		atomic_fetch_add(&crowd->taken, 1);
		atomic_fetch_sub(&crowd->inside, 1);
		write_lock_release(crowd->lock, "7");
	}
	return NULL;
}

/* Many writers at once, some of which are cancelled while they wait. */
static void test_crowd(void **state)
{
	struct crowd crowd = {.lock = write_lock_new()};
	pthread_t threads[WRITERS];

	(void)state;
	for (size_t i = 0; i < WRITERS; i++)
		call_init(&crowd.calls[i], "7.json");
	for (size_t i = 0; i < WRITERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, take_often, &crowd), 0);
	for (size_t i = 0; i < WRITERS; i += 2)
		call_cancel(&crowd.calls[i]);
	for (size_t i = 0; i < WRITERS; i++)
		pthread_join(threads[i], NULL);
	assert_true(atomic_load(&crowd.taken) >= WRITERS / 2 * ROUNDS);
	for (size_t i = 0; i < WRITERS; i++)
		call_destroy(&crowd.calls[i]);
	write_lock_free(crowd.lock);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_order),
	    cmocka_unit_test(test_crowd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

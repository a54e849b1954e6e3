/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool.c - see pool.h.
 *
 * A thread that finds no work stays if fewer than IDLE_MAX are idle, and ends otherwise, so that
 * few threads remain after a burst. It knows nothing of what it runs.
 */
#include "vendors/base/pool.h"

#include "vendors/base/call.h"
#include "vendors/base/clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>

#define IDLE_MAX 4
/* jansson reads 2,048 levels of nested arrays, and writes them with 300 bytes of stack for each. */
#define STACK_BYTES (4u << 20)

struct work {
	void (*run)(void *arg);
	void (*run_late)(void *arg, bool ending); /* instead of run, for pool_after */
	void *arg;
	double due; /* monotonic seconds */
	struct work *next;
};

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t more; /* there is work, or the pool ends */
	pthread_cond_t gone; /* a thread has ended, or work has while draining */
	struct work *first, **last;
	unsigned queued;
	unsigned limit, threads, idle;
	unsigned running;
	bool draining, ending;

	/* delayed work is due sooner than before, or the delays end; monotonic */
	pthread_cond_t sooner;
	pthread_t timer;
	struct work *delayed; /* soonest due first */
	bool timing;          /* timer is running */
	bool delays_ended;

	/* Threads of their own for the work that other work waits for: it would never run if all
	 * threads waited for it. NULL: this is that pool. */
	struct pool *awaited;
};

static struct pool *pool_make(unsigned limit)
{
	struct pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return NULL;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->more, NULL);
	clock_cond_init(&pool->gone);
	clock_cond_init(&pool->sooner);
	pool->last = &pool->first;
	pool->limit = limit;
	return pool;
}

struct pool *pool_new(unsigned limit)
{
	struct pool *pool = pool_make(limit);

	if (!pool)
		return NULL;
	pool->awaited = pool_make(limit);
	if (!pool->awaited) {
		pool_free(pool);
		return NULL;
	}
	return pool;
}

/* Return the next work, waiting for it, or NULL if this thread should end. */
static struct work *pool_take_locked(struct pool *pool)
{
	struct work *work;

	while (!pool->first) {
		if (pool->ending || pool->idle >= IDLE_MAX)
			return NULL;
		pool->idle++;
		pthread_cond_wait(&pool->more, &pool->lock);
		pool->idle--;
	}
	work = pool->first;
	pool->first = work->next;
	pool->queued--;
	if (!pool->first)
		pool->last = &pool->first;
	return work;
}

static void *pool_thread_main(void *arg)
{
	struct pool *pool = arg;
	struct work *work;

	prctl(PR_SET_NAME, "vendor-work", 0, 0, 0);
	pthread_mutex_lock(&pool->lock);
	while ((work = pool_take_locked(pool))) {
		pool->running++;
		pthread_mutex_unlock(&pool->lock);
		if (work->run)
			work->run(work->arg);
		else
			work->run_late(work->arg, false);
		free(work);
		pthread_mutex_lock(&pool->lock);
		pool->running--;
		if (pool->draining)
			pthread_cond_broadcast(&pool->gone);
	}
	pool->threads--;
	pthread_cond_broadcast(&pool->gone);
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

static int pool_start_locked(struct pool *pool)
{
	pthread_attr_t attr;
	pthread_t thread;
	int error;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	error = pthread_create(&thread, &attr, pool_thread_main, pool);
	pthread_attr_destroy(&attr);
	if (!error)
		pool->threads++;
	return -error;
}

/* Queue WORK, which the pool then owns. Returns 0 or -EAGAIN. */
static int queue_locked(struct pool *pool, struct work *work)
{
	int error = 0;

	/* idle threads that were signalled and have not woken yet will take what is queued */
	if (pool->idle <= pool->queued && pool->threads < pool->limit)
		error = pool_start_locked(pool);
	if (error && pool->threads > 0)
		error = 0; /* an existing thread will take it */
	if (error)
		return error;
	work->next = NULL;
	*pool->last = work;
	pool->last = &work->next;
	pool->queued++;
	pthread_cond_signal(&pool->more);
	return 0;
}

int pool_run(struct pool *pool, void (*run)(void *arg), void *arg)
{
	struct work *work = calloc(1, sizeof(*work));
	int error;

	if (!work)
		return -ENOMEM;
	work->run = run;
	work->arg = arg;
	pthread_mutex_lock(&pool->lock);
	error = queue_locked(pool, work);
	pthread_mutex_unlock(&pool->lock);
	if (error)
		free(work);
	return error;
}

int pool_run_awaited(struct pool *pool, void (*run)(void *arg), void *arg)
{
	return pool_run(pool->awaited, run, arg);
}

/* ---- delayed work ---- */

/* Insert WORK by its due time. */
static void delay_locked(struct pool *pool, struct work *work)
{
	struct work **at = &pool->delayed;

	while (*at && (*at)->due <= work->due)
		at = &(*at)->next;
	work->next = *at;
	*at = work;
	if (pool->delayed == work)
		pthread_cond_signal(&pool->sooner);
}

/* Sleep until the first delayed work is due, other work becomes the first, or the delays end. */
static void sleep_locked(struct pool *pool)
{
	struct timespec until;

	if (!pool->delayed) {
		pthread_cond_wait(&pool->sooner, &pool->lock);
		return;
	}
	until = clock_cond_time(pool->delayed->due - clock_seconds());
	pthread_cond_timedwait(&pool->sooner, &pool->lock, &until);
}

/* The timer thread: queue what is due. If no thread can be created for it, try again a second
 * later.
 */
static void *timer_main(void *arg)
{
	struct pool *pool = arg;

	prctl(PR_SET_NAME, "vendor-timer", 0, 0, 0);
	pthread_mutex_lock(&pool->lock);
	while (!pool->delays_ended) {
		struct work *work = pool->delayed;

		if (!work || work->due > clock_seconds()) {
			sleep_locked(pool);
			continue;
		}
		pool->delayed = work->next;
		if (queue_locked(pool, work)) {
			work->due = clock_seconds() + 1;
			delay_locked(pool, work);
		}
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

int pool_after(struct pool *pool, double seconds, void (*run)(void *arg, bool ending), void *arg)
{
	struct work *work = calloc(1, sizeof(*work));
	int error = 0;

	if (!work)
		return -ENOMEM;
	work->run_late = run;
	work->arg = arg;
	work->due = clock_seconds() + seconds;
	pthread_mutex_lock(&pool->lock);
	if (pool->delays_ended)
		error = -ECANCELED;
	else if (!pool->timing)
		error = -pthread_create(&pool->timer, NULL, timer_main, pool);
	if (!error) {
		pool->timing = true;
		delay_locked(pool, work);
	}
	pthread_mutex_unlock(&pool->lock);
	if (error)
		free(work);
	return error;
}

void pool_end_delays(struct pool *pool)
{
	struct work *work, *next;
	bool timing;

	pthread_mutex_lock(&pool->lock);
	pool->delays_ended = true;
	timing = pool->timing;
	pool->timing = false;
	pthread_cond_broadcast(&pool->sooner);
	pthread_mutex_unlock(&pool->lock);
	if (timing)
		pthread_join(pool->timer, NULL);
	for (work = pool->delayed; work; work = next) {
		next = work->next;
		work->run_late(work->arg, true);
		free(work);
	}
	pool->delayed = NULL;
}

static void drain_until(struct pool *pool, const struct timespec *until)
{
	pthread_mutex_lock(&pool->lock);
	pool->draining = true;
	while (pool->queued || pool->running) {
		if (pthread_cond_timedwait(&pool->gone, &pool->lock, until) == ETIMEDOUT)
			break;
	}
	pthread_mutex_unlock(&pool->lock);
}

void pool_drain(struct pool *pool, unsigned milliseconds)
{
	struct timespec until = call_deadline(milliseconds);

	/* what ends may give work to the other threads */
	for (int turn = 0; turn < 2; turn++) {
		drain_until(pool, &until);
		drain_until(pool->awaited, &until);
	}
}

void pool_free(struct pool *pool)
{
	if (!pool)
		return;
	pool_end_delays(pool);
	pthread_mutex_lock(&pool->lock);
	pool->ending = true;
	pthread_cond_broadcast(&pool->more);
	while (pool->threads)
		pthread_cond_wait(&pool->gone, &pool->lock);
	pthread_mutex_unlock(&pool->lock);
	pool_free(pool->awaited);
	pthread_cond_destroy(&pool->more);
	pthread_cond_destroy(&pool->gone);
	pthread_cond_destroy(&pool->sooner);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

/*
 * pool.c - see pool.h.
 *
 * Knows nothing of what it runs. A thread that finds no work stays if fewer than IDLE_MAX are idle
 * and ends otherwise, so that a burst of waiting callers leaves no crowd behind.
 */
#include "cache/pool.h"

#include "vendors/call.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>

#define IDLE_MAX 4
/* jansson reads 2,048 levels of arrays within each other and writes them with 300 bytes for each.
 */
#define STACK_BYTES (4u << 20)

struct work {
	void (*run)(void *arg);
	void *arg;
	struct work *next;
};

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t more; /* work came, or the end */
	pthread_cond_t gone; /* a thread ended, or work while draining */
	struct work *first, **last;
	unsigned queued;
	unsigned limit, threads, idle;
	unsigned running;
	bool draining, ending;
};

struct pool *pool_new(unsigned limit)
{
	struct pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return NULL;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->more, NULL);
	pthread_cond_init(&pool->gone, NULL);
	pool->last = &pool->first;
	pool->limit = limit;
	return pool;
}

/* The next piece of work, or NULL when this thread is to end. */
static struct work *take_locked(struct pool *pool)
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

static void *thread_main(void *arg)
{
	struct pool *pool = arg;
	struct work *work;

	prctl(PR_SET_NAME, "vendor-work", 0, 0, 0);
	pthread_mutex_lock(&pool->lock);
	while ((work = take_locked(pool))) {
		pool->running++;
		pthread_mutex_unlock(&pool->lock);
		work->run(work->arg);
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

static int start_locked(struct pool *pool)
{
	pthread_attr_t attr;
	pthread_t thread;
	int error;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	error = pthread_create(&thread, &attr, thread_main, pool);
	pthread_attr_destroy(&attr);
	if (!error)
		pool->threads++;
	return -error;
}

int pool_run(struct pool *pool, void (*run)(void *arg), void *arg)
{
	struct work *work = calloc(1, sizeof(*work));
	int error = 0;

	if (!work)
		return -ENOMEM;
	work->run = run;
	work->arg = arg;
	pthread_mutex_lock(&pool->lock);
	/* Idle threads that were signalled but did not wake yet are spoken for by the queue. */
	if (pool->idle <= pool->queued && pool->threads < pool->limit)
		error = start_locked(pool);
	if (error && pool->threads > 0)
		error = 0; /* one of those there will come to it */
	if (error) {
		free(work);
	} else {
		*pool->last = work;
		pool->last = &work->next;
		pool->queued++;
		pthread_cond_signal(&pool->more);
	}
	pthread_mutex_unlock(&pool->lock);
	return error;
}

void pool_drain(struct pool *pool, unsigned milliseconds)
{
	struct timespec until = call_deadline(milliseconds);

	pthread_mutex_lock(&pool->lock);
	pool->draining = true;
	while (pool->queued || pool->running) {
		if (pthread_cond_timedwait(&pool->gone, &pool->lock, &until) == ETIMEDOUT)
			break;
	}
	pthread_mutex_unlock(&pool->lock);
}

void pool_free(struct pool *pool)
{
	if (!pool)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->ending = true;
	pthread_cond_broadcast(&pool->more);
	while (pool->threads)
		pthread_cond_wait(&pool->gone, &pool->lock);
	pthread_mutex_unlock(&pool->lock);
	pthread_cond_destroy(&pool->more);
	pthread_cond_destroy(&pool->gone);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

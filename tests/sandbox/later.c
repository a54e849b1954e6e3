/* SPDX-License-Identifier: Apache-2.0 */
/*
 * later: work that is done at a given time, in a thread of its own.
 *
 * What waits is few: a list in the order of the times.
 *
 * It must not know what is done.
 */
#include "later.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "gate.h"
#include "text.h"

struct task {
	struct task *next;
	int64_t due;
	void (*work)(void *arg, bool now);
	void *arg;
};

struct later {
	pthread_mutex_t lock;
	pthread_cond_t moved;
	struct task *first;
	bool stopped;
	pthread_t thread;
};

/* Does the tasks of a list, or only frees them. */
static void finish(struct task *task, bool now)
{
	while (task) {
		struct task *next = task->next;
		task->work(task->arg, now);
		free(task);
		task = next;
	}
}

static void *run(void *self)
{
	struct later *later = self;
	pthread_mutex_lock(&later->lock);
	while (!later->stopped) {
		struct task *first = later->first;
		if (!first) {
			pthread_cond_wait(&later->moved, &later->lock);
		} else if (first->due > gate_now_us()) {
			struct timespec due = {.tv_sec = (time_t)(first->due / 1000000),
					       .tv_nsec = (long)(first->due % 1000000) * 1000};
			pthread_cond_timedwait(&later->moved, &later->lock, &due);
		} else {
			later->first = first->next;
			first->next = NULL;
			pthread_mutex_unlock(&later->lock);
			finish(first, true);
			pthread_mutex_lock(&later->lock);
		}
	}
	pthread_mutex_unlock(&later->lock);
	return NULL;
}

struct later *later_new(void)
{
	struct later *later = text_alloc(1, sizeof *later);
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_mutex_init(&later->lock, NULL);
	pthread_cond_init(&later->moved, &attributes);
	pthread_condattr_destroy(&attributes);
	if (pthread_create(&later->thread, NULL, run, later) != 0)
		abort();
	return later;
}

void later_free(struct later *later)
{
	if (!later)
		return;
	later_stop(later);
	pthread_cond_destroy(&later->moved);
	pthread_mutex_destroy(&later->lock);
	free(later);
}

void later_add(struct later *later, int64_t due, void (*work)(void *arg, bool now), void *arg)
{
	struct task *task = text_alloc(1, sizeof *task);
	*task = (struct task){.due = due, .work = work, .arg = arg};
	pthread_mutex_lock(&later->lock);
	bool stopped = later->stopped;
	struct task **place = &later->first;
	while (!stopped && *place && (*place)->due <= due)
		place = &(*place)->next;
	if (!stopped) {
		task->next = *place;
		*place = task;
	}
	pthread_cond_signal(&later->moved);
	pthread_mutex_unlock(&later->lock);
	if (stopped)
		finish(task, false);
}

static struct task *take_all(struct later *later)
{
	pthread_mutex_lock(&later->lock);
	struct task *first = later->first;
	later->first = NULL;
	pthread_mutex_unlock(&later->lock);
	return first;
}

void later_release(struct later *later)
{
	finish(take_all(later), true);
}

void later_stop(struct later *later)
{
	pthread_mutex_lock(&later->lock);
	bool stopped = later->stopped;
	later->stopped = true;
	pthread_cond_broadcast(&later->moved);
	pthread_mutex_unlock(&later->lock);
	if (stopped)
		return;
	pthread_join(later->thread, NULL);
	finish(take_all(later), false);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limiter: how many requests a vendor lets in within a time.
 *
 * It must not know what a request is.
 */
#include "limiter.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gate.h"
#include "text.h"

struct limiter {
	pthread_mutex_t lock;
	int64_t *times; /* of those that were let in, the oldest first */
	size_t used, room;
};

struct limiter *limiter_new(void)
{
	struct limiter *limiter = text_alloc(1, sizeof *limiter);
	pthread_mutex_init(&limiter->lock, NULL);
	return limiter;
}

void limiter_free(struct limiter *limiter)
{
	if (!limiter)
		return;
	pthread_mutex_destroy(&limiter->lock);
	free(limiter->times);
	free(limiter);
}

static void append_locked(struct limiter *limiter, int64_t time)
{
	if (limiter->used == limiter->room) {
		size_t room = limiter->room ? limiter->room * 2 : 64;
		int64_t *times = text_alloc(room, sizeof *times);
		if (limiter->used)
			memcpy(times, limiter->times, limiter->used * sizeof *times);
		free(limiter->times);
		limiter->times = times;
		limiter->room = room;
	}
	limiter->times[limiter->used++] = time;
}

bool limiter_admit(struct limiter *limiter, const struct settings_values *settings)
{
	if (!settings->limit_requests)
		return true;
	pthread_mutex_lock(&limiter->lock);
	int64_t now = gate_now_us();
	size_t old = 0;
	while (old < limiter->used &&
	       limiter->times[old] <= now - (int64_t)settings->limit_window_ms * 1000)
		old++;
	limiter->used -= old;
	if (old)
		memmove(limiter->times, limiter->times + old,
			limiter->used * sizeof *limiter->times);
	bool admitted = limiter->used < (size_t)settings->limit_requests;
	if (admitted)
		append_locked(limiter, now);
	pthread_mutex_unlock(&limiter->lock);
	return admitted;
}

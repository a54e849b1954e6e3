/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wait.c - see wait.h.
 */
#include "cache/roster/wait.h"

#include "cache/record/record.h"
#include "cache/record/snapshot.h"
#include "cache/roster/flight.h"
#include "vendors/base/call.h"

#include <errno.h>
#include <stdlib.h>

static void wake_asker(struct wait *wait)
{
	struct call *call = wait->call;

	pthread_mutex_lock(&call->lock);
	wait->answered = true;
	pthread_cond_broadcast(&call->wake);
	pthread_mutex_unlock(&call->lock);
}

static bool is_answered(void *arg)
{
	const struct wait *wait = arg;

	return wait->answered;
}

/* Block until WAIT is answered. The answer is on its way, so that nothing can interrupt it. */
static void wait_for_answer(const struct wait *wait)
{
	struct call *call = wait->call;

	pthread_mutex_lock(&call->lock);
	while (!wait->answered)
		pthread_cond_wait(&call->wake, &call->lock);
	pthread_mutex_unlock(&call->lock);
}

int wait_sync(struct roster *roster, struct wait *wait)
{
	wait->done = wake_asker;
	wait->answered = false;
	flight_ask(roster, wait);
	if (call_wait(wait->call, is_answered, wait)) {
		if (flight_leave(roster, wait)) {
			wait->error = -EINTR;
			return -EINTR;
		}
		wait_for_answer(wait);
	}
	return wait->error;
}

void wait_clear(struct wait *wait)
{
	snapshot_put(wait->snapshot);
	record_put(wait->record);
	free(wait->self);
	wait->snapshot = NULL;
	wait->record = NULL;
	wait->self = NULL;
}

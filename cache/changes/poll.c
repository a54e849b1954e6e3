/* SPDX-License-Identifier: Apache-2.0 */
/*
 * poll.c - see poll.h.
 *
 * A poll sleeps in the pool's timer, or its question waits for a fetch: never both.
 */
#include "cache/changes/poll.h"

#include "cache/roster/flight.h"
#include "cache/roster/roster.h"
#include "cache/roster/wait.h"
#include "vendors/base/call.h"
#include "vendors/base/clock.h"
#include "vendors/base/log.h"
#include "vendors/base/pool.h"
#include "vendors/rest/account.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define PAUSE_MAX 900.0 /* seconds between tries while fetches fail */
#define PAUSE_MIN 1.0   /* after a fetch that took longer than the interval */

struct poll {
	struct roster *roster;
	double interval; /* seconds */
	/* of the question that waits */
	struct wait wait;
	struct call call;
	double asked; /* when it was asked, monotonic seconds */
	double pause; /* since fetches fail; 0: the last one succeeded */

	pthread_mutex_t lock;
	double began; /* when the newest list was requested; under lock */
};

struct poll *poll_new(struct roster *roster, unsigned seconds)
{
	struct poll *poll = calloc(1, sizeof(*poll));

	if (!poll)
		return NULL;
	poll->roster = roster;
	poll->interval = seconds;
	pthread_mutex_init(&poll->lock, NULL);
	return poll;
}

void poll_free(struct poll *poll)
{
	if (!poll)
		return;
	pthread_mutex_destroy(&poll->lock);
	free(poll);
}

void poll_listed(struct poll *poll, double began)
{
	pthread_mutex_lock(&poll->lock);
	poll->began = began;
	pthread_mutex_unlock(&poll->lock);
}

/* Return in how many seconds the next list is due. */
static double left_of(struct poll *poll)
{
	double began;

	pthread_mutex_lock(&poll->lock);
	began = poll->began;
	pthread_mutex_unlock(&poll->lock);
	return began > 0 ? began + poll->interval - clock_seconds() : 0;
}

static void poll_due(void *arg, bool ending);

static void poll_sleep(struct poll *poll, double seconds)
{
	int error = pool_after(roster_pool(poll->roster), seconds, poll_due, poll);

	if (error && error != -ECANCELED)
		log_line("%s: polling has ended: %s", roster_account(poll->roster)->name,
			 strerror(-error));
}

/* The question of the poll that WAIT belongs to is answered. */
static void poll_answered(struct wait *wait)
{
	struct poll *poll = wait->arg;
	int error = wait->error;
	double left;

	wait_clear(wait);
	call_destroy(&poll->call);
	if (error) {
		poll->pause = poll->pause > 0 ? 2 * poll->pause : poll->interval;
		if (poll->pause > PAUSE_MAX)
			poll->pause = PAUSE_MAX > poll->interval ? PAUSE_MAX : poll->interval;
		left = poll->pause;
	} else {
		poll->pause = 0;
		left = left_of(poll);
		/* what failed to be kept is fetched again after the interval, too */
		if (left <= 0 && poll->asked + poll->interval > clock_seconds())
			left = poll->asked + poll->interval - clock_seconds();
		left = left < PAUSE_MIN ? PAUSE_MIN : left;
	}
	poll_sleep(poll, left);
}

/*
 * Return since when another host may have requested the list that is due: half an interval after
 * the newest one. So hosts that poll the same list come to do it together.
 */
static double since_when(struct poll *poll)
{
	double since, now = clock_seconds();

	pthread_mutex_lock(&poll->lock);
	since = poll->began > 0 ? poll->began + poll->interval / 2 : now - poll->interval;
	pthread_mutex_unlock(&poll->lock);
	if (since < 0.001)
		since = 0.001;
	return since < now ? since : now;
}

static void poll_ask(struct poll *poll)
{
	call_init(&poll->call, roster_account(poll->roster)->name);
	poll->wait = (struct wait){.kind = WAIT_WHOLE,
				   .call = &poll->call,
				   .since = since_when(poll),
				   .done = poll_answered,
				   .arg = poll};
	poll->asked = clock_seconds();
	flight_renew(poll->roster, &poll->wait);
}

/* The poll has slept. If a list was fetched meanwhile, it sleeps on. */
static void poll_due(void *arg, bool ending)
{
	struct poll *poll = arg;
	double left = left_of(poll);

	if (ending)
		return;
	if (left > 0.001)
		poll_sleep(poll, left);
	else
		poll_ask(poll);
}

void poll_start(struct poll *poll)
{
	poll_ask(poll);
}

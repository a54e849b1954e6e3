/* SPDX-License-Identifier: Apache-2.0 */
/*
 * account_queue_times.h - private to account_queue.c and account_queue_learn.c: how long a queue
 * waits for what. See account_queue.h.
 */
#ifndef ROSTERFS_ACCOUNT_QUEUE_TIMES_H
#define ROSTERFS_ACCOUNT_QUEUE_TIMES_H

#include "vendors/base/limits.h"
#include "vendors/http/account_queue.h"
#include "vendors/http/endpoint.h"
#include "vendors/rest/account.h"

/* Timers come late by a little; a retry that was due in time is not given up for that. */
#define SLACK 200

static inline int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static inline int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static inline int64_t budget(const struct account_queue *queue)
{
	return (int64_t)queue->endpoint->retry_budget * 1000;
}

static inline int64_t timeout(const struct account_queue *queue)
{
	return (int64_t)(queue->endpoint->timeout ? queue->endpoint->timeout : 1) * 1000;
}

/* No new try of TRANSFER starts later than this, but for one that the vendor asked to wait for. */
static inline int64_t budget_end(const struct account_queue *queue, const struct transfer *transfer)
{
	return sooner(later(transfer->first, queue->progress) + budget(queue), transfer->end);
}

/* When the queue's pause is over. */
static inline int64_t resumes(const struct account_queue *queue)
{
	return queue->strikes ? later(queue->hold.until, queue->calm) : queue->hold.until;
}

/* Has the call of TRANSFER had an answer, so that it waits for the vendor to come back? */
static inline bool is_patient(const struct transfer *transfer)
{
	const struct call *call = transfer->call;

	return call &&
	       (atomic_load(&call->reached) || (call->basis && atomic_load(&call->basis->reached)));
}

#endif

/*
 * lane_times.h - private to lane.c and lane_learn.c: how long a lane waits for what. See lane.h.
 */
#ifndef ROSTERFS_LANE_TIMES_H
#define ROSTERFS_LANE_TIMES_H

#include "vendors/lane.h"
#include "vendors/vendor.h"

/* Timers come late by a little; a retry that was due in time is not given up for that. */
#define SLACK 200
/* A wait that the vendor asks for may exceed the budget by so much. */
#define TOLD_SLACK 500

static inline int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static inline int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static inline int64_t budget(const struct lane *lane)
{
	return (int64_t)lane->account->retry_budget * 1000;
}

static inline int64_t timeout(const struct lane *lane)
{
	return (int64_t)(lane->account->timeout ? lane->account->timeout : 1) * 1000;
}

/* No new try of TRANSFER starts later than this, but for one that the vendor asked to wait for. */
static inline int64_t budget_end(const struct lane *lane, const struct transfer *transfer)
{
	return sooner(later(transfer->first, lane->progress) + budget(lane), transfer->end);
}

/* When the lane's pause is over. */
static inline int64_t resumes(const struct lane *lane)
{
	return lane->strikes ? later(lane->hold.until, lane->calm) : lane->hold.until;
}

/* Has the call of TRANSFER had an answer, so that it waits for the vendor to come back? */
static inline bool is_patient(const struct transfer *transfer)
{
	const struct call *call = transfer->call;

	return call &&
	       (atomic_load(&call->reached) || (call->basis && atomic_load(&call->basis->reached)));
}

#endif

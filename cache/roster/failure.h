/* SPDX-License-Identifier: Apache-2.0 */
/*
 * failure.h - how a fetch failed, remembered for a while.
 *
 * Private to cache/roster.
 */
#ifndef ROSTERFS_FAILURE_H
#define ROSTERFS_FAILURE_H

#include "vendors/base/call.h"
#include "vendors/base/clock.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

struct failure {
	struct call call;    /* only for its message */
	int error;           /* a negative errno */
	double began, since; /* when the fetch began and ended, monotonic seconds */
	UT_hash_handle hh;
	char email[]; /* as it was spelled in the question; "": the whole roster */
};

/*
 * Make the failure of a fetch for EMAIL that began at BEGAN and has just failed with ERROR as CALL.
 * NULL: no memory.
 */
static inline struct failure *failure_new(const char *email, double began, const struct call *call,
					  int error)
{
	struct failure *failure = calloc(1, sizeof(*failure) + strlen(email) + 1);

	if (!failure)
		return NULL;
	call_init(&failure->call, "");
	call_copy_error(&failure->call, call);
	failure->error = error;
	failure->began = began;
	failure->since = clock_seconds();
	memcpy(failure->email, email, strlen(email) + 1);
	return failure;
}

static inline void failure_free(struct failure *failure) /* NULL is a no-op */
{
	if (failure)
		call_destroy(&failure->call);
	free(failure);
}

/*
 * Return true if FAILURE (NULL: false) happened less than SECONDS ago, and its fetch did not begin
 * before REFRESHED.
 */
static inline bool failure_holds(const struct failure *failure, double refreshed, double seconds)
{
	return failure && failure->began >= refreshed && clock_seconds() - failure->since < seconds;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scratch_open.c - see scratch_open.h.
 */
#include "fs/memory/scratch_open.h"

#include "fs/memory/scratch_state.h"
#include "vendors/base/clock.h"

void scratch_open_count(struct scratch *scratch, int count)
{
	atomic_fetch_add(&scratch->opens, count);
}

/* More than an open takes from its lookup until it reaches us, even on a busy machine. */
#define DOUBT_SECONDS 3

void scratch_open_doubt(struct scratch *scratch)
{
	atomic_store(&scratch->doubted, clock_now().tv_sec + DOUBT_SECONDS);
}

void scratch_open_looked_up(struct scratch *scratch)
{
	if (atomic_load(&scratch->doubted))
		atomic_store(&scratch->looks, 1);
}

bool scratch_open_allowed(struct scratch *scratch)
{
	unsigned one = 1;

	return atomic_load(&scratch->doubted) <= clock_now().tv_sec ||
	       atomic_compare_exchange_strong(&scratch->looks, &one, 0);
}

bool scratch_open_was_record(struct scratch *scratch)
{
	return atomic_load(&scratch->doubted) != 0;
}

void scratch_open_keep(struct scratch *scratch)
{
	atomic_store(&scratch->kept, true);
}

bool scratch_open_is_gone(struct scratches *all, struct scratch *scratch)
{
	bool gone;

	pthread_mutex_lock(&all->lock);
	gone = scratch->removed && !atomic_load(&scratch->opens);
	pthread_mutex_unlock(&all->lock);
	return gone;
}

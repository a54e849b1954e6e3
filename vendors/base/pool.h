/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool.h - threads for work that waits for vendors: fetches and writes.
 *
 * A thread starts when there is work and no thread is idle, up to a limit. Work beyond the limit is
 * queued in order. Idle threads sleep without timeouts.
 */
#ifndef ROSTERFS_POOL_H
#define ROSTERFS_POOL_H

#include <stdbool.h>

struct pool;

/* Return a pool of at most LIMIT threads, and as many for pool_run_awaited. Pair with pool_free.
 * NULL: no memory. */
struct pool *pool_new(unsigned limit);

/*
 * Call RUN(ARG) once, on a thread of the pool. Never blocks. Returns 0, or -ENOMEM or -EAGAIN (no
 * thread can be created): RUN is not called then. RUN never runs on the caller's thread, so the
 * caller may hold any lock.
 */
int pool_run(struct pool *pool, void (*run)(void *arg), void *arg);

/*
 * As pool_run, for work that other work of POOL may wait for. It has threads of its own, and must
 * not wait for work of POOL itself: so it ends, also if no more threads can be created.
 */
int pool_run_awaited(struct pool *pool, void (*run)(void *arg), void *arg);

/*
 * Call RUN(ARG, false) once, on a thread of the pool, SECONDS from now. If pool_end_delays comes
 * first, it calls RUN(ARG, true) instead, which must free ARG and not block. Never blocks. Returns
 * 0, or -ENOMEM, -EAGAIN or -ECANCELED (after pool_end_delays): RUN is not called then.
 */
int pool_after(struct pool *pool, double seconds, void (*run)(void *arg, bool ending), void *arg);

/* Call RUN(ARG, true), on this thread, for all work that pool_after still holds, and refuse further
 * delayed work. */
void pool_end_delays(struct pool *pool);

/* Wait until no work of either kind is queued or running, for MILLISECONDS at most. Ignores delayed
 * work. */
void pool_drain(struct pool *pool, unsigned milliseconds);

/*
 * Wait until all work is done, which the caller has cancelled, end the threads and free POOL. NULL
 * is a no-op.
 */
void pool_free(struct pool *pool);

#endif

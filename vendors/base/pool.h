/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool.h - threads for work that waits for vendors: fetches and writes.
 *
 * A thread starts when there is work and no thread is idle, up to a limit. A few idle threads are
 * kept; they sleep until there is work. Work beyond the limit is queued in order.
 */
#ifndef ROSTERFS_POOL_H
#define ROSTERFS_POOL_H

#include <stdbool.h>

struct pool;

/* Create a pool of at most LIMIT threads. NULL: no memory. */
struct pool *pool_new(unsigned limit);

/*
 * Call RUN(ARG) once, on a thread of the pool, never on the caller's: the caller may hold any lock.
 * Never waits. Return 0, or -ENOMEM or -EAGAIN if the pool has no thread and none can be started:
 * RUN is then not called.
 */
int pool_run(struct pool *pool, void (*run)(void *arg), void *arg);

/*
 * Call RUN(ARG, false) once, on a thread of the pool, SECONDS from now. If pool_end_delays comes
 * first, RUN(ARG, true) is called instead: it must free what ARG owns, and must not wait. Never
 * waits. Return 0, or -ENOMEM, -EAGAIN or (after pool_end_delays) -ECANCELED: RUN is then not
 * called.
 */
int pool_after(struct pool *pool, double seconds, void (*run)(void *arg, bool ending), void *arg);

/* Call RUN(ARG, true), on this thread, for all work that is still delayed, and accept no more. */
void pool_end_delays(struct pool *pool);

/* Wait until no work is queued or running, at most MILLISECONDS. Ignores delayed work. */
void pool_drain(struct pool *pool, unsigned milliseconds);

/*
 * Wait until all work is done, which the caller has cancelled, end the threads and free POOL. NULL
 * is a no-op.
 */
void pool_free(struct pool *pool);

#endif

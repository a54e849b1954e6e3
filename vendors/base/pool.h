/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool.h - threads for work that waits for vendors: fetches and writes.
 *
 * Threads start when there is work and none is idle, up to a limit, and the few that are kept idle
 * sleep without waking up. Work beyond the limit queues in order.
 */
#ifndef ROSTERFS_POOL_H
#define ROSTERFS_POOL_H

#include <stdbool.h>

struct pool;

/* At most LIMIT threads at a time. NULL: no memory. */
struct pool *pool_new(unsigned limit);

/*
 * Have RUN(ARG) called once on a thread of the pool. Never waits. Returns 0, or -ENOMEM or -EAGAIN
 * when there is no thread to be had at all: RUN is then not called. RUN never runs on the caller's
 * thread, so that any lock may be held.
 */
int pool_run(struct pool *pool, void (*run)(void *arg), void *arg);

/*
 * Have RUN(ARG, false) called once on a thread of the pool, SECONDS from now. If the pool ends its
 * delays before that, RUN(ARG, true) is called instead: it must free ARG and not wait. Never waits.
 * Returns 0, or -ENOMEM, -EAGAIN or (the delays have ended) -ECANCELED: RUN is then not called.
 */
int pool_after(struct pool *pool, double seconds, void (*run)(void *arg, bool ending), void *arg);

/* Call RUN(ARG, true), on this thread, for whatever pool_after still holds, and take no more. */
void pool_end_delays(struct pool *pool);

/* Wait until no work is queued or running, MILLISECONDS at the most. Ignores delayed work. */
void pool_drain(struct pool *pool, unsigned milliseconds);

/*
 * Wait until all work is done (whoever calls this has cancelled it), end the threads, free the
 * pool. NULL is fine.
 */
void pool_free(struct pool *pool);

#endif

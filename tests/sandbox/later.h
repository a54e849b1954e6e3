/* SPDX-License-Identifier: Apache-2.0 */
/*
 * later: work that is done at a given time, in a thread of its own.
 *
 * Thread-safe. later_add does not block.
 */
#ifndef SANDBOX_LATER_H
#define SANDBOX_LATER_H

#include <stdbool.h>
#include <stdint.h>

struct later;

/* Signals that end the program must be blocked by then. */
struct later *later_new(void);
/* Stops it first. NULL is fine. */
void later_free(struct later *later);

/* Calls work(arg, true) when gate_now_us() reaches due; work takes arg over. If the program ends
 * before that, it calls work(arg, false), which must only free it. */
void later_add(struct later *later, int64_t due, void (*work)(void *arg, bool now), void *arg);
/* Does now, in the calling thread, all that waits for its time. */
void later_release(struct later *later);
/* For good: waits for what is being done, and frees what waits for its time. A second call does
 * nothing. */
void later_stop(struct later *later);

#endif

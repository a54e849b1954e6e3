/* SPDX-License-Identifier: Apache-2.0 */
/*
 * account_queue_learn.h - private to vendors/http: what a queue learns from a try that has ended.
 *
 * All functions require http->lock. NOW is clock_milliseconds(). None blocks.
 */
#ifndef ROSTERFS_ACCOUNT_QUEUE_LEARN_H
#define ROSTERFS_ACCOUNT_QUEUE_LEARN_H

#include <stdbool.h>
#include <stdint.h>

struct account_queue;
struct transfer;

/* Count the try of TRANSFER, which has ended, and adapt QUEUE to its reply. Once per try; a second
 * call is a no-op. */
void account_queue_learn_landed_locked(struct account_queue *queue, struct transfer *transfer,
				       int64_t now);

/*
 * Return true if TRANSFER, whose try has ended, should be retried, and set its due time. The caller
 * then calls account_queue_requeue_locked. If false, its reply has the reason.
 */
bool account_queue_learn_retries_locked(struct account_queue *queue, struct transfer *transfer,
					int64_t now);

/* Count TRANSFER, which has ended for good. */
void account_queue_learn_ended_locked(struct account_queue *queue, struct transfer *transfer);

/* Note the result of PROBE, a connection that hold_wants_probe asked for. */
void account_queue_learn_probed_locked(struct account_queue *queue, const struct transfer *probe,
				       int64_t now);

#endif

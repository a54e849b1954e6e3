/* SPDX-License-Identifier: Apache-2.0 */
/*
 * account_queue_check.h - private to vendors/http: the invariants of a queue, for checked builds.
 */
#ifndef ROSTERFS_ACCOUNT_QUEUE_CHECK_H
#define ROSTERFS_ACCOUNT_QUEUE_CHECK_H

struct account_queue;

/*
 * Assert that the lists of QUEUE, the states of the transfers in them (transfer.h) and its counters
 * agree. Call it through CHECKED (vendors/base/checked.h) after each change. Requires http->lock.
 */
void account_queue_check_locked(const struct account_queue *queue);

#endif

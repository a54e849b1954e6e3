/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feed_tell.h - what is to be told, and the thread that tells it.
 */
#ifndef ROSTERFS_FEED_TELL_H
#define ROSTERFS_FEED_TELL_H

#include "cache/feed/feed_entry.h"

/* Queue ENTRY, which is taken; NULL is a no-op. WAIT: until it is told, or until it is clear that
 * it has to be later. Else it does not wait. */
void feed_tell(struct feed *feed, struct feed_entry *entry, bool wait);

/* All hosts must distrust what they know of account ACCOUNT, because something could not be queued.
 */
void feed_tell_overflow(struct feed *feed, size_t account);

/* The thread. ARG: the feed. */
void *feed_tell_run(void *arg);

/* Log what is left in the queue, and free it. After the thread has ended. */
void feed_tell_log_left(struct feed *feed);

#endif

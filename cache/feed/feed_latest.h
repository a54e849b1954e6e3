/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feed_latest.h - the number of the newest entry about each record, for as long as older ones may
 * still arrive.
 *
 * A mount knows what it told before it hears what others told earlier, and a replay runs beside the
 * thread that listens. Both must not put an older version in place of a newer one. Functions take
 * the feed's lock; none waits.
 */
#ifndef ROSTERFS_FEED_LATEST_H
#define ROSTERFS_FEED_LATEST_H

#include "cache/feed/feed_entry.h"

enum feed_verdict {
	FEED_APPLY,
	FEED_SKIP,    /* something newer is known */
	FEED_SUSPECT, /* which of two is newer is not known: ask the vendor */
};

/* ENTRY is going to be told by this mount. Before it is queued. */
void feed_latest_begin(struct feed *feed, const struct feed_entry *entry);

/* ENTRY was told, at PLACE (NULL: it will not be told). */
void feed_latest_end(struct feed *feed, const struct feed_entry *entry,
		     const struct feed_place *place);

/* Return what to do with TOLD, which has arrived, or comes again (REPLAY). */
enum feed_verdict feed_latest_judge(struct feed *feed, struct feed_stream *stream,
				    const struct feed_told *told, bool replay);

/* Forget all that was told in another epoch of STREAM than EPOCH. */
void feed_latest_reset(struct feed *feed, struct feed_stream *stream, const char *epoch);

/* Return the number of the newest entry that this mount has told in EPOCH, or 0. */
uint64_t feed_latest_told(struct feed *feed, struct feed_stream *stream, const char *epoch);

void feed_latest_free(struct feed_stream *stream);

#endif

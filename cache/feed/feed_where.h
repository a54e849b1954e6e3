/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feed_where.h - where a stream is now.
 */
#ifndef ROSTERFS_FEED_WHERE_H
#define ROSTERFS_FEED_WHERE_H

#include "cache/feed/feed_state.h"

struct redis_line;

/*
 * Ask the server where STREAM is, and begin an epoch if it has none, or if it has the epoch ENDED
 * (NULL: none), which does not count any more. The server's clock is noted. LINE: the listener's
 * own, or NULL. Waits. Returns 0 or a negative errno; also if the server takes no writes.
 */
int feed_where(struct feed *feed, const struct feed_stream *stream, const char *ended,
	       struct redis_line *line, struct feed_place *place, bool *fresh);

/*
 * Put where each stream is into EXPECTED, without ids, and change nothing. A stream without an
 * epoch has "". Waits. Returns 0 or a negative errno.
 */
int feed_where_all(struct feed *feed);

/* Make the name of an epoch that no other has. */
void feed_where_new_epoch(char epoch[FEED_EPOCH_MAX]);

#endif

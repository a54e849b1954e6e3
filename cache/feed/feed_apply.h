/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feed_apply.h - what was told, put into the rosters of this mount.
 *
 * With the mutex `applying` of the stream; none waits for the server.
 */
#ifndef ROSTERFS_FEED_APPLY_H
#define ROSTERFS_FEED_APPLY_H

#include "cache/feed/feed_entry.h"

/* Apply TOLD, which has come on STREAM, to the roster that it is about, if this mount has it. */
void feed_apply(struct feed *feed, struct feed_stream *stream, const struct feed_told *told);

/* As feed_apply, to SEAT's roster, of TOLD that may have been applied before. */
void feed_apply_again(struct store_seat *seat, struct feed_stream *stream,
		      const struct feed_told *told);

/* What was told on STREAM is not known: distrust all rosters of its account since WHEN (monotonic
 * seconds). */
void feed_apply_gap(struct feed *feed, const struct feed_stream *stream, double when);

#endif

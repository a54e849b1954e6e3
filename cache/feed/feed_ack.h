/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feed_ack.h - a write as ack_note (ack.h) notes it, as JSON text. Pure; nothing waits.
 */
#ifndef ROSTERFS_FEED_ACK_H
#define ROSTERFS_FEED_ACK_H

#include "cache/document/merge.h"

#include <jansson.h>
#include <stddef.h>

/* A write that was read. */
struct feed_ack {
	struct merge merge;
	json_t *all;                   /* what the others are part of */
	json_t *before, *after, *seen; /* borrowed; NULL: none */
};

/* Return the text, for the caller to free, or NULL: no memory. All is borrowed; each JSON may be
 * NULL. */
char *feed_ack_text(const struct merge *merge, const json_t *before, const json_t *after,
		    const json_t *seen);

/* Set ACK, for feed_ack_clear in any case, from LENGTH bytes of TEXT. Returns 0, -EBADMSG or
 * -ENOMEM. */
int feed_ack_read(const char *text, size_t length, struct feed_ack *ack);
void feed_ack_clear(struct feed_ack *ack);

#endif

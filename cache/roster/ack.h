/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ack.h - writes that the vendor has acknowledged, and reads that lag behind them.
 */
#ifndef ROSTERFS_ACK_H
#define ROSTERFS_ACK_H

#include <jansson.h>

struct merge;
struct roster;

/*
 * Note that a write to record ID was acknowledged: the fields that MERGE names went from what
 * BEFORE shows to what AFTER shows, and SEEN is the record in which the vendor showed that. Reads
 * that lag behind it are corrected from now on, on all hosts (lag.h). When the lag ends, a record
 * whose last read was stale is asked for again. All arguments are borrowed. May wait for the store.
 */
void ack_note(struct roster *roster, const char *id, const struct merge *merge,
	      const json_t *before, const json_t *after, const json_t *seen);

/* As ack_note, of a write that another host has told of. Does not wait. */
void ack_told(struct roster *roster, const char *id, const struct merge *merge,
	      const json_t *before, const json_t *after, const json_t *seen);

#endif

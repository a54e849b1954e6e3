/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.h - private to cache/limits: what the hosts remember of users that were deactivated,
 * sealed, for 90 days.
 */
#ifndef ROSTERFS_MEMORY_H
#define ROSTERFS_MEMORY_H

#include <jansson.h>

struct memory;
struct shared;
struct store_seat;

struct memory *memory_new(struct shared *shared);
void memory_free(struct memory *memory); /* NULL is a no-op */

/* As store_ops.remember and recall. What could not be kept is recalled here, and kept later. */
int memory_remember(struct memory *memory, struct store_seat *seat, const char *id,
		    const json_t *value);
json_t *memory_recall(struct memory *memory, struct store_seat *seat, const char *id);

/* Keep what could not be kept. Waits for the store. */
void memory_turn(struct memory *memory);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list_saving.h - let the other hosts have what this one reads. Private to cache/lists.
 *
 * If the lock is lost or the store fails, saving stops, and this mount's own list goes on.
 */
#ifndef ROSTERFS_LIST_SAVING_H
#define ROSTERFS_LIST_SAVING_H

#include "cache/lists/lists_state.h"

/*
 * Begin a walk of WALK, who holds the lock, in place of OLD (the head of a walk that is not gone on
 * with; its id may be ""). May wait for the store. Returns 0 or a negative errno.
 */
int list_saving_begin(struct list_walk *walk, const struct list_head *old);

/* As list_saving_begin, but go on behind HEAD, whose chunks the list has: walk->trail. */
int list_saving_resume(struct list_walk *walk, const struct list_head *head);

/* As the operations of store_ops. No-ops if nothing is saved (any more). May wait. */
void list_saving_record(struct list_walk *walk, const struct record *record);
void list_saving_page(struct list_walk *walk, unsigned pages, size_t rows, unsigned total,
		      const struct list_trail *trail);
void list_saving_reset(struct list_walk *walk);

/* The walk has ended with ERROR, 0 or a negative errno. Gives the lock back. May wait. */
void list_saving_end(struct list_walk *walk, int error);

#endif

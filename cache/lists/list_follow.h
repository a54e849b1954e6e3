/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list_follow.h - take the chunks of a list that another host has saved. Private to cache/lists.
 */
#ifndef ROSTERFS_LIST_FOLLOW_H
#define ROSTERFS_LIST_FOLLOW_H

#include "cache/lists/lists_state.h"

/*
 * Hand what is new in the chunks of HEAD to the list. TRAIL: note how to go on behind them, too.
 * Returns 0; -EBADMSG: they are not all there, or not what was saved; -EINTR: the call was
 * cancelled; or another negative errno, also of the store. After an error the list may have rows of
 * it. May wait for the store.
 */
int list_follow(struct list_walk *walk, const struct list_head *head, bool trail);

/* Forget what was read, if anything was: the list is reset. */
void list_follow_forget(struct list_walk *walk);

#endif

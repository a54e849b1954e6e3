/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feed_order.h - the order in which each mount has told its entries, to find those that come again.
 *
 * Who can write to the server cannot make an entry, but could add a copy of one. No function waits;
 * the caller locks.
 */
#ifndef ROSTERFS_FEED_ORDER_H
#define ROSTERFS_FEED_ORDER_H

#include <stdbool.h>
#include <stdint.h>

struct feed_order;

/*
 * Note in *ORDER (NULL at first) that MOUNT has told its entry SEQUENCE. Returns false if that one,
 * or one that it told later, was noted before. Without memory nothing is noted.
 */
bool feed_order_note(struct feed_order **order, const char *mount, uint64_t sequence);

void feed_order_free(struct feed_order **order);

#endif

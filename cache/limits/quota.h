/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quota.h - private to cache/limits: status changes, counted over all hosts and accounts.
 */
#ifndef ROSTERFS_QUOTA_H
#define ROSTERFS_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

struct call;
struct quota;
struct shared;
struct store_count;

struct quota *quota_new(struct shared *shared);
void quota_free(struct quota *quota); /* NULL is a no-op */

/* As store_ops.take, give_back and look. */
int quota_take(struct quota *quota, struct call *call, unsigned limit, unsigned window,
	       uint64_t *ticket);
void quota_give_back(struct quota *quota, uint64_t ticket);
bool quota_look(struct quota *quota, unsigned window, struct store_count *count);

/* Tell the store what it was not told, and ask it again if somebody looks. Waits for the store. */
void quota_turn(struct quota *quota);

#endif

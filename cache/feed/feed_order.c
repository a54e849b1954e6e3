/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feed_order.c - see feed_order.h.
 */
#include "cache/feed/feed_order.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#define ORDER_MAX 4096 /* mounts; the one that was added first is forgotten */

struct feed_order {
	char mount[33];
	uint64_t sequence;
	UT_hash_handle hh;
};

static void order_delete(struct feed_order **order, struct feed_order *of)
{
	HASH_DEL(*order, of); /* NOLINT(clang-analyzer-unix.Malloc) */
	free(of);
}

bool feed_order_note(struct feed_order **order, const char *mount, uint64_t sequence)
{
	struct feed_order *of = NULL;

	HASH_FIND_STR(*order, mount, of);
	if (of) {
		if (sequence <= of->sequence)
			return false;
		of->sequence = sequence;
		return true;
	}
	if (strlen(mount) >= sizeof(of->mount))
		return false;
	of = calloc(1, sizeof(*of));
	if (!of)
		return true;
	memcpy(of->mount, mount, strlen(mount) + 1);
	of->sequence = sequence;
	HASH_ADD_STR(*order, mount, of);
	if (!of->hh.tbl) {
		free(of);
		return true;
	}
	if (HASH_COUNT(*order) > ORDER_MAX)
		order_delete(order, *order);
	return true;
}

void feed_order_free(struct feed_order **order)
{
	struct feed_order *of, *next;

	HASH_ITER(hh, *order, of, next)
		order_delete(order, of);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lists.h - whole lists that one mount fetches for all.
 *
 * A list is a stream of chunks, each the records of one or more pages. Who fetches holds the fetch
 * lock of the roster, renews it, and adds chunks as pages arrive; the others follow. If it dies,
 * the lock ends within two seconds (ten, where the server is slow), and the next one goes on behind
 * the last page, if the walk can. A list that is complete is used until its ttl ends, counted from
 * when it was requested; each mount applies its own ttl. Chunks are small enough for the server
 * never to be busy for 5 ms.
 */
#ifndef ROSTERFS_LISTS_H
#define ROSTERFS_LISTS_H

#include "cache/roster/store.h"

struct shared;

/* Milliseconds that the fetch lock lasts, renewed three times as often: more where the server takes
 * long to answer, up to the second. */
#define LISTS_LOCK_MS 1500
#define LISTS_LOCK_MOST_MS 10000

/* As store_ops.attach and detach. */
int lists_attach(struct store_seat *seat);
void lists_detach(struct store_seat *seat);

/* As the operations of store_ops. */
int lists_load(struct store_seat *seat, struct store_list *list);
void lists_save_record(struct store_seat *seat, struct store_list *list, struct record *record);
void lists_save_page(struct store_seat *seat, struct store_list *list, unsigned pages, size_t rows,
		     unsigned total, const struct list_trail *trail);
void lists_save_reset(struct store_seat *seat, struct store_list *list);
void lists_save_end(struct store_seat *seat, struct store_list *list, int error);

/* How many lists came from the store, and from the vendor. Does not wait. */
void lists_counts(struct shared *shared, uint64_t *loaded, uint64_t *walked, uint64_t *resumed);

#endif

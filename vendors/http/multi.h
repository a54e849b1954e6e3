/* SPDX-License-Identifier: Apache-2.0 */
/*
 * multi.h - private to vendors/http: tries of transfers on libcurl's multi handle.
 *
 * A try is one attempt to send a transfer's request: an easy handle in the multi handle. All
 * functions except multi_poke are for the thread of http_loop.c only (multi_new and multi_free:
 * before and after that thread). None takes a lock; none except multi_sleep blocks.
 */
#ifndef ROSTERFS_MULTI_H
#define ROSTERFS_MULTI_H

#include <stdbool.h>
#include <stdint.h>

struct multi;
struct transfer;

/* Set up libcurl. One per process. NULL: no memory. */
struct multi *multi_new(void);

/* Free MULTI, in which no transfer is left. */
void multi_free(struct multi *multi);

/* End multi_sleep, or the next one at once. From any thread, with or without http->lock. */
void multi_poke(struct multi *multi);

/* Keep up to CONNECTIONS open for further requests. */
void multi_keep(struct multi *multi, unsigned connections);

/* Sleep until a socket is ready, a poke, or MOST milliseconds; then let libcurl read and write. */
void multi_sleep(struct multi *multi, int64_t most);

/* Begin a try of TRANSFER. Returns false if that fails; its reply then has the reason. Pair with
 * multi_recall in both cases, unless multi_landed returns it. */
bool multi_launch(struct multi *multi, struct transfer *transfer);

/* Return a transfer whose try has ended, out of libcurl and with its reply filled in. NULL: none.
 */
struct transfer *multi_landed(struct multi *multi);

/* Take TRANSFER out of libcurl. A request that is not complete loses its connection. */
void multi_recall(struct multi *multi, struct transfer *transfer);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list.h - the rows of a collection, walked page by page.
 */
#ifndef ROSTERFS_LIST_H
#define ROSTERFS_LIST_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct account;
struct call;
struct collection;

/*
 * Receives the rows of a roster while it is walked. add: RECORD is borrowed, and what must never be
 * shown is removed already; what is to be kept of it is copied (page_arena.h tells why); ID is its
 * id; returns 0, -EEXIST when the id came before (list.c then decides), or a negative errno that
 * ends the walk. unreadable (may be NULL): RECORD's row is not JSON; it has its id and what else of
 * it could be read, and must not be shown or taken for the record; returns as add. Without this
 * function such a row ends the walk. reset: all rows so far are void, the walk starts again.
 * progress (may be NULL): so many pages and rows of this pass are there.
 */
struct list_sink {
	int (*add)(struct list_sink *sink, const char *id, json_t *record);
	int (*unreadable)(struct list_sink *sink, const char *id, json_t *record);
	void (*reset)(struct list_sink *sink);
	void (*progress)(struct list_sink *sink, unsigned pages, size_t rows);
};

/*
 * Walk the whole collection, of PARENT if it belongs to one (else NULL). Returns 0 when each record
 * was handed to SINK exactly once since the last reset, else a negative errno with words in CALL:
 * then what the sink got is not a roster. -EREMOTEIO: also when there are more than the account's
 * max_users.
 */
int list_walk(struct call *call, struct account *account, const struct collection *collection,
	      const char *parent, struct list_sink *sink);

/* One of the lists that list_walk_all walks. */
struct list_part {
	const char *parent;
	struct list_sink *sink; /* for its rows; a reset voids no other list's */
	unsigned page; /* 0: all pages. Else this page alone, and the sink gets no roster; each page
			  counts as one of the size that the collection asks for */
	/* A refusal is about PARENT itself: a 404 means that it is not there (-ENOENT,
	   CALL_MISSING). Else it is about the list (-EREMOTEIO, CALL_NO_PATH). */
	bool of_record;
	bool cut; /* set where it failed because the vendor lists no further (offset_ceiling): the
		sink has the list's beginning, from nothing to all that can be had */
};

/*
 * May a list of COLLECTION have ROWS? 0, or -EREMOTEIO with words in CALL that name max_users.
 * Never waits. list_walk_all asks for each of its lists; who makes one list of several asks too.
 */
int list_check_bound(struct call *call, const struct account *account,
		     const struct collection *collection, size_t rows);

/*
 * Walk the collection of each parent in PARTS, as many at once as the account may have requests in
 * flight. As list_walk for all of them or none, but COLLECTION's own `list` is not asked: this is
 * what such a function is made of. The rows of several lists come in turns.
 */
int list_walk_all(struct call *call, struct account *account, const struct collection *collection,
		  struct list_part *parts, size_t count);

#endif

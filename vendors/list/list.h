/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list.h - the rows of a collection, walked page by page, with several pages in flight.
 */
#ifndef ROSTERFS_LIST_H
#define ROSTERFS_LIST_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct account;
struct call;
struct collection;
struct list_trail;
struct value;

/* Receives the rows of a list while it is walked. */
struct list_sink {
	/*
	 * RECORD with ID is in the list. It is borrowed: copy what outlives the call
	 * (json_heap.h). Fields that must never be shown are removed. Returns 0, -EEXIST if the id
	 * came before in this pass (list.c then decides), or a negative errno that ends the walk.
	 */
	int (*add)(struct list_sink *sink, const char *id, json_t *record);
	/*
	 * The row of the record with ID is not JSON. RECORD has the id and what else could be read;
	 * it must not be shown or used as the record. Returns as add. NULL: such a row ends the
	 * walk.
	 */
	int (*unreadable)(struct list_sink *sink, const char *id, json_t *record);
	/* All rows so far are void: the walk starts again. */
	void (*reset)(struct list_sink *sink);
	/* This pass has read PAGES pages and ROWS rows so far. It will be TOTAL pages, by what the
	   vendor tells of the whole list; 0: it does not tell. May be NULL. */
	void (*progress)(struct list_sink *sink, unsigned pages, size_t rows, unsigned total);
	/*
	 * Before progress: the walk can go on behind this page by TRAIL (borrowed until the next
	 * call). It is called only by list_walk, and not for pages that cannot be gone on behind
	 * (trail.h). May be NULL.
	 */
	void (*passed)(struct list_sink *sink, const struct list_trail *trail);
	/* For list_walk: the sink has the rows of these pages already, and what is asked for begins
	   behind them. If that cannot be, it is reset first. Borrowed; NULL: all pages. */
	const struct list_trail *trail;
	/* Bytes that the sink holds of the rows since the last reset, for a sink that keeps some,
	   and of what they came from. A page ends the walk if HELD is too large beside RECEIVED
	   (json_heap.h). */
	size_t held, received;
};

/* What a row takes in a sink that keeps its id as a key of a json_t, beside the id. */
#define LIST_SINK_KEY ((size_t)160)

/*
 * Walk COLLECTION, of PARENT if it belongs to one (else NULL). May wait. Returns 0 if each record
 * was handed to SINK exactly once since the last reset. Otherwise returns a negative errno with
 * words in CALL, and what SINK received is not a complete list; -EREMOTEIO also if there are more
 * records than the account's max_users.
 */
int list_walk(struct call *call, struct account *account, const struct collection *collection,
	      const char *parent, struct list_sink *sink);

/* One of the lists that list_walk_all walks. */
struct list_part {
	const char *parent;
	struct list_sink *sink; /* for its rows; a reset voids no other list's */
	/* 0: all pages. Else, counted from 1, this page alone: SINK receives no complete list. Each
	   page counts as one of the size that the collection asks for. */
	unsigned page;
	/* For a list that takes several walks (passes.h), the value of this one. NULL: all. */
	const struct value *each;
	/* Go on behind the sink's trail, and call its `passed`. */
	bool trailed;
	/* A refusal is about PARENT itself: a 404 means that it is not there (-ENOENT,
	   CALL_MISSING). Else it is about the list (-EREMOTEIO, CALL_NO_PATH). */
	bool of_record;
	/* Set if it failed because the vendor lists no further (offset_ceiling): SINK has received
	   the beginning of the list, between nothing and everything that can be listed; nothing if
	   the list takes several walks. */
	bool cut;
};

/*
 * Walk the lists in PARTS, COUNT of them, as many at once as the account may have requests in
 * flight. The rows of several lists come in turns. Returns as list_walk, for all of the lists
 * together. COLLECTION's own `list` is not called: such a function calls this one.
 */
int list_walk_all(struct call *call, struct account *account, const struct collection *collection,
		  struct list_part *parts, size_t count);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window.h - the pages of lists that are asked for and not read yet. For list.c.
 *
 * Which page to ask for is the pagers' decision; how many requests may be in flight is decided
 * here. One struct lists belongs to one thread.
 */
#ifndef ROSTERFS_WINDOW_H
#define ROSTERFS_WINDOW_H

#include "vendors/list/list.h"
#include "vendors/list/pager.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct endpoint;
struct list_trail;
struct transfer;

/* A page that was asked for and is not read yet. */
struct slot {
	struct walk_ask ask;
	struct transfer *came; /* its transfer, after it has ended */
	bool known;            /* the list's trail has it: it is not asked for */
	uint64_t serial;       /* of the token it was asked with */
	unsigned made;         /* with which keys: the account's epoch */
	bool renewed;          /* asked for a second time, after a 401 */
	bool alternative;      /* asked for in the other way, after a 405 */
	/* what was asked, for URLs that are relative to it, and as messages have it */
	const char *method;
	char *path, *shown;
	bool from_origin;
};

/* A list that is being walked. */
struct list {
	struct list_part *part; /* NULL: this entry is free */
	struct pager pager;
	struct slot *slots;          /* page p is in slot p % window */
	struct transfer **under_way; /* in the same places */
	size_t first_rows;           /* page_guess_rows of page 0 */
	/* what another walk has passed, and what this one has: NULL if the part is not trailed, and
	   after a restart */
	const struct list_trail *known;
	struct list_trail *passed;
	/* of the page read last */
	size_t guess; /* page_guess_rows of it, if there is a trail */
	size_t last_rows;
	uint64_t last_sum;
};

/* All lists that one call walks. */
struct lists {
	struct call *call;
	struct account *account;
	struct endpoint *endpoint;
	const struct collection *collection;
	struct list_part *parts;
	size_t part_count;
	size_t begun;     /* parts that are being walked or complete */
	size_t in_flight; /* requests in flight */
	size_t came;      /* pages that wait to be read */
	size_t window;    /* slots of a list */
	size_t list_count;
	struct list *lists;
	/* of all lists, one after another */
	struct slot *slots;
	struct transfer **under_way;
};

/* Return the maximum number of requests in flight, at least 1. */
size_t window_parallel(const struct lists *all);

/*
 * Ask for all pages that may be asked for now, except those that could only queue: they may turn
 * out not to be needed. May wait for a token. Returns 0 or a negative errno with words.
 */
int window_start(struct lists *all);

/*
 * Take all pages that have arrived, and ask for the next ones. After the first page, wait for the
 * others of its round, but only a moment in all: pages that arrive one by one are read meanwhile.
 * Returns 0 or a negative errno with words.
 */
int window_take(struct lists *all);

/* Wait until a page arrives. Returns 0, or as window_interrupted. */
int window_await(struct lists *all);

/* Fail because the call was cancelled. Returns a negative errno with words. */
int window_interrupted(struct lists *all);

/* Return true if the page of SLOT can be read. */
bool window_has(const struct slot *slot);

/* Free what SLOT holds, and leave it empty. */
void window_clear(struct slot *slot);

/*
 * Drop all pages of LIST. Those in flight end by themselves, because aborting one would cost its
 * connection.
 */
void window_drop(struct lists *all, struct list *list);

#endif

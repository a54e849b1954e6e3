/* SPDX-License-Identifier: Apache-2.0 */
/*
 * page.h - how one page of a list is asked for, and what its response means. For list.c and row.c.
 */
#ifndef ROSTERFS_PAGE_H
#define ROSTERFS_PAGE_H

#include "vendors/rest/exchange.h"

#include <stddef.h>

struct account;
struct call;
struct collection;
struct http_reply;
struct list_sink;
struct walk_result;

/* A page of a list, and where it belongs. */
struct page {
	struct call *call;
	struct account *account;
	const struct collection *collection;
	struct list_sink *sink;
	enum exchange_subject subject; /* what a refusal is about */
	size_t number;                 /* from 1, for words */
	const char *why;               /* page_read's own: why the answer is not JSON, or NULL */
};

/*
 * Return the path and query that ask for SIZE rows from START: the number of a page, counted from
 * 1, if ACCOUNT's pages have numbers, else the number of rows before it. The caller frees it. NULL:
 * no memory.
 */
char *page_path(const struct account *account, const struct collection *collection,
		const char *parent, size_t start, size_t size);

/*
 * Return how many rows REPLY seems to hold: how often an id key occurs in it. Good enough to
 * compare two pages before they are read. Never waits.
 */
size_t page_guess_rows(const struct collection *collection, const struct http_reply *reply);

/*
 * Hand the rows in REPLY to the sink, and their numbers to *RESULT. Returns 0, or a negative errno
 * with words in the call, if REPLY is not a page of a list. A row that is not JSON goes to the
 * sink's `unreadable`, and is logged. Never waits.
 */
int page_read(struct page *page, const struct http_reply *reply, struct walk_result *result);

#endif

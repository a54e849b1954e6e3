/* SPDX-License-Identifier: Apache-2.0 */
/*
 * page.h - private to list.c and row.c: how one page of a list is asked for, and what it means.
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

/* Where a page belongs. */
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
 * The path and query that ask for SIZE rows from START: the number of a page, counted from 1, where
 * ACCOUNT's pages have numbers, else so many rows are before it. The caller frees. NULL: no memory.
 */
char *page_path(const struct account *account, const struct collection *collection,
		const char *parent, size_t start, size_t size);

/*
 * Hand the rows in REPLY to the sink, and in numbers to *RESULT. Returns 0, or a negative errno
 * with words in the call: then what came is no page of a list. A row that is not JSON goes to the
 * sink's `unreadable`, and is logged.
 */
int page_read(struct page *page, const struct http_reply *reply, struct walk_result *result);

#endif

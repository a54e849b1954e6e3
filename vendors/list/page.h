/* SPDX-License-Identifier: Apache-2.0 */
/*
 * page.h - what the response to a request for one page of a list means. For list.c and row.c.
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
	/* What was asked: path and query, below base_url, or below its origin. A URL of the next
	   page may be relative to it. */
	const char *asked;
	bool asked_from_origin;
	/*
	 * The page names the next one as NEXT, which is taken: a cursor, or a path for http_request
	 * with from_origin; NULL: no page follows. Called once before the rows are handed on, if
	 * the list is paged by cursor or URL. Returns 0 or a negative errno with words. May be
	 * NULL.
	 */
	int (*found)(struct page *page, char *next);

	const char *why; /* page_read's own: why the answer is not JSON, or NULL */
};

/*
 * Return how many rows REPLY seems to hold: how often an id key occurs in it. Good enough to
 * compare two pages before they are read. Never waits.
 */
size_t page_guess_rows(const struct collection *collection, const struct http_reply *reply);

/*
 * Hand the rows in REPLY to the sink, and their numbers to *RESULT. Returns 0, or a negative errno
 * with words in the call, if REPLY is not a page of a list, or says that the list is cut. A row
 * that is not JSON goes to the sink's `unreadable`, and is logged. A row that counts as deleted
 * (gone_when) is counted and not handed on. Never waits, unless `found` does.
 */
int page_read(struct page *page, const struct http_reply *reply, struct walk_result *result);

#endif

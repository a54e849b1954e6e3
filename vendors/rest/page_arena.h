/* SPDX-License-Identifier: Apache-2.0 */
/*
 * page_arena.h - private to page.c, list.c and mount/main.c: memory for the JSON of one page.
 *
 * A page of users is thousands of small values that come and go together. Between page_arena_begin
 * and page_arena_pause what jansson asks for in this thread is laid into one piece, one after the
 * other, and the piece is used anew for the next page, once all of the last one has been given
 * back. That saves an eighth of what reading a roster costs.
 *
 * Nobody else need know: what is given back is told apart by its address. But as json_t values must
 * anyway, a page's must be given back by the thread that read it.
 */
#ifndef ROSTERFS_PAGE_ARENA_H
#define ROSTERFS_PAGE_ARENA_H

/* Have jansson ask here, and malloc for all the rest. Before any thread that parses. */
void page_arena_install(void);

/* A page is about to be parsed by this thread. */
void page_arena_begin(void);

/* It is parsed. */
void page_arena_pause(void);

/* No page will be read in this thread for now: free the piece, unless somebody still uses it. */
void page_arena_free(void);

#endif

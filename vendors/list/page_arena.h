/* SPDX-License-Identifier: Apache-2.0 */
/*
 * page_arena.h - memory for the JSON of one page, for page.c, list.c and row.c.
 *
 * A page of users is thousands of small values that are created and freed together. Between
 * page_arena_begin and page_arena_pause, jansson's allocations in this thread are laid out one
 * after another in one block. The block is reused for the next page once all values of the last one
 * are freed. Without it, a mount and a cold list of 20,000 users take 22 % more instructions
 * (2,013,143,818 instead of 1,651,607,533).
 *
 * Other code need not know: freed memory is told apart by its address. But a page's values must be
 * freed by the thread that read the page, which holds for json_t values anyway.
 */
#ifndef ROSTERFS_PAGE_ARENA_H
#define ROSTERFS_PAGE_ARENA_H

/* Let jansson allocate here, which calls malloc outside of a page. Call it before any thread that
 * parses starts. */
void page_arena_install(void);

/* Let jansson use this thread's block, for a page that is about to be parsed. */
void page_arena_begin(void);

/* Let jansson use malloc again, after the page is parsed. */
void page_arena_pause(void);

/* Free this thread's block, unless a value in it is still in use. Call it when no page is read for
 * now. */
void page_arena_free(void);

#endif

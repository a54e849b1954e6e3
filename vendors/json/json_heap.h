/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_heap.h - memory for the JSON of one response of a vendor, at most so much of it.
 *
 * A vendor can send a text whose tree is much larger than the text itself: `{}` takes 75 times its
 * bytes in jansson's memory. Between json_heap_begin and json_heap_end, jansson's allocations in
 * this thread are counted, and one that would exceed the limit fails, so that the parser fails.
 *
 * A page of users is thousands of small values that are created and freed together. With a block,
 * these are laid out one after another in a block of this thread, which is reused for the next page
 * once all values of the last one are freed. Without it, a mount and a cold list of 20,000 users
 * take 22 % more instructions (2,013,143,818 instead of 1,651,607,533).
 *
 * Other code need not know: freed memory is told apart by its address. But values in a block must
 * be freed by the thread that made them, which holds for json_t values anyway.
 */
#ifndef ROSTERFS_JSON_HEAP_H
#define ROSTERFS_JSON_HEAP_H

#include <stdbool.h>
#include <stddef.h>

/* A response and what is made of it may take this many times its bytes, and JSON_HEAP_SLACK. */
#define JSON_HEAP_TIMES ((size_t)16)
#define JSON_HEAP_TIMES_WORDS "16"
#define JSON_HEAP_SLACK ((size_t)8 << 20)

/* Let jansson allocate here, which calls malloc outside of a response. Call it before any thread
 * that parses starts. */
void json_heap_install(void);

/*
 * Let jansson allocate at most LIMIT bytes in this thread until json_heap_end. BLOCKED: from this
 * thread's block if nothing in it is in use, else from malloc. What was freed counts in a block,
 * but not from malloc.
 */
void json_heap_begin(size_t limit, bool blocked);

/* Let jansson use malloc without a limit again. Returns true if an allocation was refused. */
bool json_heap_end(void);

/* Return true if, in this thread since the last call, malloc had no memory for jansson, or
 * json_heap_starve was called. */
bool json_heap_starved(void);

/* Let json_heap_starved return true: its caller had no memory for a copy of the text. */
void json_heap_starve(void);

/* Count BYTES that the caller has allocated for the parser, such as a copy of the text, until
 * json_heap_end. */
void json_heap_charge(size_t bytes);

/* Return how many bytes the values in this thread's block take: 0 if none is in use. */
size_t json_heap_used(void);

/*
 * ON: let what jansson frees in this thread be wiped, because it may be a secret, until the same is
 * called with false: pairs may be nested. Not what is in a block. Texts (exact_text.h) that move
 * while they grow leave nothing behind then.
 */
void json_heap_wipe(bool on);

/* Return true between the two. */
bool json_heap_wipes(void);

/* Give the memory of this thread's block beyond a usual page back to the kernel, unless a value in
 * it is still in use. Call it when the values of a page are freed. */
void json_heap_shrink(void);

/* Free this thread's block, unless a value in it is still in use. Call it when no page is read for
 * now. */
void json_heap_free(void);

#endif

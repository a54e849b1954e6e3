/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text: bytes that grow, and the two allocations that everything here uses.
 *
 * No function of this header returns NULL: a test server without memory has nothing left to
 * simulate, so it ends at once and loudly (abort) instead of carrying error paths that no test ever
 * takes. None blocks. A struct text belongs to one thread at a time; all-zero bytes are an empty
 * one.
 */
#ifndef SANDBOX_TEXT_H
#define SANDBOX_TEXT_H

#include <stddef.h>

struct text {
	char *data; /* NUL-terminated once anything was added, else NULL */
	size_t len; /* without the NUL */
	size_t room;
};

void text_add(struct text *text, const char *bytes, size_t len);
void text_str(struct text *text, const char *string);
void text_fmt(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_free(struct text *text);

/* A copy of the first len bytes with a NUL behind them; the caller frees it. */
char *text_copy(const char *bytes, size_t len);
/* Zeroed; the caller frees it. */
void *text_alloc(size_t count, size_t size);

#endif

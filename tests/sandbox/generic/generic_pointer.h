/* SPDX-License-Identifier: Apache-2.0 */
/*
 * generic_pointer: JSON Pointers (RFC 6901) into records, bodies and answers.
 *
 * None of these blocks. A pointer is "" for the whole, or begins with a slash.
 */
#ifndef SANDBOX_GENERIC_POINTER_H
#define SANDBOX_GENERIC_POINTER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Return what stands at the pointer, borrowed, or NULL. */
json_t *pointer_get(const json_t *root, const char *pointer);
/* Put the value there and take it over; make what is missing on the way. A token of digits makes an
 * array. The pointer must not be "". */
void pointer_set(json_t *root, const char *pointer, json_t *value);
/* Remove what stands there, if anything does. */
void pointer_del(json_t *root, const char *pointer);
/* Return a new value that holds the given one, which is taken over, at the pointer. */
json_t *pointer_wrap(const char *pointer, json_t *value);
/* Return whether one pointer is the other or leads to something inside of it. */
bool pointer_covers(const char *above, const char *below);
/* Call back for each scalar and each empty or non-object value below root; at is its pointer. */
void pointer_leaves(const json_t *root, void (*leaf)(void *arg, const char *at, json_t *value),
		    void *arg);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pointer.h - JSON Pointers (RFC 6901) as the tables of a vendor use them.
 *
 * "." is the whole value, "/a/b" the member b of the member a, a number the element of an array;
 * a segment "*" stands for each element of an array. A text without a leading "/" is the name of a
 * member: "id" is short for "/id", and is the fast form. "~1" is "/", "~0" is "~".
 *
 * Nothing here waits, allocates (except pointer_set) or keeps a reference.
 */
#ifndef ROSTERFS_POINTER_H
#define ROSTERFS_POINTER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define POINTER_NAME_MAX 256 /* bytes of one segment, with the NUL */

/* Return NULL if TEXT is a pointer, else what is wrong with it (static). */
const char *pointer_check(const char *text);

/* Return the first value at POINTER in VALUE, borrowed, or NULL. A null is a value. */
json_t *pointer_get(const json_t *value, const char *pointer);

/*
 * Call FOUND for each value at POINTER in VALUE, in order, until it returns something other than 0.
 * Returns what FOUND returned last, or 0.
 */
int pointer_each(const json_t *value, const char *pointer, int (*found)(json_t *at, void *arg),
		 void *arg);

/* Remove each member at POINTER from VALUE, if it is there. An element of an array becomes null, so
 * that the others keep their places. */
void pointer_remove(json_t *value, const char *pointer);

/*
 * Set the member at POINTER (without "*") in VALUE to NEW, whose reference is taken in any case.
 * Objects on the way that are missing or null are made. Returns 0, -EINVAL if something on the way
 * is no object, or -ENOMEM.
 */
int pointer_set(json_t *value, const char *pointer, json_t *new);

/* Copy the next segment of *POINTER, unescaped, to NAME, and move *POINTER behind it. Returns false
 * at the end. */
bool pointer_next(const char **pointer, char name[POINTER_NAME_MAX]);

/*
 * Compare a path of DEPTH names with POINTER. "/a/b" covers {a, b} and {a, b, c}; {a} is above it.
 */
enum pointer_relation {
	POINTER_APART,
	POINTER_COVERS, /* the path is at the pointer, or below it */
	POINTER_BELOW,  /* the pointer is below the path */
};
enum pointer_relation pointer_relate(const char *pointer, char *const *path, size_t depth);

#endif

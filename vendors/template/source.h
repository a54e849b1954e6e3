/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source.h - where a response says something: in its body, in a header, or in its last row.
 *
 * Pure; nothing waits.
 */
#ifndef ROSTERFS_SOURCE_H
#define ROSTERFS_SOURCE_H

#include "vendors/template/value.h"

#include <jansson.h>
#include <stdbool.h>

enum source_kind {
	SOURCE_NONE, /* ends a list of sources */
	SOURCE_BODY,
	SOURCE_HEADER,
	SOURCE_LAST, /* the last row of a page */
};

struct source {
	enum source_kind kind;
	const char *name; /* a pointer, or the name of a header */
};

/* A response, as sources see it. */
struct source_reply {
	const json_t *body;  /* NULL: none, or not JSON */
	const char *headers; /* "Name: value\n" for each, or NULL */
	const json_t *last;  /* the last row, or NULL */
};

/* true if a value at the source is one of the values */
struct condition {
	struct source source; /* SOURCE_NONE: never true */
	const struct value *values;
};

/* Read TEXT ("/a/b", "header:X-Total", "last:/id"). The name points into TEXT. Returns NULL, or
 * what is wrong (static). */
const char *source_read(const char *text, struct source *source);

/* Return the first value at SOURCE in REPLY, a new reference (a header's is a string), or NULL. */
json_t *source_get(const struct source *source, const struct source_reply *reply);

/* Return the first value of SOURCES (NULL: none) that REPLY has and that is neither null nor "", a
 * new reference, or NULL. */
json_t *source_first(const struct source *sources, const struct source_reply *reply);

/* Return the value of header NAME, in any case, in HEADERS (see above), new, trimmed; the caller
 * frees. NULL: there is none. The values of several such headers are joined by ", ". */
char *source_header(const char *headers, const char *name);

/*
 * Return true if CONDITION holds: any value at its source (a pointer may have "*") is one of its
 * values. `absent` holds if there is no value at a source in a body or row that there is. A header
 * is text: it is the value that would be written so.
 */
bool condition_holds(const struct condition *condition, const struct source_reply *reply);

#endif

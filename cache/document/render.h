/* SPDX-License-Identifier: Apache-2.0 */
/*
 * render.h - a vendor's object as the text of its file.
 *
 * Pretty-printed: two spaces, keys in the vendor's order, one newline at the end. A struct render
 * belongs to one thread.
 */
#ifndef ROSTERFS_RENDER_H
#define ROSTERFS_RENDER_H

#include <jansson.h>
#include <stddef.h>

/* The text of one object after another; all zero to begin with. */
struct render {
	char *text; /* not a string: it has no NUL at its end */
	size_t length, room;
};

/*
 * Set RENDER's text to that of OBJECT (borrowed). Return 0, -ENOMEM, or -EFBIG: it is longer than
 * LIMITS_TEXT_MAX, as no file of a record is. RENDER has no text then.
 */
int render_object(struct render *render, const json_t *object);

void render_clear(struct render *render);

/* Return the text of OBJECT, *LENGTH bytes and a NUL, which the caller frees. NULL: no memory, or
 * it is longer than LIMITS_TEXT_MAX. */
char *render_string(const json_t *object, size_t *length);

#endif

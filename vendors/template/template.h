/* SPDX-License-Identifier: Apache-2.0 */
/*
 * template.h - texts with placeholders: paths, headers, URLs.
 *
 * A placeholder is "{" and a name without blanks, quotes and commas and "}". "{ id }" is text. What
 * is put in is escaped for the place where it stands, so that no value can end a path segment, a
 * query, a header or a host. Nothing here waits.
 */
#ifndef ROSTERFS_TEMPLATE_H
#define ROSTERFS_TEMPLATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define TEMPLATE_NAME_MAX 128

/* Gives placeholders their values. */
struct template_values {
	/*
	 * Return the value of placeholder NAME ("id", "/profile/email", "token"), a new reference,
	 * or NULL: it has none. In a text, a string stands for its characters, anything else for
	 * its JSON.
	 */
	json_t *(*value)(const struct template_values *values, const char *name);
};

enum template_place {
	TEMPLATE_PATH, /* path and query: percent-encoded, except what RFC 3986 calls unreserved */
	TEMPLATE_HEADER, /* as it is; a control character fails */
	TEMPLATE_HOST,   /* as it is; anything but letters, digits, "." and "-" fails */
	TEMPLATE_FORM,   /* as application/x-www-form-urlencoded writes it */
	TEMPLATE_TEXT,   /* as it is */
};

/*
 * Expand TEXT for PLACE. In a path or form, a parameter whose value is only a placeholder without a
 * value
 * ("&after={cursor}") is left out; elsewhere, and for any other placeholder, no value fails. A URL
 * (TEMPLATE_PATH with a text that has "://") is expanded as TEMPLATE_HOST up to the path. A value
 * that would make a host or a segment of a path empty fails. Returns a
 * new text, which the caller wipes if it may hold a secret, and frees; or NULL and words in WHY
 * (WHY_SIZE 0: none), which quote no value.
 */
char *template_expand(const char *text, enum template_place place,
		      const struct template_values *values, char *why, size_t why_size);

/*
 * Copy the name of the first placeholder at or after *AT to NAME, and move *AT behind it. Returns
 * false if there is none. To look at all of them without expanding.
 */
bool template_next(const char **at, char name[TEMPLATE_NAME_MAX]);

/* Return true if TEXT (or NULL) has the placeholder NAME. */
bool template_has(const char *text, const char *name);

#endif

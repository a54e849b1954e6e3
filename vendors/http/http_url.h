/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_url.h - URLs by libcurl's rules. Pure functions.
 */
#ifndef ROSTERFS_HTTP_URL_H
#define ROSTERFS_HTTP_URL_H

#include <stdbool.h>
#include <stddef.h>

/* Return TEXT percent-encoded for a path segment or a query value. The caller frees it. NULL: no
 * memory. */
char *http_url_escape(const char *text);

/* As http_url_escape, for LENGTH BYTES, which may have NUL among them and are not terminated. */
char *http_url_escape_bytes(const char *bytes, size_t length);

/* Return TEXT with its percent-encoding undone, *LENGTH bytes, not terminated: they may have NUL
 * among them. The caller frees them. NULL: no memory. */
char *http_url_unescape(const char *text, size_t *length);

/*
 * Check that URL may be a base_url: https, or http to loopback; with a host; without user,
 * password, query and fragment. Returns 0, or -EINVAL and the reason in *WHY, a static string.
 */
int http_url_check(const char *url, const char **why);

/*
 * Return URL, for which http_url_check has returned 0, in the spelling that is compared: the scheme
 * and the host in lower case, without the port that the scheme has anyway, and without slashes at
 * its end. The caller frees it. NULL: no memory.
 */
char *http_url_spell(const char *url);

/* Return true if the URLs A and B have the same scheme, host and port, and B no user or password.
 */
bool http_url_same_origin(const char *a, const char *b);

/*
 * Return how many bytes of URL, whose scheme is http or https, are its origin: up to the path or
 * query. 0: it is no such URL.
 */
size_t http_url_origin(const char *url);

/* Write "HOST port PORT" of URL to WHERE (SIZE bytes), for messages, and whether it is https to
 * *SECURE. */
void http_url_where(const char *url, bool *secure, char *where, size_t size);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * next_url.h - the URL of a further page, as a response names it. Pure functions.
 */
#ifndef ROSTERFS_NEXT_URL_H
#define ROSTERFS_NEXT_URL_H

#include <stdbool.h>

/*
 * Put the URL with rel=next in HEADER, the value of a header Link (RFC 8288; of several headers,
 * the values joined by commas), as it is written there, into *LINK. NULL: there is none, or it is
 * marked with results="false", as Sentry does on the last page. The caller frees it. Returns false
 * if HEADER is no list of links up to there, so that it may name a next page in a way that is not
 * known, or if that URL is empty; or without memory.
 */
bool next_url_of_link(const char *header, char **link);

/*
 * Return the path and query of URL, for http_request's `path` with `from_origin`; the caller frees
 * it. URL may be relative to FROM, the path and query of the request whose response names it, below
 * the origin of BASE if FROM_ORIGIN, else below BASE. NULL: URL cannot be used, and *WHY (static)
 * says why: it is no URL, or names another origin than BASE's (ignored with ANY_ORIGIN).
 */
char *next_url_path(const char *base, const char *from, bool from_origin, const char *url,
		    bool any_origin, const char **why);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_loop.h - private to vendors/http: the thread that drives all requests.
 */
#ifndef ROSTERFS_HTTP_LOOP_H
#define ROSTERFS_HTTP_LOOP_H

struct http;

/* Start the thread of HTTP. Returns 0 or a negative errno. Pair with http_loop_join. */
int http_loop_start(struct http *http);

/* Wake the thread, whose http->stopping is set, and wait until it has ended all transfers and
 * itself. */
void http_loop_join(struct http *http);

#endif

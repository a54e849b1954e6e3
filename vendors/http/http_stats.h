/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_stats.h - the counters of an endpoint, for .rosterfs/status and metrics.
 *
 * The queue of an endpoint counts under http->lock, which it holds anyway: counting takes no lock
 * of its own. Nothing here blocks. Durations are in milliseconds.
 */
#ifndef ROSTERFS_HTTP_STATS_H
#define ROSTERFS_HTTP_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct endpoint;
struct http_reply;

/* Methods, as HTTP_METHODS_ALL(X) with X(constant, text). */
#define HTTP_METHODS_ALL(X)                                                                        \
	X(GET, "GET")                                                                              \
	X(POST, "POST")                                                                            \
	X(PUT, "PUT")                                                                              \
	X(PATCH, "PATCH")                                                                          \
	X(DELETE, "DELETE")                                                                        \
	X(OTHER, "other")

/* How a request ended, as HTTP_ENDS_ALL(X) with X(constant, text). */
#define HTTP_ENDS_ALL(X)                                                                           \
	X(OK, "ok")                   /* 2xx */                                                    \
	X(REFUSED, "refused")         /* another status below 500 */                               \
	X(THROTTLED, "throttled")     /* 429 */                                                    \
	X(FAILED, "failed")           /* 5xx */                                                    \
	X(TIMED_OUT, "timeout")       /* no response in time */                                    \
	X(UNREACHABLE, "unreachable") /* no connection was made */                                 \
	X(LOST, "lost")               /* the connection broke, or the response was cut */          \
	X(CANCELLED, "cancelled")     /* nobody waited for it any more */

/* What requests wait for before they are sent, as HTTP_WAITS_ALL(X) with X(constant, text). */
#define HTTP_WAITS_ALL(X)                                                                          \
	X(QUEUE, "queue")         /* `parallel` of them are in flight */                           \
	X(THROTTLED, "throttled") /* the vendor answered 429, or asked to wait */                  \
	X(RETRY, "retry")         /* the pause after an error */

#define HTTP_METHOD_CONSTANT(constant, text) HTTP_METHOD_##constant,
enum http_method { HTTP_METHODS_ALL(HTTP_METHOD_CONSTANT) HTTP_METHODS };
#undef HTTP_METHOD_CONSTANT

#define HTTP_END_CONSTANT(constant, text) HTTP_END_##constant,
enum http_end { HTTP_ENDS_ALL(HTTP_END_CONSTANT) HTTP_ENDS };
#undef HTTP_END_CONSTANT

#define HTTP_WAIT_CONSTANT(constant, text) HTTP_WAIT_##constant,
enum http_wait { HTTP_WAITS_ALL(HTTP_WAIT_CONSTANT) HTTP_WAITS };
#undef HTTP_WAIT_CONSTANT

/* Upper bounds of the buckets of durations; above the last one there is one more bucket. */
#define HTTP_BOUNDS 11
extern const int64_t http_stats_bounds[HTTP_BOUNDS];

struct http_stats {
	uint64_t requests; /* sent, retries included */
	uint64_t retries;
	uint64_t failures;  /* ended without a 2xx response */
	uint64_t throttled; /* 429 responses */
	uint64_t bytes;     /* received bodies, decoded */
	unsigned in_flight;
	unsigned queued;
	uint64_t ended[HTTP_METHODS][HTTP_ENDS]; /* of REQUESTS, those not in flight any more */
	uint64_t durations[HTTP_BOUNDS + 1]; /* of those that were not cancelled, in each bucket */
	uint64_t duration;                   /* the sum of these */
	uint64_t waited[HTTP_WAITS];         /* how long requests were queued */
};

/* Copy the counters of ENDPOINT to *STATS: all 0 without a queue. */
void http_stats(const struct endpoint *endpoint, struct http_stats *stats);

/* Add MORE to *SUM. */
void http_stats_add(struct http_stats *sum, const struct http_stats *more);

/*
 * Count a request with METHOD that has ended with REPLY after DURATION. UNREACHED: no connection
 * was made. RESENT: how many times it was sent before in vain, because a connection was lost.
 */
void http_stats_end(struct http_stats *stats, const char *method, const struct http_reply *reply,
		    bool unreached, unsigned resent, int64_t duration);

/*
 * Count that a request is sent at NOW that was queued at SINCE. PAUSE: until when the vendor was
 * not to be asked (a past time: it was). RETRY: it was sent before.
 */
void http_stats_wait(struct http_stats *stats, int64_t since, int64_t pause, int64_t now,
		     bool retry);

#endif

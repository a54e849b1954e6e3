/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.h - requests to vendors: a pool of connections, deadlines, retries and limits.
 *
 * One thread drives all sockets. It parses no bodies and waits for nothing but sockets and timers.
 * Each endpoint has a queue: at most `parallel` requests in flight, backoff after a 429, counters.
 * Keys travel in headers, and in a URL only for a vendor that takes them nowhere else.
 *
 * Requests are retried here as far as that is safe without knowledge of the document: see
 * http_request. Each request that ends is logged in one line: method, path, status, milliseconds,
 * tries.
 *
 * Every function may be called from any thread, unless it says otherwise. Locks: http_state.h.
 */
#ifndef ROSTERFS_HTTP_H
#define ROSTERFS_HTTP_H

#include "vendors/http/http_reply.h"
#include "vendors/http/http_stats.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct call;
struct endpoint;

#define HTTP_HEADERS_MAX 16
#define HTTP_BODY_MAX (64u << 20) /* a larger response is refused: EREMOTEIO */

struct http_header {
	const char *name;
	const char *value; /* borrowed until http_start or http_perform returns */
};

/* A request. Strings are borrowed until http_start or http_perform returns, which copy them. */
struct http_request {
	const char *method;
	const char *path;  /* below base_url, with the query, each part escaped: "/user?page=1" */
	bool from_origin;  /* it is below base_url's origin instead: "/api/user?page=1" */
	const char *shown; /* what the log and messages have in place of a path with a secret; NULL:
			      PATH */
	const char *query; /* appended to the query of PATH, and never shown: "key=..."; NULL: none
			    */
	const char *body;  /* NULL: none */
	size_t body_length;
	const char *content_type; /* of the body; NULL: application/json */
	struct http_header headers[HTTP_HEADERS_MAX];
	unsigned header_count;
	const char *user, *password; /* HTTP Basic, when user is not NULL */
	/*
	 * The request is not sent, nor sent again, once *EPOCH (NULL: it never changes) is another
	 * number than MADE: its keys were replaced. Then its reply is `outdated`.
	 */
	const atomic_uint *epoch;
	unsigned made;
	/* for vendors/rest, which makes headers of them; vendors/http does not read these */
	unsigned api;                   /* index in vendor->apis */
	unsigned plain_headers;         /* the first of `headers`, which prove no identity */
	char *bearer;                   /* a token, owned by this request */
	char *proofs[HTTP_HEADERS_MAX]; /* texts of other proofs of identity, owned likewise */
	unsigned proof_count;
	uint64_t serial;      /* of the token */
	const char *if_match; /* an ETag, or NULL */
	bool identity;        /* ask for no compressed response, because that has another ETag */
	/* a change that rests on the read of call->basis: not sent once that is too old (basis.h)
	 */
	bool rests;
	/*
	 * repeatable: a request that changes nothing (GET). It is retried after 429, 5xx (except
	 * 501 and 505), a lost connection, an incomplete response and a timeout. Any other request
	 * is retried only if the vendor has certainly not applied it: no connection was made, or
	 * the status is 429. A redirect of a GET to another path of the same origin is followed.
	 */
	bool repeatable;
	/* repeatable, and reads records although it is no GET: a change may rest on it (basis.h) */
	bool reads;
};

/* A request in progress. */
struct transfer;

struct http;

/* ---- start and end ---- */

/* Start the thread. One per process. NULL: no memory or no thread. */
struct http *http_new(void);

/*
 * Abort all requests (their waiters get EINTR) and end the thread. Later requests fail with EINTR
 * at once, and nothing is sent. NULL is a no-op. Pair with http_free.
 */
void http_stop(struct http *http);

/*
 * Stop HTTP, if that has not happened, and free everything. NULL is a no-op. The endpoints must
 * live until then. Transfers that are still held stay readable and must be dropped; no other
 * function of this header may be called afterwards.
 */
void http_free(struct http *http);

/* Give ENDPOINT its queue, before its first request. Returns 0 or -ENOMEM. */
int http_add(struct http *http, struct endpoint *endpoint);

/* ---- requests ---- */

/*
 * Send REQUEST and wait until there is a response or CALL is cancelled. Takes at most about
 * max(timeout, retry_budget) seconds from the first try, and no longer than that in the queue if no
 * request of the queue gets a response. If no connection can be made and CALL has had no response
 * yet, it takes five seconds; while it is known that no connection can be made, or that the vendor
 * asks to wait (Retry-After), it fails at once (hold.h).
 *
 * Always fills in *REPLY, which http_reply_clear releases, and notes "METHOD path" and the status
 * in CALL. Returns 0 if there is a response, whatever its status, else the negative errno of
 * reply->verdict. -EINTR: cancelled or stopped; reply->sent tells whether the request may
 * have been sent. A response that arrives in the moment of the cancel is returned as a response.
 *
 * If a request that is not repeatable has been sent, a cancelled call still waits up to five
 * seconds for the response, because aborting it would not stop the vendor from applying the change.
 * It is not retried then. If it gets no response, call->unanswered is set.
 *
 * basis.h says what call->basis changes.
 */
int http_perform(struct call *call, struct endpoint *endpoint, const struct http_request *request,
		 struct http_reply *reply);

/*
 * Queue REQUEST without waiting: for a walk that keeps several pages in flight. The retry budget
 * counts per transfer, from its first try or from the last http_progress of the endpoint, whichever
 * is later. Pair with http_drop. NULL: no memory.
 */
struct transfer *http_start(struct call *call, struct endpoint *endpoint,
			    const struct http_request *request);

/*
 * Wait until one of TRANSFERS[0..COUNT-1] (NULLs are skipped) has ended or CALL is cancelled.
 * Returns its index, or -EINTR.
 */
int http_wait_any(struct call *call, struct transfer *const *transfers, size_t count);

/* As http_wait_any, until UNTIL, a call_deadline (NULL: do not wait). Returns the index, or
 * -EAGAIN. */
int http_wait_until(struct call *call, struct transfer *const *transfers, size_t count,
		    const struct timespec *until);

/* Return the reply of an ended transfer. It lives as long as the transfer. */
struct http_reply *http_reply(struct transfer *transfer);

/*
 * Release TRANSFER, ended or not. If it is in flight, it goes on without a waiter, so that its
 * connection stays usable, or is aborted if ABORT. If it is queued, it is not sent (again). Its
 * call may be destroyed at once. NULL is a no-op.
 */
void http_drop(struct transfer *transfer, bool abort);

/* ---- endpoints ---- */

/* Note that a page of a walk is complete: the retry budget of ENDPOINT's transfers begins anew. */
void http_progress(struct endpoint *endpoint);

/* Return how many requests of ENDPOINT may be in flight: fewer than `parallel` after a 429. */
unsigned http_allowed(const struct endpoint *endpoint);

/*
 * Write to WORDS (SIZE bytes), in one line, why ENDPOINT is not asked at the moment: the vendor
 * asked to wait, or cannot be reached. "" if nothing prevents it.
 */
void http_hold(const struct endpoint *endpoint, char *words, size_t size);

/* Let the next request of ENDPOINT be sent, whatever http_hold says. */
void http_lift(struct endpoint *endpoint);

#endif

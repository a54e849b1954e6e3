/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.h - requests to vendors: pool of connections, deadlines, retries, limits, redaction.
 *
 * One thread drives all sockets; it parses nothing and waits for nothing but them. http.c and
 * http_url.c alone know libcurl. An account has a queue: at most `parallel` requests in flight, a
 * back-off when the vendor says 429, counters. Keys travel in headers only, never in a URL.
 *
 * Retries happen here as far as they are safe without knowing the document: see http_request.
 * Every request that ends is one line in the log: method, endpoint, status, milliseconds, tries.
 */
#ifndef ROSTERFS_HTTP_H
#define ROSTERFS_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct endpoint;
struct call;

#define HTTP_HEADERS_MAX 4
#define HTTP_BODY_MAX (64u << 20) /* an answer larger than this is refused: EREMOTEIO */

struct http_header {
	const char *name;
	const char *value; /* borrowed until http_start or http_perform returns */
};

/* What to ask. Strings are borrowed until http_start or http_perform returns (they are copied). */
struct http_request {
	const char *method;
	const char *path; /* below base_url, with the query, each part escaped: "/user?page=1" */
	const char *body; /* NULL: none */
	size_t body_length;
	const char *content_type; /* of the body; NULL: application/json */
	struct http_header headers[HTTP_HEADERS_MAX];
	unsigned header_count;
	/* made for this request alone by exchange_prepare; exchange_done wipes and frees it */
	char *bearer;
	uint64_t serial; /* of the token in it: exchange_renew wants to know which was refused */
	const char *if_match;        /* an ETag or NULL; exchange_prepare makes it a header */
	const char *user, *password; /* HTTP Basic, when user is not NULL */
	bool identity; /* no compressed answer is asked for: it would have another ETag */
	/* a change that rests on the read of call->basis: not sent once that is too old (basis.h)
	 */
	bool rests;
	/*
	 * repeatable: a request that changes nothing (GET). Sent again on 429, 5xx (but 501 and
	 * 505), a lost connection, an answer cut short and a time-out. Otherwise it is sent again
	 * only when the vendor certainly did not apply it: no connection was made, or 429.
	 */
	bool repeatable;
};

/* What came back. */
struct http_reply {
	int error;  /* 0: there is an answer. Else a positive errno: no (whole) answer came */
	int status; /* HTTP status, 0: none. 429 with sent false: an earlier 429 still holds */
	bool sent;  /* the vendor may have got the request (so it may have been applied) */
	bool stale; /* it rests on a read that is too old and was not sent (again): EBUSY */
	char *body; /* NUL-terminated, length bytes; NULL when empty */
	size_t length;
	char *etag;   /* as it came; NULL: none, or several that differ */
	time_t date;  /* the vendor's clock (Date header), 0: not told */
	int64_t told; /* milliseconds to wait before another try, says the vendor; 0: not told */
	/* what went wrong in the transport, redacted; "" when there is an answer. For a 429 that
	 * was not sent: why it was not */
	char words[256];
};

/* One request under way. */
struct transfer;

struct http;

/* Start the thread. NULL: no memory or no thread. One per process. */
struct http *http_new(void);

/*
 * Abort what is under way (its waiters get EINTR) and end the thread. Whatever is asked from then
 * on gets EINTR at once, and nothing is sent. NULL is fine; pair with http_free.
 */
void http_stop(struct http *http);

/*
 * Stop, if that is yet to be done, and free everything. NULL is fine. The accounts must live until
 * then. Transfers that are still held stay readable and must be dropped; nothing else here may be
 * used afterwards.
 */
void http_free(struct http *http);

/* Give ACCOUNT its queue. Returns 0 or a negative errno. Before its first request. */
int http_add(struct http *http, struct endpoint *endpoint);

/*
 * Send REQUEST and wait for the answer, or until CALL is cancelled. At most about max(timeout,
 * retry_budget) seconds from the first try, and no longer than that in the queue when nobody in the
 * queue gets an answer. Where no connection comes about and CALL has had no answer yet: five
 * seconds, and none at all while that, or a Retry-After, is known (hold.h). Always fills *REPLY
 * (http_reply_clear frees what it holds) and notes "METHOD path" and the status in CALL. Returns 0
 * when there is an answer, whatever its status, else the negative errno, which is in reply->error
 * too; -EINTR: cancelled, or the end (reply->sent tells whether it may have gone out). An answer
 * that came in the same moment as the cancel is returned as an answer.
 *
 * What is not repeatable is waited for all the same once it has gone out, for five seconds at the
 * most: to cut it off would not keep the vendor from making the change. It is not tried again then.
 * Where it got no answer, call->unanswered is set.
 *
 * What call->basis demands of it stands in basis.h.
 */
int http_perform(struct call *call, struct endpoint *endpoint, const struct http_request *request,
		 struct http_reply *reply);

/*
 * The same without waiting: for a walk that keeps several pages in flight. A
 * retry budget counts per transfer, from its first try or from the last http_progress of the
 * account, whichever is later. NULL: no memory. Each must be dropped.
 */
struct transfer *http_start(struct call *call, struct endpoint *endpoint,
			    const struct http_request *request);

/*
 * Wait until one of TRANSFERS[0..COUNT-1] (NULLs are skipped) has ended or CALL is cancelled.
 * Returns its index, or -EINTR.
 */
int http_wait_any(struct call *call, struct transfer *const *transfers, size_t count);

/* The same, but not beyond UNTIL, a call_deadline (NULL: only look): its index, or -EAGAIN. */
int http_wait_until(struct call *call, struct transfer *const *transfers, size_t count,
		    const struct timespec *until);

/* The reply of an ended transfer; it lives as long as the transfer. */
struct http_reply *http_reply(struct transfer *transfer);

/*
 * Done with TRANSFER, ended or not: one that is in flight goes on without a waiter, so that its
 * connection stays usable, or is aborted when ABORT; one that is queued is not sent (again). Its
 * call may be destroyed at once. NULL is fine.
 */
void http_drop(struct transfer *transfer, bool abort);

/* A page of a walk came in whole: the retry budget of ACCOUNT's waiting transfers begins anew. */
void http_progress(struct endpoint *endpoint);

/* How many requests of ACCOUNT may be in flight now: fewer than `parallel` after a 429. */
unsigned http_allowed(const struct endpoint *endpoint);

/* Wipe and free what REPLY holds, and leave it empty. */
void http_reply_clear(struct http_reply *reply);

/* TEXT percent-encoded for a path segment or a query value. The caller frees. NULL: no memory. */
char *http_escape(const char *text);

/*
 * Is URL fit for a base_url: https, or http to loopback; a host, no user, password, query or
 * fragment? 0, or -EINVAL and *WHY in static words.
 */
int http_check_url(const char *url, const char **why);

/* Counters of an account, for .rosterfs/status and metrics. */
struct http_stats {
	uint64_t requests; /* sent, retries included */
	uint64_t retries;
	uint64_t failures;  /* ended without a 2xx answer */
	uint64_t throttled; /* 429 answers */
	uint64_t bytes;     /* received bodies, decoded */
	unsigned in_flight;
	unsigned queued;
};
void http_stats(const struct endpoint *endpoint, struct http_stats *stats);

/*
 * One line on why ACCOUNT's vendor is not asked just now: it said to wait, or cannot be reached. ""
 * where nothing keeps it from being asked.
 */
void http_hold(const struct endpoint *endpoint, char *words, size_t size);

/* Let the next request of ACCOUNT ask its vendor, whatever http_hold says. */
void http_lift(struct endpoint *endpoint);

#endif

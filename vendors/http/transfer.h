/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transfer.h - private to vendors/http: one request in progress.
 *
 * Each transfer has a state, and belongs to the module that the state names. http->lock guards the
 * state, the links and the other fields that say so. Every other field belongs to the owner:
 *
 *   state   owner                      in which list               next
 *   READY   its queue                  queue->ready, ->timed (1)   FLYING, FRESH or ENDED
 *   FRESH   its queue                  queue->fresh, ->timed (1)   FLYING or ENDED
 *   AGAIN   its queue                  queue->again, ->timed (1)   FLYING or ENDED
 *   FLYING  the thread of http_loop.c  http->flying                AGAIN or ENDED
 *   ENDED   its waiter                 none                        freed by http_drop
 *
 * (1) queue->timed only if it has an UNTIL.
 */
#ifndef ROSTERFS_TRANSFER_H
#define ROSTERFS_TRANSFER_H

#include "vendors/base/call.h"
#include "vendors/http/http.h"

#include <stdatomic.h>
#include <sys/queue.h>

#define TRANSFER_NEVER INT64_MAX

struct account_queue;
struct basis;

enum transfer_state {
	TRANSFER_READY,  /* queued, never tried: has a place in flight that was kept for it */
	TRANSFER_FRESH,  /* queued, never tried */
	TRANSFER_AGAIN,  /* queued, waits for its next try */
	TRANSFER_FLYING, /* being tried, or about to end */
	TRANSFER_ENDED,  /* its reply is filled in */
};

struct transfer {
	struct http *http; /* a counted reference, unless it is a probe */
	struct account_queue *queue;
	atomic_bool ended; /* for the condition of call_wait, which may take no lock */

	/* under http->lock */
	enum transfer_state state;
	TAILQ_ENTRY(transfer) link; /* by state, see above */
	TAILQ_ENTRY(transfer) line; /* queued, with an UNTIL: in queue->timed */
	struct basis *basis;        /* whose read it is; NULL: no read, or the read has ended */
	struct call *call;          /* to wake at the end; NULL: none waits any more */
	bool dropped;               /* the thread frees it at its end */
	/* abort: it is no longer needed. It is ended at once; if it is a change that was sent, it
	 * is not retried, and is ended when CUT is set because no response has come */
	bool abort, cut;

	/* the request: own copies, of vault.h except METHOD and PATH */
	char *method, *path, *url;           /* the path is for the log */
	char *query;                         /* a proof of identity at the end of url, or NULL */
	char *headers[HTTP_HEADERS_MAX + 2]; /* "Name: value" */
	unsigned header_count;
	char *body;
	size_t body_length;
	bool repeatable;
	bool identity;            /* ask for no compressed response */
	const atomic_uint *epoch; /* of http_request, with MADE */
	unsigned made;
	bool probe;  /* sends nothing: only tries to connect (hold.h) */
	int64_t end; /* of clock_milliseconds: no try starts later; TRANSFER_NEVER: no limit */
	/* of a change that rests on a read: it is sent no later, or is stale; else TRANSFER_NEVER
	 */
	int64_t moment;

	/* progress; times are of clock_milliseconds, durations in milliseconds */
	int64_t queued; /* when http_start was called */
	int64_t first;  /* when it was first tried */
	int64_t tried;  /* when it was last tried */
	int64_t landed; /* when that try ended */
	int64_t flown;  /* duration of all tries */
	int64_t limit;  /* maximum duration of the last try */
	bool shortened; /* that is the rest of the retry budget, and less than `timeout` */
	int64_t reach;  /* maximum duration of connecting */
	int64_t due;    /* AGAIN: when the next try may start */
	int64_t until;  /* queued: it waits no longer, because of END or MOMENT */
	int64_t delay;  /* how long to wait before the next try, after the last response */
	int64_t told;   /* what Retry-After or its like asked for, HOLD_MAX at most; 0: nothing */
	unsigned tries;
	bool counted;   /* it is counted in queue->stats.in_flight */
	bool transient; /* the last try failed in a way that may pass */
	bool unreached; /* it found no connection */
	bool spoiled;   /* its connection held the rest of an earlier response */
	bool late;      /* its MOMENT passed before its connection was made */
	bool outdated;  /* its keys were replaced before its connection was made */
	bool moved;     /* the vendor redirects it to what is in url now */
	unsigned moves; /* how often that happened */

	/* libcurl's side of the try (multi.c, answer.c) */
	void *easy, *list;
	unsigned passes;           /* how often libcurl was about to send the request in this try */
	enum call_verdict refused; /* for which transfer_take ended a response; CALL_OK: none */
	char curl_words[256];

	struct http_reply reply;
	size_t capacity; /* of reply.body */
};

/* Return a new transfer with a copy of REQUEST. If a header is malformed, its reply has failed with
 * EINVAL. NULL: no memory. */
struct transfer *transfer_new(struct account_queue *queue, const struct http_request *request);

/* Return a transfer without a waiter that tries to connect to the endpoint of QUEUE. NULL: no
 * memory. */
struct transfer *transfer_probe(struct account_queue *queue);

/* Append the query that proves the identity to the URL of TRANSFER. Returns false without memory.
 */
bool transfer_add_query(struct transfer *transfer);

/* Wipe and free TRANSFER. */
void transfer_free(struct transfer *transfer);

/* Forget the result of the last try, before the next one. */
void transfer_reset(struct transfer *transfer);

/* Set TRANSFER's reply to VERDICT and words, and drop what was received. */
void transfer_fail(struct transfer *transfer, enum call_verdict verdict, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Set TRANSFER's reply to CALL_LATE: the read that it rests on is too old. It was not sent. */
void transfer_stale(struct transfer *transfer);

/* Return true if the keys in TRANSFER's request were replaced. */
bool transfer_is_outdated(const struct transfer *transfer);

/* Set TRANSFER's reply to `outdated`. It was not sent. */
void transfer_outdate(struct transfer *transfer);

/*
 * Append LENGTH bytes to the body of the response. ANNOUNCED is its length by the vendor, -1 if
 * unknown. Returns CALL_OK, CALL_LOST (too large) or CALL_NO_MEMORY.
 */
enum call_verdict transfer_take(struct transfer *transfer, const char *data, size_t length,
				int64_t announced);

/* Return true if WORDS hold a secret that TRANSFER sent. */
bool transfer_tells(const struct transfer *transfer, const char *words);

/* Return true if TRANSFER's call has had a response, so that it waits for the vendor to come back.
 * Reads the call: only under http->lock, or by its waiter. */
bool transfer_is_patient(const struct transfer *transfer);

/* Log the line of TRANSFER, which has ended for good. Without http->lock. */
void transfer_log(const struct transfer *transfer);

#endif

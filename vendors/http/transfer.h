/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transfer.h - private to http*.c, http_loop.c, transfer.c and account_queue.c: one request under way, and what
 * all share.
 *
 * A transfer lives in its queue's queue (READY, FRESH, AGAIN), then in the hands of the http thread
 * (FLYING), then in its waiter's (ENDED). http->lock guards the state, the links and the fields
 * named so below; everything else belongs to whoever the state says. Functions ending in _locked
 * want http->lock.
 */
#ifndef ROSTERFS_TRANSFER_H
#define ROSTERFS_TRANSFER_H

#include "vendors/http/basis.h"
#include "vendors/http/http.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/queue.h>

#define TRANSFER_NEVER INT64_MAX
#define HTTP_IDLE_MAX 64 /* easy handles that are kept: they hold TLS sessions */

enum transfer_state {
	TRANSFER_READY,  /* queued, never tried: leaves on a place that was kept for it */
	TRANSFER_FRESH,  /* queued, never tried */
	TRANSFER_AGAIN,  /* queued, waits for its next try */
	TRANSFER_FLYING, /* the thread's */
	TRANSFER_ENDED,  /* the waiter's */
};

TAILQ_HEAD(transfer_queue, transfer);
TAILQ_HEAD(basis_queue, basis);

struct transfer {
	struct http *http; /* a counted reference */
	struct account_queue *queue;
	atomic_bool ended; /* what call_wait looks at, which may take no lock */

	/* under http->lock */
	enum transfer_state state;
	TAILQ_ENTRY(transfer) link; /* by state: queue->ready, fresh, again, http->flying */
	TAILQ_ENTRY(transfer) line; /* queued, with an UNTIL: queue->timed */
	struct basis *basis;        /* whose read it is, NULL: no read, or it has ended */
	struct call *call;          /* whom to wake; NULL: nobody waits any more */
	bool dropped;               /* the thread frees it at its end */
	/* nobody wants it any more: to be ended at once, or if it is a change that was sent, not to
	 * be tried again, and to be CUT off if no answer comes soon */
	bool abort, cut;

	/* the request: our own copies, wiped when freed */
	char *method, *path, *url;
	char *headers[HTTP_HEADERS_MAX + 1]; /* "Name: value", the last is the Content-Type */
	unsigned header_count;
	char *user, *password;
	char *body;
	size_t body_length;
	bool repeatable;
	bool identity; /* no compressed answer is asked for */
	bool probe;    /* nothing is sent: only whether there is a connection is asked (hold.h) */
	int64_t end;   /* of clock_milliseconds: no try starts later; TRANSFER_NEVER: no limit */
	/* a change that rests on a read: it leaves no later, or it is stale; TRANSFER_NEVER: none
	 */
	int64_t moment;

	/* how it goes; of clock_milliseconds */
	int64_t queued; /* when http_start was called */
	int64_t first;  /* when it was first tried */
	int64_t tried;  /* when it was last tried */
	int64_t flown;  /* how long all tries took */
	int64_t limit;  /* how long the last try may take */
	bool shortened; /* that is the rest of the retry budget, and less than `timeout` */
	int64_t reach;  /* how long it may look for a connection */
	int64_t due;    /* AGAIN: when the next try may start */
	int64_t until;  /* queued: it waits no longer, for END or MOMENT */
	int64_t delay;  /* how long to wait before the next try, as the last answer has it */
	int64_t told;   /* what Retry-After or its like said, HOLD_MAX at most; 0: nothing */
	unsigned tries;
	bool counted;   /* it is one of queue->in_flight */
	bool transient; /* the last try failed in a way that may pass */
	bool unreached; /* it found no connection */
	bool late;      /* its MOMENT passed before its connection stood */

	/* curl's side of the try under way */
	void *easy, *list;
	unsigned passes; /* how often curl was about to send the request in this try */
	int refused;     /* errno for which we ended an answer ourselves, 0: none */
	char curl_words[256];

	struct http_reply reply;
	size_t capacity; /* of reply.body */
};

struct http {
	void *multi; /* curl's; other threads only wake it */
	pthread_t thread;
	void *idle[HTTP_IDLE_MAX]; /* the thread's: easy handles for the next try */
	size_t idle_count;

	pthread_mutex_t lock;   /* guards what follows, the queues and part of each transfer */
	pthread_cond_t settled; /* a transfer has ended, or its waker is done with the call */
	unsigned references;
	bool stopping;
	bool aborts;          /* some flying transfer has its abort set */
	unsigned connections; /* that may be in use: the sum of what the queues may have in flight */
	struct account_queue *queues;
	struct transfer_queue flying;
	const struct transfer *waking; /* the thread is using this one's call */
};

/* Wipe and free; takes http->lock, to give the reference back. */
void transfer_free(struct transfer *transfer);

/* A transfer without a waiter that looks for a connection of LANE. NULL: no memory. */
struct transfer *transfer_probe(struct account_queue *queue);

/* Forget the answer of the last try, before the next one. */
void transfer_reset(struct transfer *transfer);

/* No (whole) answer came: ERROR is a positive errno. Drops what came of it. */
void transfer_fail(struct transfer *transfer, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The read that TRANSFER, which was not sent, rests on is too old. */
void transfer_stale(struct transfer *transfer);

/*
 * LENGTH more bytes of the answer's body, of which the vendor ANNOUNCED so many in all (-1: it did
 * not). Returns 0, -EREMOTEIO (too large) or -ENOMEM.
 */
int transfer_take(struct transfer *transfer, const char *data, size_t length, int64_t announced);

/* Do WORDS hold something that was sent in confidence? */
bool transfer_tells(const struct transfer *transfer, const char *words);

/* The line in the log for a transfer that has ended for good. */
void transfer_log(const struct transfer *transfer);

/*
 * In basis.c: before TRANSFER (with its call) is queued for REQUEST, note what it rests on, by the
 * basis of its call. True: it leaves on the place that was kept; any other one is given up.
 */
bool basis_rest_locked(struct transfer *transfer, const struct http_request *request);

/* A request of the read of BASIS, sent at ASKED, was answered now. */
void basis_answered_locked(struct basis *basis, int64_t asked, int64_t now);

/* TRANSFER is no part of a read any more. */
void basis_leave_locked(struct transfer *transfer);

/* In http_loop.c: give a reference back; the last one frees. */
void http_put(struct http *http);

/* ---- in http.c and http_url.c, which alone know curl; all but http_poke for the thread only ----
 */

/* Set up curl. Returns 0 or -ENOMEM; pair with http_close, after the thread. */
int http_open(struct http *http);
void http_close(struct http *http);

/* Have the thread look at the queues again. Any thread, with or without the lock. */
void http_poke(struct http *http);

/* Let so many CONNECTIONS stay open for the next request. */
void http_keep(struct http *http, unsigned connections);

/* Sleep until a socket, a poke, or MOST milliseconds have passed; move what there is to move. */
void http_sleep(struct http *http, int64_t most);

/* Begin a try of TRANSFER. False: it could not be, its reply says why (http_recall it). */
bool http_launch(struct http *http, struct transfer *transfer);

/* The next transfer whose try is over, its reply filled, out of curl; NULL: none. */
struct transfer *http_landed(struct http *http);

/* Take TRANSFER out of curl: a request in the middle of something loses its connection. */
void http_recall(struct http *http, struct transfer *transfer);

/* "HOST port PORT" of URL, for words, and whether it is https. */
void http_where(const char *url, bool *secure, char *where, size_t size);

#endif

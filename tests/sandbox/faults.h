/* SPDX-License-Identifier: Apache-2.0 */
/*
 * faults: what tests ordered to go wrong, waiting for the requests that they name.
 *
 * Thread-safe, never blocks. One leaf lock.
 */
#ifndef SANDBOX_FAULTS_H
#define SANDBOX_FAULTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "http.h"

enum fault_kind {
	FAULT_NONE,
	/* Carried out by server.c, with `after` once the vendor has handled the request. */
	FAULT_STATUS,
	FAULT_STALL,
	FAULT_DROP,
	FAULT_HTML,
	FAULT_NOT_JSON,
	FAULT_NO_BODY,
	FAULT_SLOW,
	FAULT_TRUNCATE,
	/* Carried out by the vendor, which ignores those that have no sense for the request. */
	FAULT_REPEAT_PAGE,
	FAULT_IGNORE_PAGING,
	FAULT_SHORT_PAGE,
	FAULT_DUPLICATE_ROW,
	FAULT_MOVE_ROWS,
	FAULT_WRONG_TOTAL,
	FAULT_NOT_APPLIED,
	FAULT_NORMALISE,
	FAULT_WRONG_USER,
	FAULT_STALE,
	/* Carried out by errand.c: the request is applied later, and gets no answer; someone else
	 * changes something when the request comes. The latter goes along with another fault. */
	FAULT_LATE,
	FAULT_COLLEAGUE,
	/* Carried out by server.c; without a filter it is a switch like the next one. */
	FAULT_EXPIRE_TOKENS,
	/* A switch, not a fault that waits: faults_add hands it back to its caller. */
	FAULT_ETAG
};

struct fault {
	enum fault_kind kind;
	bool after;
	unsigned status;
	long ms;
	char *body;              /* NULL if none was given */
	char *target;            /* of FAULT_COLLEAGUE: the path below "/__sandbox/" */
	char *change;            /* of FAULT_COLLEAGUE: the method; NULL: PATCH */
	char *retry_after;       /* header values; NULL: not sent */
	char *limit_retry_after; /* X-RateLimit-Retry-After */
	char *limit_remaining;   /* X-RateLimit-Remaining */
	char *limit_reset;       /* X-RateLimit-Reset */
	const char *name;        /* a literal, for the journal; NULL with FAULT_NONE */
};

struct faults;

struct faults *faults_new(void);
void faults_free(struct faults *faults);

/* Adds an order at the end of the list; false with words in why if it can't be understood. kind
 * tells what the caller must carry out at once; FAULT_NONE: the order waits for its request. */
bool faults_add(struct faults *faults, json_t *order, enum fault_kind *kind, char *why,
		size_t why_size);
void faults_clear(struct faults *faults);

/* The first waiting order that fits the request, used up once; kind FAULT_NONE if none does. The
 * caller gives the copy to fault_free. */
struct fault faults_take(struct faults *faults, const struct request *request);
void fault_free(struct fault *fault);

#define FAULT_COMPANIONS 8

/* In the same way those waiting orders that fit the request and go along with another: up to
 * FAULT_COMPANIONS, in their order. Returns how many. */
size_t faults_take_companions(struct faults *faults, const struct request *request,
			      struct fault companions[FAULT_COMPANIONS]);

#endif

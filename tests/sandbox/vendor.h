/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vendor: what the server asks of each simulated vendor. A vendor is one file (or a few) that fills
 * in this table, and one line in main.c.
 *
 * All functions are called from many threads at once and must not block but for their own short
 * locks: latency, stalls and broken answers are the server's work.
 */
#ifndef SANDBOX_VENDOR_H
#define SANDBOX_VENDOR_H

#include <stdbool.h>

#include "faults.h"
#include "http.h"

struct vendor {
	const char *name;
	/* The literal under which the request is counted, such as "/user/{id}"; NULL: not this
	 * vendor's path. */
	const char *(*route)(const void *self, const struct request *request);
	/* Whether one of the vendor's secrets stands in the URL. */
	bool (*leaks)(const void *self, const struct request *request);
	/* Which key the request has: "own", that of the start, "other", that of the setting
	 * other_key; or NULL. NULL: the vendor does not tell. */
	const char *(*key)(const void *self, const struct request *request);
	/* Whether the request costs nothing where requests are limited; NULL: none does. */
	bool (*unlimited)(const void *self, const struct request *request);
	/* Answers, strictly; applies the fault if it is one of the vendor's kinds. */
	void (*answer)(void *self, const struct request *request, const struct fault *fault,
		       struct reply *reply);
	/* An error that has nothing to do with the vendor's data, in the vendor's shape. NULL: the
	 * server's own, which is Partnerize's. */
	void (*error)(void *self, struct reply *reply, unsigned status, const char *words);
	/* A change made by someone else at the vendor, or a look at what is stored, ordered at the
	 * control endpoint: below is the path after "/__sandbox/". False: not for this vendor. */
	bool (*colleague)(void *self, const struct request *request, const char *below,
			  struct reply *reply);
	void (*free)(void *self);
};

/* One running vendor. */
struct vendor_run {
	const struct vendor *vendor;
	void *self;
};

#endif

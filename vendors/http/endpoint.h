/* SPDX-License-Identifier: Apache-2.0 */
/*
 * endpoint.h - where requests go, and how many and how long: all that vendors/http knows of an
 * account of a vendor.
 *
 * The owner fills in an endpoint before http_add, and keeps it until http_free. Only what is atomic
 * may change in between.
 */
#ifndef ROSTERFS_ENDPOINT_H
#define ROSTERFS_ENDPOINT_H

#include <stdatomic.h>
#include <stdbool.h>

struct account_queue;
struct http_reply;
struct permit;

struct endpoint {
	const char *name;         /* for the log; borrowed */
	char *base_url;           /* owned; without a slash at its end; NULL: no API */
	char *ca_file;            /* of the account: certificates of the authorities to trust; NULL:
				     the system's, or those of SSL_CERT_FILE */
	unsigned parallel;        /* maximum number of requests in flight */
	atomic_uint timeout;      /* seconds for one request */
	atomic_uint retry_budget; /* seconds of retries without progress */
	struct account_queue *queue; /* set by http_add, which owns it; NULL before that */
	struct permit *permit;       /* set by http_permit_set; NULL: all that PARALLEL allows */
	/*
	 * What the vendor's table says of a response, from its status, headers and body. NULL: what
	 * HTTP says. The thread of http_loop.c calls these: they are quick, and take no lock.
	 */
	const void *rules; /* for them */
	/* Return true if REPLY means the same as 429. */
	bool (*is_limited)(const struct endpoint *endpoint, const struct http_reply *reply);
	/* Return how long REPLY asks to wait, as Retry-After has it, or NULL. The caller frees. */
	char *(*wait_asked)(const struct endpoint *endpoint, const struct http_reply *reply);
};

#endif

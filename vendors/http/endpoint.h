/* SPDX-License-Identifier: Apache-2.0 */
/*
 * endpoint.h - where requests go, and how many and how long: all that vendors/http knows of an
 * account of a vendor.
 *
 * The owner fills in an endpoint before http_add, and keeps it until http_free. The fields do not
 * change in between.
 */
#ifndef ROSTERFS_ENDPOINT_H
#define ROSTERFS_ENDPOINT_H

struct account_queue;

struct endpoint {
	const char *name;            /* for the log; borrowed */
	char *base_url;              /* owned; without a slash at its end; NULL: no API */
	unsigned parallel;           /* maximum number of requests in flight */
	unsigned timeout;            /* seconds for one request */
	unsigned retry_budget;       /* seconds of retries without progress */
	struct account_queue *queue; /* set by http_add, which owns it; NULL before that */
};

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * observer.h - sees the requests of an account before they are sent, and may hold back those that
 * change something.
 *
 * For --explain. An account has none while it is mounted.
 */
#ifndef ROSTERFS_OBSERVER_H
#define ROSTERFS_OBSERVER_H

#include <stdbool.h>

struct account;
struct http_request;

struct observer {
	/*
	 * REQUEST of ACCOUNT is about to be sent; it has no proof of identity yet. Return false to
	 * hold it back: it then fails as one that was certainly not sent. Called from the thread
	 * that asks.
	 */
	bool (*sees)(struct observer *observer, struct account *account,
		     const struct http_request *request);
};

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * etag: entity tags as vendors and the proxies before them send and check them.
 *
 * Thread-safe; none of these blocks.
 */
#ifndef SANDBOX_ETAG_H
#define SANDBOX_ETAG_H

#include "http.h"
#include "settings.h"

enum etag_verdict { ETAG_PASSES, ETAG_MISSING, ETAG_OTHER };

/* Adds the tag of that version to the answer of a GET, if the settings want one. */
void etag_send(const struct settings_values *settings, const struct request *request,
	       unsigned version, struct reply *reply);
/* Whether a PUT over that version may pass; all others are 412. */
enum etag_verdict etag_check(const struct settings_values *settings, const struct request *request,
			     unsigned version);

#endif

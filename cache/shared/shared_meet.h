/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shared_meet.h - the client of the server, and the first contact with it: its time, and whether
 * the others who use it have the same key.
 *
 * The first mount leaves a mark, a sealed value with a name that all know. A mount that cannot open
 * it has another key, or another version: it shares nothing with the others, and says so.
 */
#ifndef ROSTERFS_SHARED_MEET_H
#define ROSTERFS_SHARED_MEET_H

#include "cache/shared/shared.h"
#include "cache/store/shared_state.h"

/* Create the client of the server in SETTINGS. Returns 0 or a negative errno with words in WHY. */
int shared_client(const struct shared_settings *settings, struct redis **redis, char *why,
		  size_t why_size);

/* Ask the server for its time, and look at the mark, unless both were done. Logs a mark that does
 * not open. Waits only if it asks: REDIS_DEADLINE at most. Nothing while the server is down. */
void shared_meet(struct shared *shared);

/* The same, also if both were done: the server may be another one. */
void shared_meet_again(struct shared *shared);

/* Look at the mark, and LEAVE one if there is none. Returns 0; -EBADMSG or -EPROTONOSUPPORT: as
 * seal_open; or a negative errno of redis_ask. Waits. */
int shared_mark(struct redis *redis, struct seal *seal, bool leave);

/* What shared->met is. */
enum { SHARED_UNMET, SHARED_MET, SHARED_STRANGERS };

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * journal: which requests came, for tests that count them.
 *
 * Thread-safe, never blocks. One leaf lock. Passwords never enter it.
 */
#ifndef SANDBOX_JOURNAL_H
#define SANDBOX_JOURNAL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "http.h"

struct journal;

struct journal *journal_new(void);
void journal_free(struct journal *journal);

/* A request arrived: it is in flight until journal_end is given the number returned here. route is
 * what it is counted under, a literal such as "/user/{id}"; leak tells that a key stood in the URL;
 * key is a literal that tells which one it has, or NULL.
 */
unsigned long journal_begin(struct journal *journal, const struct request *request,
			    const char *route, bool leak, const char *key);
/* Right before the answer leaves, so that a client that asks again at once is never seen as two.
 * status 0: it got no answer. fault is a literal or NULL. */
void journal_end(struct journal *journal, unsigned long number, unsigned status, const char *fault);

/* The request will be applied later: its state is "pending", until journal_applied tells what the
 * vendor would have answered: then it is "applied", or "refused". */
void journal_pending(struct journal *journal, unsigned long number);
void journal_applied(struct journal *journal, unsigned long number, unsigned status);

/* A colleague's change that was ordered for the request was made, or was not, by the status. */
void journal_colleague(struct journal *journal, unsigned long number, unsigned status);

/* The request waits until a test lets it go: what its fault wants to come before that is done. From
 * then until journal_end it is held. */
void journal_hold(struct journal *journal, unsigned long number);

/* A connection sent its first vendor request. */
void journal_connection(struct journal *journal);

/* gate_now_us() of the moment from which the journal's times count. */
int64_t journal_started(const struct journal *journal);

/* New references. */
json_t *journal_list(struct journal *journal);
json_t *journal_counts(struct journal *journal);

/* Forgets entries and counts; requests in flight stay in flight. */
void journal_clear(struct journal *journal);

#endif

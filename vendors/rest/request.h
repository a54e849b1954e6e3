/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request.h - one request of a vendor's table, made from its rule and the values at hand.
 *
 * exchange.h sends it. What is in a rule (vendors/rules.h) and not here: paging (page.c), which
 * status request applies (status_request.c), what a token is kept for (login.c).
 */
#ifndef ROSTERFS_REQUEST_H
#define ROSTERFS_REQUEST_H

#include "vendors/http/http.h"

#include <jansson.h>
#include <stdbool.h>

struct account;
struct call;
struct rule_request;

/* What the placeholders of a request stand for. All borrowed; NULL: there is no such value. */
struct request_values {
	const char *id;        /* {id}: the id in paths */
	const json_t *own_id;  /* {id} as a bare placeholder, as the vendor writes it */
	const char *parent;    /* {parent} */
	const char *member;    /* {member} */
	const char *email;     /* {email} */
	const json_t *changes; /* {changes}, {changes/P} */
	const json_t *record;  /* {record}, {record/P} */
	const json_t *shown;   /* {/P}: the record as the vendor shows it */
	const char *page, *offset, *cursor, *size; /* of a list */
	const json_t *each;                        /* {each} */
};

/* A request, and what it owns. */
struct request {
	struct http_request http;
	const struct rule_request *rule;   /* the one that was made: it, or its alternative */
	char *owned[HTTP_HEADERS_MAX + 3]; /* of vault.h */
	unsigned owned_count;
};

/*
 * Make REQUEST from RULE, for ACCOUNT, with VALUES: method, path, body, headers of the rule and of
 * its api. The proof of identity is exchange_prepare's work. Where an alternative has proved right
 * (account->alternatives), that is made. A secret in the path fails, unless the account has
 * secret_in_url. Only a GET is `repeatable`: the caller sets that for others that only read.
 * Returns 0, or a negative errno with words in CALL; pair with request_clear in any case. Waits
 * only if the request has a part that the response with the token brings ([token] save.NAME), and
 * there is no token yet.
 */
int request_make(struct call *call, struct account *account, const struct rule_request *rule,
		 const struct request_values *values, struct request *request);

/* Wipe and free what REQUEST owns. */
void request_clear(struct request *request);

/* Return RULE, or its alternative if that has proved right for ACCOUNT. */
const struct rule_request *request_choose(const struct account *account,
					  const struct rule_request *rule);

/* Note that the alternative of RULE has worked for ACCOUNT. */
void request_prefer_alternative(struct account *account, const struct rule_request *rule);

#endif

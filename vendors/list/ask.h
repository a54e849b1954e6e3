/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask.h - the request for one page of a list. For pager.c, list.c and row.c.
 */
#ifndef ROSTERFS_ASK_H
#define ROSTERFS_ASK_H

#include "vendors/list/walk.h"
#include "vendors/rest/request.h"

#include <stdbool.h>

struct account;
struct call;
struct collection;
struct endpoint;
struct value;

/* A page, and whose. All borrowed. */
struct ask {
	const struct collection *collection;
	const char *parent;       /* the record above, or NULL */
	const struct value *each; /* the value of {each}, or NULL */
	struct walk_ask page;
	bool alternative; /* in place of the request, the one that is tried after a 405 */
};

/*
 * Make REQUEST, which only reads and is repeatable, for ACCOUNT. Returns 0, or a negative errno
 * with words in CALL; pair with request_clear in any case. The strings of ASK must live as long.
 * Does not wait.
 */
int ask_make(struct call *call, struct account *account, const struct ask *ask,
	     struct request *request);

/* Return the rule for page NUMBER (from 0) of COLLECTION, or NULL: it has none. */
const struct rule_request *ask_rule(const struct collection *collection, size_t number);

/* Return the endpoint of ACCOUNT that COLLECTION is listed at. */
struct endpoint *ask_endpoint(struct account *account, const struct collection *collection);

/* Return true if a request for a page of COLLECTION says how many rows it asks for. */
bool ask_names_size(const struct collection *collection);

#endif

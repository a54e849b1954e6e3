/* SPDX-License-Identifier: Apache-2.0 */
/*
 * item_answer.h - what the response to a change of a record proves.
 *
 * For item.c, item_rule.c and status_request.c. Nothing here waits.
 */
#ifndef ROSTERFS_ITEM_ANSWER_H
#define ROSTERFS_ITEM_ANSWER_H

#include "vendors/vendor.h"

#include <jansson.h>
#include <stddef.h>

struct account;
struct call;
struct http_reply;

/* Return what REPLY to a change proves. ERROR is what exchange made of it. */
enum vendor_outcome item_answer_judge(const struct http_reply *reply, int error);

/*
 * Put the record in REPLY, a success, into *ANSWER, if there is one. It proves nothing about record
 * ID (NULL: a new one) if it is another record, or if an error is beside it: then it counts as
 * none, and call->said has the words. Returns the outcome of the change.
 */
enum vendor_outcome item_answer_take(struct call *call, struct account *account,
				     const struct collection *collection, const char *id,
				     const struct http_reply *reply, json_t **answer);

/*
 * Check that FOUND is the record with ID. Returns 0, or -EREMOTEIO with words if it has another id,
 * or none.
 */
int item_answer_check(struct call *call, const struct collection *collection, const json_t *found,
		      const char *id);

/*
 * Check that RECORD, of a response of LENGTH bytes, is not too large for a file. Returns 0, or
 * -EREMOTEIO with words.
 */
int item_answer_check_size(struct call *call, const json_t *record, size_t length);

/* Redact the values of BODY that are never shown: a vendor may quote a password that it refuses. */
void item_answer_redact(struct call *call, const struct collection *collection, const json_t *body);

#endif

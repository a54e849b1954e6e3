/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status_request.h - a status that is written by requests of its own (suspend, unblock).
 */
#ifndef ROSTERFS_STATUS_REQUEST_H
#define ROSTERFS_STATUS_REQUEST_H

#include "vendors/vendor.h"

#include <jansson.h>

struct account;
struct call;
struct rule_status_request;

/*
 * Return the first request of COLLECTION's table that makes RECORD WORD ("active", "inactive") and
 * whose `from` has the status that RECORD shows. NULL: CALL has failed, with EOPNOTSUPP: no request
 * leads from there to WORD; or the request is a DELETE that ACCOUNT does not allow as a
 * deactivation.
 */
const struct rule_status_request *status_request_find(struct call *call,
						      const struct account *account,
						      const struct collection *collection,
						      const json_t *record, const char *word);

/*
 * Send it for record ID. RECORD is the record as the vendor shows it (call->basis->record). As
 * item_put: outcome, call->basis and *ANSWER. May wait.
 */
enum vendor_outcome status_request_send(struct call *call, struct account *account,
					const struct collection *collection, const char *parent,
					const char *id, const json_t *record,
					const struct rule_status_request *request, json_t **answer);

#endif

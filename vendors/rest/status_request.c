/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status_request.c - see status_request.h.
 *
 * Chooses by the status that the vendor shows, because a state machine refuses the wrong request,
 * and because a request from the wrong state may do something else: a second DELETE deletes. It
 * must not know who may change a status.
 */
#include "vendors/rest/status_request.h"

#include "vendors/base/call.h"
#include "vendors/base/status_words.h"
#include "vendors/http/basis.h"
#include "vendors/json/pointer.h"
#include "vendors/rest/account.h"
#include "vendors/rest/collection.h"
#include "vendors/rest/item_rule.h"
#include "vendors/rest/payload.h"
#include "vendors/rest/request.h"
#include "vendors/rest/status_map.h"

#include <string.h>

/* Return true if ACCOUNT lets a request that really deletes stand for a deactivation. */
static bool may_delete(const struct account *account)
{
	return account->delete_deactivates || (account->allow_delete && account->inactive_deletes);
}

static const struct rule_status_request *fail_deletes(struct call *call,
						      const struct account *account)
{
	call_fail(call, CALL_UNSUPPORTED,
		  "the vendor's API can only delete this user, which can't be undone; nothing was "
		  "sent; if that is what inactive is to mean, say allow_delete = yes and "
		  "inactive_deletes = yes in section [%s]",
		  account->name);
	return NULL;
}

const struct rule_status_request *status_request_find(struct call *call,
						      const struct account *account,
						      const struct collection *collection,
						      const json_t *record, const char *word)
{
	bool active = strcmp(word, STATUS_ACTIVE) == 0;
	const struct rule_status *status = collection->status;
	const struct rule_status_request *request = status ? (active ? status->activate
								     : status->deactivate)
							   : NULL;
	const json_t *now = status ? pointer_get(record, status->path) : NULL;
	char buffer[STATUS_MAP_MAX];
	const char *shown = status_map_word(collection, record, buffer);

	for (; request && request->name; request++) {
		if (request->from && !value_is_one_of(request->from, now))
			continue;
		return request->deletes && !may_delete(account) ? fail_deletes(call, account)
								: request;
	}
	call_fail(call, CALL_UNSUPPORTED,
		  "the vendor's API cannot make a user %s whose status is %s; nothing was sent",
		  word, shown ? shown : "unknown");
	return NULL;
}

enum vendor_outcome status_request_send(struct call *call, struct account *account,
					const struct collection *collection, const char *parent,
					const char *id, const json_t *record,
					const struct rule_status_request *request, json_t **answer)
{
	const json_t *shown = call->basis && call->basis->raw ? call->basis->raw : record;
	struct item_rule_id own;
	struct request_values values;
	const struct item_rule_change change = {.collection = collection,
						.rule = &request->request,
						.values = &values,
						.id = id,
						.rests = call->basis != NULL};

	enum vendor_outcome outcome;
	struct payload payload;

	/* nothing in it is changed, and it has no more than a document has */
	if (payload_update(call, collection, shown, record, false, &payload))
		return VENDOR_REFUSED;
	item_rule_own_id(collection, shown, id, &own);
	values = (struct request_values){.id = own.path,
					 .own_id = own.json,
					 .parent = parent,
					 .changes = payload.record,
					 .record = payload.record,
					 .shown = payload.shown};
	outcome = item_rule_send(call, account, &change, answer);
	payload_clear(&payload);
	return outcome;
}

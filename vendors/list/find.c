/* SPDX-License-Identifier: Apache-2.0 */
/*
 * find.c - see find.h.
 */
#include "vendors/list/find.h"

#include "vendors/base/address.h"
#include "vendors/base/call.h"
#include "vendors/http/http.h"
#include "vendors/list/rows.h"
#include "vendors/rest/collection.h"
#include "vendors/rest/exchange.h"
#include "vendors/rest/request.h"
#include "vendors/vendor.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The rows with one email. */
struct finding {
	const struct collection *collection;
	char *key; /* of the email */
	char *id;  /* of the first row with it */
	bool several;
};

static int find_visit(json_t *row, void *arg)
{
	struct finding *finding = arg;
	json_t *record = rows_record(finding->collection, row);
	const char *email = record ? collection_email(finding->collection, record) : NULL;
	char *key = email ? address_key(email) : NULL;
	char buffer[COLLECTION_ID_MAX];
	const char *id = record ? collection_id(finding->collection, record, buffer) : NULL;

	if (id && key && strcmp(key, finding->key) == 0) {
		finding->several = finding->id && strcmp(finding->id, id) != 0;
		if (!finding->id)
			finding->id = strdup(id);
	}
	free(key);
	return finding->several;
}

/* Return the JSON in the response to the `find` of COLLECTION for EMAIL, new, or NULL. */
static json_t *find_ask(struct call *call, struct account *account,
			const struct collection *collection, const char *email)
{
	const struct request_values values = {.email = email};
	struct http_reply reply = {0};
	struct request request;
	json_t *answer = NULL;

	if (!request_make(call, account, collection->find, &values, &request)) {
		request.http.repeatable = false;
		request.http.reads = true;
		if (!exchange(call, account, EXCHANGE_LIST, &request.http, &reply))
			answer = exchange_json(call, account, &reply);
	}
	request_clear(&request);
	http_reply_clear(&reply);
	return answer;
}

char *find_email(struct call *call, struct account *account, const struct collection *collection,
		 const char *email)
{
	struct finding finding = {.collection = collection};
	json_t *answer;
	struct call look;
	struct rows rows;

	if (!collection->find)
		return NULL;
	finding.key = address_key(email);
	call_continue(&look, call);
	answer = finding.key ? find_ask(&look, account, collection, email) : NULL;
	call_destroy(&look);
	if (answer) {
		rows = rows_find_at(collection, collection->find_rows, answer);
		rows_each(&rows, find_visit, &finding);
	}
	json_decref(answer);
	free(finding.key);
	if (!finding.several)
		return finding.id;
	free(finding.id);
	return NULL;
}

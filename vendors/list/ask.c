/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask.c - see ask.h.
 *
 * The one place that knows how "the page from row 200 on" is written as a request. It must not know
 * which page comes next, nor what a response means.
 */
#include "vendors/list/ask.h"

#include "vendors/base/call.h"
#include "vendors/base/vault.h"
#include "vendors/http/endpoint.h"
#include "vendors/rest/account.h"
#include "vendors/rest/collection.h"
#include "vendors/template/template.h"
#include "vendors/vendor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The names of the two parameters, escaped, of a list that list_path describes. */
static const char *const parameters[][2] = {
    [PAGING_NUMBER] = {"page", "count"},
    [PAGING_OFFSET] = {"offset", "limit"},
    [PAGING_BRACKETS] = {"page%5Boffset%5D", "page%5Blimit%5D"},
    [PAGING_NONE] = {NULL, NULL},
};

/* Return "/user?page=2&count=100", which the caller frees, or NULL without memory. */
static char *path_of(const struct account *account, const struct ask *ask)
{
	const char *const *names = parameters[ask->collection->paging(account)];
	char *base = collection_path(ask->collection, ask->parent, NULL);
	char *path = NULL;

	if (!names[0])
		return base;
	if (base && asprintf(&path, "%s%c%s=%zu&%s=%zu", base, strchr(base, '?') ? '&' : '?',
			     names[0], ask->page.start, names[1], ask->page.size) < 0)
		path = NULL;
	free(base);
	return path;
}

const struct rule_request *ask_rule(const struct collection *collection, size_t number)
{
	const struct rule_list *listing = collection->listing;

	if (!listing)
		return NULL;
	return number && listing->next ? listing->next : listing->first;
}

/* The path of REQUEST has what the vendor named: if that repeats a secret, show none. */
static int hide_secrets(struct call *call, const struct account *account, struct request *request)
{
	char *shown = vault_copy(request->http.shown ? request->http.shown : request->http.path);

	if (!shown)
		return call_no_memory(call);
	account_redact(account, shown);
	request->owned[request->owned_count++] = shown;
	request->http.shown = shown;
	return 0;
}

/* Make REQUEST by the rules of the list. */
static int make_by_rule(struct call *call, struct account *account, const struct ask *ask,
			struct request *request)
{
	const struct rule_list *listing = ask->collection->listing;
	enum paging paging = ask->collection->paging(account);
	struct request_values values = {.parent = ask->parent};
	const struct rule_request *rule = ask_rule(ask->collection, ask->page.page);
	json_t *each = ask->each ? value_json(ask->each) : NULL;
	char start[24], size[24];
	int error;

	/* the first page has number 1 in a walk, the first row offset 0 */
	snprintf(start, sizeof(start), "%lld",
		 (long long)ask->page.start - (paging == PAGING_NUMBER) + listing->start);
	snprintf(size, sizeof(size), "%zu", ask->page.size);
	if (paging == PAGING_NUMBER)
		values.page = start;
	else if (paging == PAGING_OFFSET)
		values.offset = start;
	if (paging == PAGING_CURSOR)
		values.cursor = ask->page.next;
	if (ask->collection->page_size)
		values.size = size;
	values.each = each;
	if (ask->alternative && rule->alternative)
		rule = rule->alternative;
	error = request_make(call, account, rule, &values, request);
	json_decref(each);
	if (!error && paging == PAGING_URL && ask->page.next) {
		/* the URL has all that the request said, except its headers */
		request->http.method = "GET";
		request->http.path = ask->page.next;
		request->http.from_origin = true;
		request->http.shown = NULL;
		request->http.body = NULL;
		request->http.body_length = 0;
		request->http.content_type = NULL;
	}
	return error || !ask->page.next ? error : hide_secrets(call, account, request);
}

int ask_make(struct call *call, struct account *account, const struct ask *ask,
	     struct request *request)
{
	int error = 0;

	*request = (struct request){.http = {.method = "GET"}};
	if (ask->collection->listing) {
		error = make_by_rule(call, account, ask, request);
	} else {
		request->owned[0] = vault_take(path_of(account, ask));
		request->http.path = request->owned[0];
		request->owned_count = 1;
		if (!request->owned[0])
			error = call_no_memory(call);
	}
	request->http.repeatable = request->http.reads = true;
	return error;
}

struct endpoint *ask_endpoint(struct account *account, const struct collection *collection)
{
	unsigned api = collection->listing ? collection->listing->first->api : 0;

	return api ? &account->others[api - 1] : &account->endpoint;
}

bool ask_names_size(const struct collection *collection)
{
	/* it is the further pages whose size matters */
	const struct rule_request *rule = ask_rule(collection, 1);

	if (!rule)
		return true;
	return template_has(rule->path, "size") || template_has(rule->body, "size");
}

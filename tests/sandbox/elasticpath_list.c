/* SPDX-License-Identifier: Apache-2.0 */
/*
 * elasticpath_list: pages of objects, with what Elastic Path puts around them.
 *
 * The guide's lists have `data` and `meta.page`; the documents' have also `meta.results`, links,
 * and `included`, an object of arrays. Rows are copied as text where they can be.
 *
 * It must not know how rows are chosen.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "document.h"
#include "elasticpath_parts.h"
#include "moment.h"

#define LIMIT_MOST 100

static const char sorts_all[] = " created_at email id name updated_at ";
static const char sorts_few[] = " created_at id updated_at ";
#define ORDERED(field) "gt:" field " ge:" field " lt:" field " le:" field " "
#define TIMES " " ORDERED("created_at") ORDERED("updated_at")
#define NULLS "is_null:legal_name is_null:registration_id is_null:external_ref is_null:parent_id "
#define ACCOUNT_FILTERS                                                                            \
	TIMES NULLS "eq:id " ORDERED("id") "eq:name like:name eq:legal_name like:legal_name "      \
					   "eq:registration_id like:registration_id "              \
					   "eq:external_ref like:external_ref "
#define INFO_FILTERS TIMES "eq:email ilike:email eq:name ilike:name "

static const struct ep_listing members = {EP_MEMBER,
					  {" eq:email like:email eq:name like:name ",
					   " ilike:email ilike:name "},
					  sorts_all,
					  NULL,
					  false};
static const struct ep_listing infos = {EP_INFO,
					{INFO_FILTERS, INFO_FILTERS},
					sorts_all,
					NULL,
					false};
static const struct ep_listing accounts = {EP_ACCOUNT,
					   {ACCOUNT_FILTERS, ACCOUNT_FILTERS},
					   " created_at id name updated_at ",
					   NULL,
					   false};
static const struct ep_listing memberships = {EP_MEMBERSHIP,
					      {" ", TIMES ORDERED("id") "eq:account_member_id "},
					      sorts_few,
					      "account_member",
					      true};
static const struct ep_listing own_memberships = {EP_MEMBERSHIP,
						  {" ", TIMES ORDERED("id")},
						  sorts_few,
						  "account",
						  true};
static const struct ep_listing realms = {EP_REALM, {" ", " "}, sorts_few, NULL, false};
static const struct ep_listing profiles = {EP_PROFILE, {" ", " "}, sorts_few, NULL, false};

struct page {
	size_t limit, from, rows, total;
};

/* A number from the query; false if it is something else. */
static bool number_arg(const struct request *request, const char *name, size_t least,
		       size_t *number)
{
	const char *digits = request_arg(request, name);
	if (!digits)
		return true;
	size_t len = strspn(digits, "0123456789");
	if (len == 0 || len > 9 || digits[len])
		return false;
	*number = strtoul(digits, NULL, 10);
	return *number >= least;
}

/* False with the reply set. */
static bool read_page(struct ep_ask *ask, struct page *page)
{
	struct settings_values settings = settings_get(ask->ep->options.settings);
	*page = (struct page){.limit = 25};
	const char *why = NULL;
	if (!number_arg(ask->request, "page[limit]", 1, &page->limit) ||
	    !number_arg(ask->request, "page[offset]", 0, &page->from))
		why = "page[limit] and page[offset] must be numbers.";
	else if (page->limit > LIMIT_MOST && settings.limit_refused)
		why = "page[limit] must not be greater than 100.";
	else if (page->from > (size_t)settings.offset_ceiling)
		why = "page[offset] is beyond the most that is allowed.";
	if (why)
		ep_error(ask->ep, ask->reply, 400, "Bad Request", "%s", why);
	if (page->limit > LIMIT_MOST)
		page->limit = LIMIT_MOST;
	if (page->limit > (size_t)settings.page_cap)
		page->limit = (size_t)settings.page_cap;
	return !why;
}

/* Changes what is stored, as the fault says: before rows are looked at. */
static void move_rows_locked(struct ep_ask *ask, struct ep_rows *rows, struct store *store)
{
	struct elasticpath *ep = ask->ep;
	if (ask->fault->kind != FAULT_MOVE_ROWS || !store || !store_count_locked(store))
		return;
	struct store_times times = ep->times;
	moment_leave_locked(&ep->times);
	struct record *first = store_at_locked(store, 0);
	if (!ask->fault->body || strcmp(ask->fault->body, "delete") != 0)
		store_rotate_locked(store);
	else if (store == ep->members)
		ep_remove_member_locked(ep, first);
	else if (store == ep->accounts)
		ep_remove_account_locked(ep, first);
	else
		ep_remove_locked(ep, store, first);
	ep->changes++;
	ep->times = times;
	rows->count = store_count_locked(store);
}

static void page_fault(const struct fault *fault, struct page *page)
{
	if (fault->kind == FAULT_REPEAT_PAGE || fault->kind == FAULT_IGNORE_PAGING)
		page->from = 0;
	page->rows = page->from < page->total ? page->total - page->from : 0;
	if (page->rows > page->limit && fault->kind != FAULT_IGNORE_PAGING)
		page->rows = page->limit;
	if (fault->kind == FAULT_SHORT_PAGE)
		page->rows /= 2;
}

/* The account is told in a list of a member's memberships alone: the guide shows no such field. */
static size_t guide_membership_len(const struct ep_ask *ask, const struct record *record)
{
	struct text tail = {0};
	text_str(&tail, ",\"account_id\":");
	document_add_string(&tail, ask->id[0]);
	text_str(&tail, "}");
	size_t len = record_len(record);
	if (len > tail.len &&
	    memcmp(record_text(record) + len - tail.len, tail.data, tail.len) == 0)
		len -= tail.len;
	text_free(&tail);
	return len;
}

static void add_object(const struct ep_ask *ask, json_t *object)
{
	if (!ep_stamped(ask->ep))
		ep_unstamp(object);
	char *text = document_text(object, false);
	text_str(&ask->reply->body, text);
	free(text);
}

static void add_record(const struct ep_ask *ask, const struct record *record)
{
	if (ep_stamped(ask->ep)) {
		text_add(&ask->reply->body, record_text(record), record_len(record));
	} else {
		json_t *object = ep_parse(record);
		add_object(ask, object);
		json_decref(object);
	}
}

static void add_row(const struct ep_ask *ask, const struct ep_listing *listing,
		    const struct record *record)
{
	if (listing->kind == EP_INFO) {
		json_t *member = ep_parse(record);
		json_t *info = ep_info(ask->ep, member);
		add_object(ask, info);
		json_decref(info);
		json_decref(member);
		return;
	}
	if (ep_is_shaped(ask->ep, listing->kind)) {
		json_t *profile = ep_parse(record);
		ep_shape_profile(ask->ep, profile);
		add_object(ask, profile);
		json_decref(profile);
		return;
	}
	if (listing->kind == EP_MEMBERSHIP && ep_documents(ask->ep)) {
		json_t *membership = ep_parse(record);
		ep_tell_one_side(membership, listing == &own_memberships);
		add_object(ask, membership);
		json_decref(membership);
		return;
	}
	if (listing != &memberships) {
		add_record(ask, record);
		return;
	}
	/* These have no times. */
	struct text *body = &ask->reply->body;
	size_t len = guide_membership_len(ask, record);
	text_add(body, record_text(record), len);
	if (len != record_len(record))
		text_str(body, "}");
}

static void add_rows_locked(const struct ep_ask *ask, const struct ep_listing *listing,
			    const struct ep_rows *rows, const struct page *page)
{
	for (size_t i = 0; i < page->rows; i++) {
		bool again = ask->fault->kind == FAULT_DUPLICATE_ROW && i == page->rows - 1;
		if (i)
			text_add(&ask->reply->body, ",", 1);
		add_row(ask, listing, ep_row(rows, page->from + (again ? 0 : i)));
	}
}

/* The id that stands in relationships, NULL if there is none; borrowed. */
static const char *related_id(const json_t *object, const char *type)
{
	const json_t *at = json_object_get(object, "relationships");
	at = json_object_get(json_object_get(at, type), "data");
	return json_string_value(json_object_get(at, "id"));
}

/* ,"included":{"account_members":[...]}, or nothing where nothing fits. */
static void add_included_locked(const struct ep_ask *ask, const struct ep_listing *listing,
				const struct ep_rows *rows, const struct page *page)
{
	const char *wanted = request_arg(ask->request, "include");
	if (!ep_documents(ask->ep) || !wanted || !listing->include ||
	    strcmp(wanted, listing->include) != 0)
		return;
	bool people = strcmp(wanted, "account_member") == 0;
	const struct store *store = people ? ask->ep->members : ask->ep->accounts;
	struct text *body = &ask->reply->body;
	bool any = false;
	for (size_t i = 0; i < page->rows; i++) {
		json_t *membership = ep_parse(ep_row(rows, page->from + i));
		const char *id = related_id(membership, wanted);
		const struct record *record = id ? store_find_locked(store, id) : NULL;
		json_decref(membership);
		if (!record)
			continue;
		text_fmt(body, "%s",
			 any      ? ","
			 : people ? ",\"included\":{\"account_members\":["
				  : ",\"included\":{\"accounts\":[");
		add_record(ask, record);
		any = true;
	}
	if (any)
		text_str(body, "]}");
}

/* The query without its paging, each part with a leading `&`. */
static void add_other_args(struct text *url, const char *query)
{
	while (*query) {
		size_t len = strcspn(query, "&");
		if (len && strncmp(query, "page[", 5) != 0 &&
		    strncasecmp(query, "page%5B", 7) != 0) {
			text_str(url, "&");
			text_add(url, query, len);
		}
		query += len + (query[len] ? 1 : 0);
	}
}

static void add_link(const struct ep_ask *ask, const char *name, bool there, size_t limit,
		     size_t offset, const char *nowhere)
{
	struct text *body = &ask->reply->body;
	text_fmt(body, "%s\"%s\":", body->data[body->len - 1] == '{' ? "" : ",", name);
	if (!there) {
		text_str(body, nowhere);
		return;
	}
	const char *host = request_header(ask->request, "Host");
	struct text url = {0};
	text_fmt(&url, "http://%s%s?page[offset]=%zu&page[limit]=%zu", host ? host : "localhost",
		 ask->request->sent_path, offset, limit);
	add_other_args(&url, ask->request->query);
	document_add_string(body, url.data);
	text_free(&url);
}

static void add_links(const struct ep_ask *ask, const struct ep_listing *listing,
		      const struct page *page)
{
	size_t limit = page->limit;
	size_t pages = (page->total + limit - 1) / limit;
	size_t last = pages ? (pages - 1) * limit : 0;
	/* One sample of the vendor's has the word in quotes. */
	const char *nowhere = listing->text_nulls ? "\"null\"" : "null";
	text_str(&ask->reply->body, ",\"links\":{");
	add_link(ask, "current", true, limit, page->from, nowhere);
	add_link(ask, "first", true, limit, 0, nowhere);
	add_link(ask, "last", true, limit, last, nowhere);
	add_link(ask, "next", page->from + limit < page->total, limit, page->from + limit, nowhere);
	add_link(ask, "prev", page->from > 0, limit, page->from > limit ? page->from - limit : 0,
		 nowhere);
	text_str(&ask->reply->body, "}");
}

static void add_meta(const struct ep_ask *ask, const struct page *page)
{
	enum list_total what = settings_get(ask->ep->options.settings).list_total;
	size_t wrong = ask->fault->kind == FAULT_WRONG_TOTAL ? 7 : 0;
	size_t pages = (page->total + page->limit - 1) / page->limit;
	if (what == TOTAL_NONE)
		return;
	text_fmt(&ask->reply->body,
		 ",\"meta\":{\"page\":{\"limit\":%zu,\"offset\":%zu,\"current\":%zu,\"total\":%zu}",
		 page->limit, page->from, page->from / page->limit + 1,
		 wrong + (what == TOTAL_RECORDS ? page->total : pages));
	if (ep_documents(ask->ep) && what == TOTAL_PAGES)
		text_fmt(&ask->reply->body, ",\"results\":{\"total\":%zu}", wrong + page->total);
	text_str(&ask->reply->body, "}");
}

/* Answers a page of the rows; takes rows.list over. */
static void list_locked(struct ep_ask *ask, const struct ep_listing *listing, struct ep_rows rows)
{
	struct page page;
	if (read_page(ask, &page) && ep_select_locked(ask, listing, &rows)) {
		page.total = rows.count;
		page_fault(ask->fault, &page);
		reply_raw(ask->reply, 200, "application/json", "{\"data\":[");
		add_rows_locked(ask, listing, &rows, &page);
		text_str(&ask->reply->body, "]");
		add_included_locked(ask, listing, &rows, &page);
		if (ep_documents(ask->ep))
			add_links(ask, listing, &page);
		add_meta(ask, &page);
		text_str(&ask->reply->body, "}");
	}
	free(rows.list);
}

static void list_store_locked(struct ep_ask *ask, const struct ep_listing *listing,
			      struct store *store)
{
	struct ep_rows rows = {.store = store, .count = store_count_locked(store)};
	move_rows_locked(ask, &rows, store);
	list_locked(ask, listing, rows);
}

static void list_store(struct ep_ask *ask, const struct ep_listing *listing, struct store *store)
{
	ep_enter(ask, true);
	list_store_locked(ask, listing, store);
	ep_leave(ask);
}

void ep_list_members(struct ep_ask *ask)
{
	list_store(ask, &members, ask->ep->members);
}

void ep_list_accounts(struct ep_ask *ask)
{
	list_store(ask, &accounts, ask->ep->accounts);
}

void ep_list_realms(struct ep_ask *ask)
{
	list_store(ask, &realms, ask->ep->realms);
}

void ep_list_infos(struct ep_ask *ask)
{
	struct elasticpath *ep = ask->ep;
	ep_enter(ask, true);
	if (strcmp(ask->id[0], ep->realm) == 0)
		list_store_locked(ask, &infos, ep->members);
	else if (ep_find_locked(ask, EP_REALM, ep->realms, ask->id[0]))
		list_locked(ask, &infos, (struct ep_rows){.store = ep->settings});
	ep_leave(ask);
}

void ep_list_memberships(struct ep_ask *ask)
{
	ep_enter(ask, true);
	struct store *store = ep_memberships_locked(ask);
	if (store)
		list_store_locked(ask, &memberships, store);
	ep_leave(ask);
}

void ep_list_profiles(struct ep_ask *ask)
{
	ep_enter(ask, true);
	struct store *store = ep_profiles_locked(ask);
	if (store)
		list_store_locked(ask, &profiles, store);
	ep_leave(ask);
}

void ep_list_memberships_of_member(struct ep_ask *ask)
{
	struct elasticpath *ep = ask->ep;
	ep_enter(ask, true);
	if (ep_find_locked(ask, EP_MEMBER, ep->members, ask->id[0])) {
		size_t most = store_count_locked(ep->accounts);
		struct ep_rows rows = {.list = text_alloc(most + 1, sizeof(struct record *))};
		/* In the accounts' order. */
		for (size_t i = 0; i < most; i++) {
			const char *account = record_id(store_at_locked(ep->accounts, i));
			const struct store *store = ep_group_store_locked(ep, &ep->memberships,
									  account, false);
			const struct record *record = store
							  ? ep_membership_locked(store, ask->id[0])
							  : NULL;
			if (record)
				rows.list[rows.count++] = record;
		}
		list_locked(ask, &own_memberships, rows);
	}
	ep_leave(ask);
}

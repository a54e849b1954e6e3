/* SPDX-License-Identifier: Apache-2.0 */
/*
 * partnerize: routes, credentials and reading of the simulated Partnerize; partnerize.h tells the
 * two profiles apart.
 *
 * Written from the guide and the vendor's documents, never from what our client sends: where they
 * say nothing, the stricter of two possible servers was built. The key dies with its owner: once
 * the owner is inactive or deleted, every request is 401, as the guide warns.
 *
 * It must not know about latency, stalls and broken answers.
 */
#include "partnerize.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "document.h"
#include "etag.h"
#include "moment.h"
#include "partnerize_parts.h"

enum route { ROUTE_NONE, ROUTE_USERS, ROUTE_SELF, ROUTE_USER };

void partnerize_error(struct reply *reply, unsigned status, const char *format, ...)
{
	char message[512];
	char type[16];
	va_list args;
	va_start(args, format);
	vsnprintf(message, sizeof message, format, args);
	va_end(args);
	snprintf(type, sizeof type, "%u", status);
	json_t *words = json_string(message);
	reply_json(reply, status,
		   json_pack("{s:{s:o,s:s}}", "error", "message",
			     words ? words : json_string("Bad request."), "type", type));
}

static bool documents(const struct partnerize *p)
{
	return p->options.profile == PROFILE_DOCUMENTS;
}

/* Where a path leads; with ROUTE_USER, id is its own copy that the caller frees. */
static enum route find_route(const struct partnerize *p, const struct request *request, char **id)
{
	size_t len = strlen(request->path);
	/* v1 of the API names the format by a suffix, and .json is what it does without one. */
	if (documents(p) && len > 5 && strcmp(request->path + len - 5, ".json") == 0)
		len -= 5;
	if (len == 5 && strncmp(request->path, "/user", 5) == 0) {
		bool paged = request_arg(request, "limit") || request_arg(request, "offset");
		return documents(p) && !paged && strcmp(request->method, "GET") == 0 ? ROUTE_SELF
										     : ROUTE_USERS;
	}
	if (len <= 6 || strncmp(request->path, "/user/", 6) != 0)
		return ROUTE_NONE;
	if (!documents(p) && strcmp(request->path, "/user/self") == 0)
		return ROUTE_SELF;
	if (id)
		*id = text_copy(request->path + 6, len - 6);
	return ROUTE_USER;
}

static const char *partnerize_route(const void *self, const struct request *request)
{
	const struct partnerize *p = self;
	switch (find_route(p, request, NULL)) {
	case ROUTE_USERS:
		return "/user";
	case ROUTE_SELF:
		return documents(p) ? "/user (self)" : "/user/self";
	case ROUTE_USER:
		return "/user/{id}";
	case ROUTE_NONE:
		break;
	}
	return NULL;
}

static bool partnerize_leaks(const void *self, const struct request *request)
{
	const struct partnerize_options *options = &((const struct partnerize *)self)->options;
	if (request_arg(request, "application_key") || request_arg(request, "user_api_key"))
		return true;
	const char *places[] = {request->path, request->query};
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (strstr(places[i], options->application_key) ||
		    strstr(places[i], options->user_api_key))
			return true;
	return false;
}

static bool same(const char *given, const char *wanted)
{
	return given && strcmp(given, wanted) == 0;
}

static bool owner_is_active(const struct partnerize *p)
{
	bool active = false;
	store_lock(p->store);
	const struct record *owner = store_find_locked(p->store, p->owner);
	if (owner) {
		json_t *user = user_parse(owner);
		active = same(json_string_value(json_object_get(user, "status")), "active");
		json_decref(user);
	}
	store_unlock(p->store);
	return active;
}

static char *basic_header(const char *user, const char *password);

/* Whether the request has key as its user API key, and the application key. */
static bool has_key(const struct partnerize *p, const struct request *request, const char *key)
{
	const struct partnerize_options *options = &p->options;
	if (!documents(p))
		return same(request_header(request, "X-Application-Key"),
			    options->application_key) &&
		       same(request_header(request, "X-User-Api-Key"), key);
	char *basic = basic_header(options->application_key, key);
	bool has = same(request_header(request, "Authorization"), basic);
	free(basic);
	return has;
}

static const char *partnerize_key(const void *self, const struct request *request)
{
	const struct partnerize *p = self;
	struct settings_values settings = settings_get(p->options.settings);
	if (has_key(p, request, p->options.user_api_key))
		return "own";
	return settings.other_key[0] && has_key(p, request, settings.other_key) ? "other" : NULL;
}

static bool is_key_taken(const struct partnerize *p, const struct request *request)
{
	const char *key = partnerize_key(p, request);
	return key &&
	       !(strcmp(key, "own") == 0 && settings_get(p->options.settings).own_key_refused);
}

/* False with the reply set. */
static bool let_in(const struct partnerize *p, const struct request *request, struct reply *reply)
{
	const char *why = NULL;
	if (partnerize_leaks(p, request))
		why = "Keys are not taken from the URL.";
	else if (documents(p) && !is_key_taken(p, request))
		why = "Basic authentication with application key and user API key is required.";
	else if (!is_key_taken(p, request))
		why = "X-Application-Key and X-User-Api-Key are required.";
	else if (!owner_is_active(p))
		why = "The key's owner is not an active user.";
	if (!why)
		return true;
	partnerize_error(reply, 401, "%s", why);
	if (documents(p))
		reply_header(reply, "WWW-Authenticate", "Basic realm=\"Partnerize\"");
	return false;
}

/* A number of at least `least` from the query; false if it is something else. */
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

struct page {
	size_t from, limit, total;
	/* The users that are listed, where these are not all; answer_list frees it. */
	const struct record **listed;
};

/* Leaves out whom the lists do not have. */
static void choose_locked(const struct partnerize *p, struct page *page)
{
	page->total = store_count_locked(p->store);
	if (!settings_get(p->options.settings).omit_inactive)
		return;
	page->listed = text_alloc(page->total + 1, sizeof(struct record *));
	size_t count = 0;
	for (size_t i = 0; i < page->total; i++) {
		const struct record *record = store_at_locked(p->store, i);
		json_t *user = user_parse(record);
		if (!same(json_string_value(json_object_get(user, "status")), "inactive"))
			page->listed[count++] = record;
		json_decref(user);
	}
	page->total = count;
}

static const struct record *listed_locked(const struct partnerize *p, const struct page *page,
					  size_t place)
{
	return page->listed ? page->listed[place] : store_at_locked(p->store, place);
}

/* Those fields of a user that the guide's example of a list shows. */
static void add_short(const struct partnerize *p, struct text *body, const struct record *record)
{
	static const char *const shown[] = {"user_id", "firstname", "lastname", "email", "status"};
	json_t *user = user_parse(record);
	json_t *row = json_object();
	for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
		json_object_set(row, shown[i], json_object_get(user, shown[i]));
	char *text = document_text(row, documents(p));
	text_str(body, text);
	free(text);
	json_decref(row);
	json_decref(user);
}

static void add_row(const struct partnerize *p, struct text *body, const struct record *record)
{
	if (body->data[body->len - 1] != '[')
		text_add(body, ",", 1);
	if (documents(p))
		text_str(body, "{\"user\":");
	if (settings_get(p->options.settings).short_rows)
		add_short(p, body, record);
	else
		user_show(p, record, body);
	if (documents(p))
		text_add(body, "}", 1);
}

/* A user that is in no store, at that place of an endless list. */
static void add_endless(const struct partnerize *p, struct text *body, size_t place)
{
	text_fmt(body,
		 "%s%s{\"user_id\":\"endless%zu\",\"email\":\"endless%zu@example.com\","
		 "\"status\":\"active\"}%s",
		 body->data[body->len - 1] == '[' ? "" : ",", documents(p) ? "{\"user\":" : "",
		 place, place, documents(p) ? "}" : "");
}

/* Changes the roster as the fault says. */
static void move_rows_locked(struct partnerize *p, const struct fault *fault)
{
	if (fault->kind == FAULT_MOVE_ROWS && same(fault->body, "delete")) {
		/* Not the key's owner: that would end every later request. */
		struct record *first = store_at_locked(p->store, 0);
		if (first && same(record_id(first), p->owner))
			first = store_at_locked(p->store, 1);
		if (first)
			store_remove_locked(p->store, first);
	} else if (fault->kind == FAULT_MOVE_ROWS) {
		store_rotate_locked(p->store);
	}
}

/* Changes the page as the fault says; returns the rows to show. */
static size_t page_fault(const struct fault *fault, struct page *page)
{
	if (fault->kind == FAULT_REPEAT_PAGE || fault->kind == FAULT_IGNORE_PAGING)
		page->from = 0;
	if (page->limit == SIZE_MAX)
		page->limit = page->total ? page->total : 1;
	size_t rows = page->from < page->total ? page->total - page->from : 0;
	if (rows > page->limit && fault->kind != FAULT_IGNORE_PAGING)
		rows = page->limit;
	return fault->kind == FAULT_SHORT_PAGE ? rows / 2 : rows;
}

static void add_link(struct text *body, const char *name, bool there, size_t limit, size_t offset)
{
	if (there)
		text_fmt(body, "\"%s\":\"/user.json?limit=%zu&offset=%zu\",", name, limit, offset);
	else
		text_fmt(body, "\"%s\":null,", name);
}

/* What the documents profile says around the rows. */
static void add_hypermedia(struct text *body, const struct page *page)
{
	size_t pages = (page->total + page->limit - 1) / page->limit;
	size_t before = page->from > page->limit ? page->from - page->limit : 0;
	text_fmt(
	    body,
	    ",\"hypermedia\":{\"pagination\":{\"total_page_count\":%zu,\"total_item_count\":%zu,",
	    pages, page->total);
	add_link(body, "first_page", true, page->limit, 0);
	add_link(body, "last_page", true, page->limit, pages ? (pages - 1) * page->limit : 0);
	add_link(body, "next_page", page->from + page->limit < page->total, page->limit,
		 page->from + page->limit);
	add_link(body, "previous_page", page->from > 0, page->limit, before);
	body->len--;
	text_str(body, "}}");
}

static void answer_list(struct partnerize *p, struct page page, const struct fault *fault,
			struct reply *reply)
{
	struct text *body = &reply->body;
	reply_raw(reply, 200, "application/json", "");
	store_lock(p->store);
	move_rows_locked(p, fault);
	moment_enter_locked(&p->times, p->options.settings, fault, true);
	choose_locked(p, &page);
	size_t rows = page_fault(fault, &page);
	bool endless = settings_get(p->options.settings).endless_list;
	if (fault->kind == FAULT_WRONG_TOTAL)
		page.total += 7;
	if (endless)
		page.total = 1000000000;
	text_str(body, "{");
	if (documents(p))
		text_fmt(
		    body,
		    "\"count\":%zu,\"execution_time\":\"0.01 seconds\",\"limit\":%zu,\"offset\":%zu,",
		    page.total, page.limit, page.from);
	text_str(body, "\"users\":[");
	for (size_t i = 0; i < rows; i++) {
		bool again = fault->kind == FAULT_DUPLICATE_ROW && i == rows - 1;
		add_row(p, body, listed_locked(p, &page, page.from + (again ? 0 : i)));
	}
	free(page.listed);
	for (; endless && rows < page.limit; rows++)
		add_endless(p, body, page.from + rows);
	moment_leave_locked(&p->times);
	store_unlock(p->store);
	text_str(body, "]");
	if (documents(p))
		add_hypermedia(body, &page);
	else
		text_fmt(body, ",\"count\":%zu",
			 fault->kind == FAULT_WRONG_TOTAL ? rows + 7 : rows);
	text_str(body, "}");
}

/* The whole list, by a vendor that has no pages. */
static void list_all(struct partnerize *p, const struct request *request, const struct fault *fault,
		     struct reply *reply)
{
	static const char *const parameters[] = {"page", "count", "limit", "offset"};
	enum list_paging paging = settings_get(p->options.settings).list_paging;
	bool asked = false;
	for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++)
		asked = asked || request_arg(request, parameters[i]);
	if (asked && paging == PAGING_REFUSED)
		partnerize_error(reply, 400, "There are no pages.");
	else
		answer_list(p, (struct page){.limit = SIZE_MAX}, fault, reply);
}

static void list_users(struct partnerize *p, const struct request *request,
		       const struct fault *fault, struct reply *reply)
{
	struct settings_values settings = settings_get(p->options.settings);
	size_t cap = (size_t)settings.page_cap;
	struct page page = {.from = 0, .limit = documents(p) ? 20 : 100};
	size_t number = 1;
	bool good;
	if (settings.list_paging != PAGING_OWN) {
		list_all(p, request, fault, reply);
		return;
	}
	if (documents(p))
		good = number_arg(request, "limit", 1, &page.limit) &&
		       number_arg(request, "offset", 0, &page.from);
	else
		good = number_arg(request, "count", 1, &page.limit) &&
		       number_arg(request, "page", 1, &number);
	if (!good) {
		partnerize_error(reply, 400, "The paging parameters must be positive numbers.");
		return;
	}
	if (page.limit > cap)
		page.limit = cap;
	if (!documents(p))
		page.from = (number - 1) * page.limit;
	answer_list(p, page, fault, reply);
}

/* The key's owner in another form than that of a GET by id. */
static void answer_self_in(struct partnerize *p, enum self_form form, struct reply *reply)
{
	store_lock(p->store);
	reply_raw(reply, 200, "application/json", form == SELF_DATA ? "{\"data\":" : "");
	if (form == SELF_UNKNOWN)
		text_str(&reply->body, "{\"authenticated\":true}");
	else
		user_show(p, store_find_locked(p->store, p->owner), &reply->body);
	if (form == SELF_DATA)
		text_str(&reply->body, "}");
	store_unlock(p->store);
}

static void get_user(struct partnerize *p, const struct request *request, const char *id,
		     const struct fault *fault, struct reply *reply)
{
	store_lock(p->store);
	moment_enter_locked(&p->times, p->options.settings, fault, false);
	const struct record *record = store_find_locked(p->store, id);
	if (record && fault->kind == FAULT_WRONG_USER)
		record = store_at_locked(p->store, record == store_at_locked(p->store, 0) ? 1 : 0);
	if (record) {
		reply_raw(reply, 200, "application/json", "{\"user\":");
		user_show(p, record, &reply->body);
		text_str(&reply->body, "}");
		struct settings_values settings = settings_get(p->options.settings);
		etag_send(&settings, request, record_version(record), reply);
	} else {
		partnerize_error(reply, 404, "User not found.");
	}
	moment_leave_locked(&p->times);
	store_unlock(p->store);
}

static void refuse_method(struct reply *reply, const char *allow)
{
	partnerize_error(reply, 405, "Method not allowed.");
	reply_header(reply, "Allow", "%s", allow);
}

static void answer_user(struct partnerize *p, const struct request *request, const char *id,
			const struct fault *fault, struct reply *reply)
{
	enum item_gets gets = settings_get(p->options.settings).item_gets;
	bool reads = strcmp(request->method, "GET") == 0;
	if (reads && gets == ITEMS_404)
		partnerize_error(reply, 404, "Not found.");
	else if (reads && gets == ITEMS_405)
		refuse_method(reply, documents(p) ? "POST, PUT" : "PUT, DELETE");
	else if (reads)
		get_user(p, request, id, fault, reply);
	else if (strcmp(request->method, "PUT") == 0 ||
		 (documents(p) && strcmp(request->method, "POST") == 0))
		partnerize_update(p, request, id, fault, reply);
	else if (!documents(p) && strcmp(request->method, "DELETE") == 0)
		partnerize_delete(p, id, fault, reply);
	else
		refuse_method(reply, documents(p) ? "GET, POST, PUT" : "GET, PUT, DELETE");
}

static void answer_self(struct partnerize *p, const struct request *request,
			const struct fault *fault, struct reply *reply)
{
	struct settings_values settings = settings_get(p->options.settings);
	if (strcmp(request->method, "GET") != 0)
		refuse_method(reply, "GET");
	else if (settings.no_self)
		partnerize_error(reply, 404, "Not found.");
	else if (settings.self_form != SELF_OWN)
		answer_self_in(p, settings.self_form, reply);
	else
		get_user(p, request, p->owner, fault, reply);
}

static void answer_users(struct partnerize *p, const struct request *request,
			 const struct fault *fault, struct reply *reply)
{
	if (strcmp(request->method, "GET") == 0)
		list_users(p, request, fault, reply);
	else if (strcmp(request->method, "POST") == 0)
		partnerize_create(p, request, fault, reply);
	else
		refuse_method(reply, "GET, POST");
}

/* The documents name these four for every endpoint; no one has published the numbers. */
static void add_rate_headers(struct partnerize *p, struct reply *reply)
{
	unsigned long used = atomic_fetch_add(&p->requests, 1) % 1000000;
	reply_header(reply, "X-RateLimit-Limit", "1000000");
	reply_header(reply, "X-RateLimit-Remaining", "%lu", 1000000 - used - 1);
	reply_header(reply, "X-RateLimit-Reset", "%d", 60 - (int)(time(NULL) % 60));
}

static void partnerize_answer(void *self, const struct request *request, const struct fault *fault,
			      struct reply *reply)
{
	struct partnerize *p = self;
	char *id = NULL;
	enum route route = find_route(p, request, &id);
	if (documents(p))
		add_rate_headers(p, reply);
	if (let_in(p, request, reply)) {
		if (route == ROUTE_USERS)
			answer_users(p, request, fault, reply);
		else if (route == ROUTE_SELF)
			answer_self(p, request, fault, reply);
		else
			answer_user(p, request, id, fault, reply);
	}
	if (documents(p) && reply->type)
		reply->type = "application/json; charset=utf-8";
	free(id);
}

static char *basic_header(const char *user, const char *password)
{
	static const char
	    digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	struct text plain = {0};
	struct text header = {0};
	text_fmt(&plain, "%s:%s", user, password);
	text_str(&header, "Basic ");
	for (size_t i = 0; i < plain.len; i += 3) {
		unsigned long bits = 0;
		for (size_t k = 0; k < 3; k++)
			bits = bits << 8 |
			       (i + k < plain.len ? (unsigned char)plain.data[i + k] : 0U);
		for (size_t k = 0; k < 4; k++) {
			bool there = i + k <= plain.len;
			text_add(&header, there ? &digits[bits >> (18 - 6 * k) & 63] : "=", 1);
		}
	}
	text_free(&plain);
	return header.data;
}

static void partnerize_free(void *self)
{
	struct partnerize *p = self;
	store_free(p->store);
	free(p->owner);
	free(p);
}

static const struct vendor partnerize = {
    .name = "partnerize",
    .route = partnerize_route,
    .leaks = partnerize_leaks,
    .key = partnerize_key,
    .answer = partnerize_answer,
    .colleague = partnerize_colleague,
    .free = partnerize_free,
};

struct vendor_run partnerize_start(const struct partnerize_options *options)
{
	struct partnerize *p = text_alloc(1, sizeof *p);
	p->options = *options;
	p->store = store_new(&p->times);
	char id[USER_ID_MOST];
	user_id(p, 1, id);
	p->owner = text_copy(id, strlen(id));
	struct text text = {0};
	store_lock(p->store);
	for (p->next = 1; p->next <= options->users; p->next++) {
		char email[128];
		text.len = 0;
		user_seed(p, p->next, &text, email, sizeof email);
		user_id(p, p->next, id);
		store_add_locked(p->store, id, email, text.data, text.len);
	}
	p->times.seeded = true;
	store_unlock(p->store);
	text_free(&text);
	return (struct vendor_run){.vendor = &partnerize, .self = p};
}

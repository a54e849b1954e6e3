/* SPDX-License-Identifier: Apache-2.0 */
/*
 * generic_list: which records a list has, in which order, and what a row looks like.
 *
 * It must not know how the position of a page is written.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "generic_body.h"
#include "generic_parts.h"

/* The records of a list, while the lock is held. */
struct rows {
	const struct record **record;
	size_t count;
	struct generic *g;
};

/* ---- parameters ---- */

static bool refuse(struct visit *v, const char *kind, const char *name)
{
	error_reply(v, kind, name, NULL);
	return false;
}

static bool known(const struct visit *v, const char *name)
{
	const json_t *act = v->act;
	return page_knows(play_part(act, "page"), name) ||
	       play_part(play_part(act, "parameters"), name) ||
	       play_part(play_part(act, "filters"), name) ||
	       play_is(play_part(act, "pass"), "name", name, "") ||
	       play_is(play_part(act, "select"), "name", name, "") ||
	       (strcmp(name, "filter") == 0 && play_part(act, "scim_filter"));
}

/* Whether the route itself wants the parameter. */
static bool in_route(const struct visit *v, const char *name)
{
	const char *query = strchr(play_word(v->act, "route", ""), '?');
	return query && strstr(query, name);
}

/* Parameters of the query that the list does not know. */
static bool check_unknown(struct visit *v)
{
	const char *habit = play_word(v->act, "unknown", "refused");
	char *query = text_copy(v->request->query, strlen(v->request->query));
	char *rest = query;
	bool good = true;
	for (char *pair = strtok_r(query, "&", &rest); good && pair;
	     pair = strtok_r(NULL, "&", &rest)) {
		pair[strcspn(pair, "=")] = '\0';
		request_decode(pair);
		if (known(v, pair) || in_route(v, pair))
			continue;
		if (strcmp(habit, "refused") == 0)
			good = refuse(v, "parameter", pair);
		else if (strcmp(habit, "crash") == 0)
			good = refuse(v, "crash", pair);
	}
	free(query);
	return good;
}

static bool check_parameters(struct visit *v)
{
	const char *name;
	json_t *parameter;
	const char *cursor = play_word(play_part(v->act, "page"), "name", "");
	bool follows = play_flag(play_part(v->act, "page"), "token_only", false) &&
		       request_arg(v->request, cursor);
	json_object_foreach((json_t *)(uintptr_t)play_part(v->act, "parameters"), name, parameter) {
		const char *given = request_arg(v->request, name);
		const char *is = play_word(parameter, "is", NULL);
		if (!given && play_flag(parameter, "needed", false) && !follows)
			return refuse(v, "parameter", name);
		if (given && is && strcmp(given, is) != 0)
			return refuse(v, "parameter", name);
	}
	return check_unknown(v);
}

/* The names of states that the list has; NULL: all. nothing is set where it has none. False with
 * the reply set. */
static bool read_pass(struct visit *v, const json_t **names, bool *nothing)
{
	const json_t *pass = play_part(v->act, "pass");
	const char *given = pass ? request_arg(v->request, play_word(pass, "name", "")) : NULL;
	*names = play_part(v->act, "only");
	if (!pass)
		return true;
	*names = play_part(pass, "default");
	if (!given)
		return true;
	const json_t *chosen = play_part(play_part(pass, "values"), given);
	if (chosen)
		*names = json_array_size(chosen) ? chosen : NULL;
	else if (play_is(pass, "other", "refused", "nothing"))
		return refuse(v, "parameter", play_word(pass, "name", ""));
	else if (play_is(pass, "other", "all", "nothing"))
		*names = NULL;
	else
		*nothing = play_is(pass, "other", "nothing", "nothing");
	return true;
}

/* ---- choice and order ---- */

static bool filter_passes(const struct visit *v, const json_t *record)
{
	const char *name;
	json_t *filter;
	json_object_foreach((json_t *)(uintptr_t)play_part(v->act, "filters"), name, filter) {
		const char *given = request_arg(v->request, name);
		const char *how = play_word(filter, "how", "exact");
		const char *value = json_string_value(
		    pointer_get(record, play_word(filter, "at", "")));
		if (!given || strcmp(how, "ignored") == 0)
			continue;
		if (!value || (strcmp(how, "exact") == 0 && strcmp(value, given) != 0) ||
		    (strcmp(how, "any_case") == 0 && strcasecmp(value, given) != 0) ||
		    (strcmp(how, "contains") == 0 && !strcasestr(value, given)))
			return false;
	}
	return true;
}

static bool filters_asked(const struct visit *v)
{
	const char *name;
	json_t *filter;
	json_object_foreach((json_t *)(uintptr_t)play_part(v->act, "filters"), name, filter)
		if (request_arg(v->request, name))
			return true;
	return false;
}

static void choose_locked(struct visit *v, const struct listing *listing, const json_t *names,
			  const struct scim_filter *filter, struct rows *rows)
{
	size_t all = listing->members ? json_array_size(listing->members)
				      : store_count_locked(listing->store);
	bool looks = listing->users && (names || v->g->hidden || !filter->all || filters_asked(v));
	rows->record = text_alloc(all + 1, sizeof(struct record *));
	for (size_t i = 0; i < all; i++) {
		const struct record
		    *record = listing->members
				  ? store_find_locked(listing->store,
						      json_string_value(
							  json_array_get(listing->members, i)))
				  : store_at_locked(listing->store, i);
		bool passes = record;
		if (passes && (looks || (!listing->users && !filter->all))) {
			json_t *json = record_json(record);
			passes = !json_object_get(json, HIDDEN_MEMBER) &&
				 (!listing->users || status_among(v->g, names, json)) &&
				 scim_filter_passes(filter, json) && filter_passes(v, json);
			json_decref(json);
		}
		if (passes)
			rows->record[rows->count++] = record;
	}
}

struct sorted {
	const struct record *record;
	char *key;
};

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct sorted *)a)->key, ((const struct sorted *)b)->key);
}

/* An order that has nothing to do with that of their making. */
static char *scattered(const char *id)
{
	unsigned long sum = 0xcbf29ce484222325UL;
	for (const char *c = id; *c; c++)
		sum = (sum ^ (unsigned char)*c) * 0x100000001b3UL;
	sum = (sum ^ sum >> 31) * 0x9e3779b97f4a7c15UL;
	struct text key = {0};
	text_fmt(&key, "%016lx%s", sum, id);
	return key.data;
}

static char *email_key(const struct generic *g, const struct record *record)
{
	json_t *json = record_json(record);
	const char *email = record_email(g, json);
	char *key = text_copy(email ? email : "", email ? strlen(email) : 0);
	json_decref(json);
	return key;
}

static void order_rows(struct visit *v, struct rows *rows)
{
	const char *order = play_word(v->act, "order", "stored");
	if (strcmp(order, "stored") == 0)
		return;
	if (strcmp(order, "newest") == 0) {
		for (size_t i = 0; i < rows->count / 2; i++) {
			const struct record *last = rows->record[rows->count - 1 - i];
			rows->record[rows->count - 1 - i] = rows->record[i];
			rows->record[i] = last;
		}
		return;
	}
	struct sorted *sorted = text_alloc(rows->count + 1, sizeof *sorted);
	for (size_t i = 0; i < rows->count; i++) {
		sorted[i].record = rows->record[i];
		sorted[i].key = strcmp(order, "email") == 0 ? email_key(v->g, rows->record[i])
							    : scattered(record_id(rows->record[i]));
	}
	qsort(sorted, rows->count, sizeof *sorted, compare);
	for (size_t i = 0; i < rows->count; i++) {
		rows->record[i] = sorted[i].record;
		free(sorted[i].key);
	}
	free(sorted);
}

/* The first row behind an id (or at it); numbers need not be there. */
static size_t place_of(void *arg, const char *id, bool at)
{
	const struct rows *rows = arg;
	bool numbers = play_is(rows->g->play, "ids", "numbers", "text");
	long long wanted = strtoll(id, NULL, 10);
	for (size_t i = 0; i < rows->count; i++) {
		const char *own = record_id(rows->record[i]);
		long long number = strtoll(own, NULL, 10);
		if (numbers && (at ? number >= wanted : number > wanted))
			return i;
		if (!numbers && strcmp(own, id) == 0)
			return at ? i : i + 1;
	}
	return numbers ? rows->count : SIZE_MAX;
}

/* ---- rows ---- */

/* The row with the members of one of its objects beside the others. */
static json_t *flattened(const struct visit *v, json_t *row)
{
	const char *at = play_word(v->act, "flat", NULL);
	json_t *inner = at ? json_incref(pointer_get(row, at)) : NULL;
	if (!json_is_object(inner))
		return row;
	pointer_del(row, at);
	json_object_update(row, inner);
	json_decref(inner);
	return row;
}

static json_t *make_row(struct visit *v, const struct listing *listing, const struct record *record)
{
	json_t *stored = record_json(record);
	json_t *row = NULL;
	const json_t *own = pointer_get(stored, record_field(v->g, "id"));
	json_t *id = own ? json_deep_copy(own) : json_string(record_id(record));
	if (listing->users && listing->ids)
		row = pointer_wrap(play_word(v->act, "row", "/id"), json_deep_copy(id));
	else if (listing->users)
		row = flattened(v, record_shown(v, stored, true));
	else
		row = json_deep_copy(stored);
	json_object_del(row, PLACE_MEMBERS);
	if (!listing->users && !play_flag(play_part(v->g->play, "places"), "members_in_rows", true))
		pointer_del(row, play_word(play_part(v->g->play, "places"), "members", "/members"));
	if (!(listing->users && listing->ids))
		row = pointer_wrap(play_word(v->act, "row", ""), row);
	json_t *members = answer_fill(v, play_part(v->act, "row_members"), id);
	if (json_is_object(members))
		json_object_update_missing(row, members);
	json_decref(members);
	json_decref(id);
	json_decref(stored);
	return row;
}

/* Rows that stand two levels down: in several objects, each with a part of them. */
static json_t *split_rows(const json_t *split, json_t *rows)
{
	size_t into = (size_t)play_number(split, "into", 2);
	json_t *outer = json_array();
	for (size_t i = 0; i < into; i++) {
		json_t *part = json_array();
		for (size_t k = i; k < json_array_size(rows); k += into)
			json_array_append(part, json_array_get(rows, k));
		json_t *group = json_pack("{s:I}", "id", (json_int_t)i + 1);
		pointer_set(group, play_word(split, "at", "/members"), part);
		json_array_append_new(outer, group);
	}
	json_decref(rows);
	return outer;
}

static void send_page(struct visit *v, const struct listing *listing, const struct page *page,
		      const struct rows *rows)
{
	json_t *list = json_array();
	for (size_t i = 0; i < page->rows; i++) {
		bool again = v->fault->kind == FAULT_DUPLICATE_ROW && i == page->rows - 1;
		const struct record *record = rows->record[again ? 0 : page->shown + i];
		json_array_append_new(list, make_row(v, listing, record));
	}
	if (play_part(v->act, "split"))
		list = split_rows(play_part(v->act, "split"), list);
	json_t *body = NULL;
	if (page->rows == 0 && play_flag(v->act, "absent_if_empty", false)) {
		json_decref(list);
		body = json_object();
	} else {
		body = pointer_wrap(play_word(v->act, "rows", ""), list);
	}
	json_t *members = answer_fill(v, play_part(v->act, "members"), NULL);
	if (json_is_object(body) && json_is_object(members))
		json_object_update(body, members);
	json_decref(members);
	next_tell(v, page, body);
	answer_json(v, 200, body);
}

static void move_rows_locked(struct visit *v, struct store *store)
{
	if (v->fault->kind != FAULT_MOVE_ROWS)
		return;
	struct record *first = store_at_locked(store, 0);
	if (v->fault->body && strcmp(v->fault->body, "delete") == 0 && first)
		store_remove_locked(store, first);
	else
		store_rotate_locked(store);
}

static void answer_locked(struct visit *v, const struct listing *listing, json_t *body)
{
	struct rows rows = {.g = v->g};
	struct page page = {.play = play_part(v->act, "page"), .body = body};
	struct scim_filter filter = {.all = true};
	const json_t *names = NULL;
	bool nothing = false;
	if (!scim_filter_read(v, &filter) || !read_pass(v, &names, &nothing))
		return;
	move_rows_locked(v, listing->store);
	record_moment_locked(v, true);
	choose_locked(v, listing, names, &filter, &rows);
	if (nothing)
		rows.count = 0;
	order_rows(v, &rows);
	page.total = rows.count;
	if (page_read(v, &page, place_of, &rows) && page_settle(v, &page))
		send_page(v, listing, &page, &rows);
	free(rows.record);
	v->g->times.before = false;
	v->g->times.at = 0;
}

void list_answer(struct visit *v, const struct listing *listing)
{
	json_t *body = NULL;
	bool ignored = false;
	if (!check_parameters(v))
		return;
	if (strcmp(v->request->method, "POST") == 0) {
		body = body_take(v, &ignored);
		if (!body)
			return;
	}
	store_lock(v->g->store);
	answer_locked(v, listing, body);
	store_unlock(v->g->store);
	json_decref(body);
}

void list_users(struct visit *v)
{
	list_answer(v, &(struct listing){.store = v->g->store, .users = true});
}

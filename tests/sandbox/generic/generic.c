/* SPDX-License-Identifier: Apache-2.0 */
/*
 * generic: a vendor whose behaviour is written down in a play file.
 *
 * A request is matched with the routes of the play, its credentials and headers are looked at, and
 * the file that knows the kind of request answers it. Whatever the play does not allow is refused.
 *
 * It must not know about latency, stalls and broken answers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "generic_parts.h"

static void answer_document(struct visit *v)
{
	const json_t *answer = play_part(v->act, "answer");
	const char *raw = json_string_value(answer);
	unsigned status = (unsigned)play_number(v->act, "status", 200);
	const char *type = play_word(v->act, "type", NULL);
	store_lock(v->g->store);
	if (raw && strcmp(raw, "$users") != 0)
		reply_raw(v->reply, status, type ? type : "text/html; charset=utf-8", raw);
	else
		answer_json(v, status, answer_fill(v, answer, NULL));
	store_unlock(v->g->store);
	if (type)
		v->reply->type = type;
}

static const struct act {
	const char *title;
	void (*answer)(struct visit *v);
} acts[] = {
    {"documents", answer_document},  {"moves", status_move},          {"deletes", write_delete},
    {"changes", write_change},       {"creates", write_create},       {"lists", list_users},
    {"items", answer_item},          {"joins", place_join},           {"leaves", place_leave},
    {"member_lists", place_members}, {"place_changes", place_change}, {"place_lists", place_list},
    {"place_items", place_item},     {"grants", token_grant},
};

static void run_act(struct visit *v, const char *title)
{
	for (size_t i = 0; i < sizeof acts / sizeof *acts; i++)
		if (strcmp(acts[i].title, title) == 0)
			acts[i].answer(v);
}

/* Whether the headers that each request (or each write) must have are there. */
static bool has_headers(struct visit *v, const char *key)
{
	const char *name;
	json_t *wanted;
	json_object_foreach((json_t *)(uintptr_t)play_part(play_part(v->g->play, "http"), key),
			    name, wanted) {
		const char *given = request_header(v->request, name);
		const char *words = json_string_value(wanted);
		if (!given || (strcmp(words, "*") != 0 && strcmp(words, given) != 0)) {
			error_reply(v, "header", name, NULL);
			return false;
		}
	}
	return true;
}

static void redirect(struct visit *v, const char *path)
{
	const char *query = v->request->query;
	struct text url = {0};
	answer_url(v, "absolute", NULL, path, &url);
	reply_raw(v->reply, 301, "text/html; charset=utf-8", "");
	reply_header(v->reply, "Location", "%s%s%s", url.data, *query ? "?" : "", query);
	text_free(&url);
}

/* A request that no route fits. */
static void answer_lost(struct visit *v, const char *allow)
{
	const json_t *http = play_part(v->g->play, "http");
	char *other = *allow ? NULL : route_other_slash(v);
	char again[64];
	if (*allow) {
		/* The method is taken there: what is wrong is in the query or the body. */
		bool taken = strstr(allow, v->request->method);
		error_reply(v, taken ? "envelope" : "method", NULL, NULL);
		if (!taken)
			reply_header(v->reply, "Allow", "%s", allow);
	} else if (other && play_is(http, "slash", "redirect", "strict")) {
		redirect(v, other);
	} else if (other && play_is(http, "slash", "any", "strict")) {
		v->path = other;
		const char *title = route_find(v, again, sizeof again);
		if (title)
			run_act(v, title);
		else
			answer_lost(v, again);
	} else if (route_wants_suffix(v) && play_is(http, "without_json", "html", "not_found")) {
		reply_raw(v->reply, 200, "text/html; charset=utf-8",
			  "<!DOCTYPE html><title>Users</title>");
	} else {
		error_reply(v, "route", NULL, NULL);
	}
	free(other);
}

static void generic_answer(void *self, const struct request *request, const struct fault *fault,
			   struct reply *reply)
{
	struct visit visit = {.g = self, .request = request, .fault = fault, .reply = reply};
	struct visit *v = &visit;
	char allow[64];
	v->path = route_below(v->g, request->sent_path);
	const char *title = route_find(v, allow, sizeof allow);
	bool grant = title && strcmp(title, "grants") == 0;
	bool open = grant || (title && play_flag(v->act, "open", false));
	bool writes = !grant && strcmp(request->method, "GET") != 0;
	if ((open || auth_check(v)) && has_headers(v, "needs") &&
	    (!writes || has_headers(v, "needs_to_write"))) {
		if (title)
			run_act(v, title);
		else
			answer_lost(v, allow);
	}
	free(v->id);
	free(v->place);
}

static const char *generic_route(const void *self, const struct request *request)
{
	const struct generic *g = self;
	if (!route_below(g, request->sent_path))
		return NULL;
	const json_t *act = route_act(g, request);
	return play_word(act, "~counted", g->other);
}

static bool generic_leaks(const void *self, const struct request *request)
{
	return auth_leaks(self, request);
}

static bool generic_unlimited(const void *self, const struct request *request)
{
	const struct generic *g = self;
	const json_t *act = route_act(g, request);
	const json_t *grants = play_part(play_part(g->play, "auth"), "grants");
	for (size_t i = 0; act && i < json_array_size(grants); i++)
		if (json_array_get(grants, i) == act)
			return true;
	return false;
}

static void generic_error(void *self, struct reply *reply, unsigned status, const char *words)
{
	error_status(self, reply, status, words);
}

static void generic_free(void *self)
{
	struct generic *g = self;
	token_end(g);
	store_free(g->store);
	store_free(g->places);
	json_decref(g->play);
	free(g->name);
	free(g->other);
	free(g);
}

static const struct vendor generic = {
    .name = "generic",
    .route = generic_route,
    .leaks = generic_leaks,
    .unlimited = generic_unlimited,
    .answer = generic_answer,
    .error = generic_error,
    .colleague = generic_colleague,
    .free = generic_free,
};

bool generic_start(const struct generic_options *options, struct vendor_run *run)
{
	json_t *play = play_load(options->file);
	if (!play)
		return false;
	struct generic *g = text_alloc(1, sizeof *g);
	struct text other = {0};
	text_fmt(&other, "/%s/other", options->name);
	g->name = text_copy(options->name, strlen(options->name));
	g->other = other.data;
	g->play = play;
	g->settings = options->settings;
	g->store = store_new(&g->times);
	g->places = store_new(&g->times);
	route_name_all(g);
	unsigned long users = (unsigned long)play_number(play, "users", 250);
	store_lock(g->store);
	for (g->next = 1; g->next <= users; g->next++) {
		char id[GENERIC_ID_MOST];
		json_t *record = record_seed(g, g->next);
		record_id_of(g, g->next, id);
		record_add_locked(g, id, record);
		json_decref(record);
	}
	place_seed_locked(g);
	g->times.seeded = true;
	store_unlock(g->store);
	*run = (struct vendor_run){.vendor = &generic, .self = g};
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * generic_answer: how answers are put together: media types, headers, addresses, entity tags.
 *
 * It must not know what an answer is about.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "generic_parts.h"
#include "tests/sandbox/document.h"
#include "tests/sandbox/etag.h"

void answer_json(struct visit *v, unsigned status, json_t *value)
{
	const json_t *http = play_part(v->g->play, "http");
	const char *key;
	json_t *member;
	if (json_is_object(value))
		json_object_foreach((json_t *)(uintptr_t)play_part(http, "success"), key, member)
			json_object_set_new(value, key, json_deep_copy(member));
	reply_json(v->reply, status, value);
	v->reply->type = play_word(http, "type", "application/json");
	answer_headers(v->reply, play_part(http, "headers"));
}

void answer_empty(struct visit *v, unsigned status)
{
	reply_raw(v->reply, status, NULL, "");
	answer_headers(v->reply, play_part(play_part(v->g->play, "http"), "headers"));
}

void answer_headers(struct reply *reply, const json_t *headers)
{
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)headers, key, value) {
		const char *words = json_string_value(value);
		if (strncmp(words, "$epoch+", 7) == 0)
			reply_header(reply, key, "%lld",
				     (long long)time(NULL) + strtoll(words + 7, NULL, 10));
		else if (strncmp(words, "$date+", 6) == 0) {
			char date[64];
			time_t when = time(NULL) + (time_t)strtoll(words + 6, NULL, 10);
			struct tm utc = {0};
			gmtime_r(&when, &utc);
			strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &utc);
			reply_header(reply, key, "%s", date);
		} else
			reply_header(reply, key, "%s", words);
	}
}

void answer_url(const struct visit *v, const char *form, const char *host, const char *below,
		struct text *url)
{
	const char *own = play_word(play_part(v->g->play, "http"), "host", NULL);
	const char *asked = request_header(v->request, "Host");
	if (host)
		own = host;
	if (strcmp(form, "absolute") == 0 && own)
		text_str(url, own);
	else if (strcmp(form, "absolute") == 0)
		text_fmt(url, "http://%s", asked ? asked : "127.0.0.1");
	const char *sent = v->request->sent_path;
	if (strcmp(form, "relative") != 0)
		text_add(url, sent, (size_t)(route_below(v->g, sent) - sent));
	text_str(url, strcmp(form, "relative") == 0 && *below == '/' ? below + 1 : below);
}

static void own_tag(const struct visit *v, const struct record *record, char *tag, size_t size)
{
	const json_t *http = play_part(v->g->play, "http");
	json_t *json = record_json(record);
	uint64_t sum = record_hash(json);
	json_decref(json);
	if (play_is(http, "etag", "hash", "none"))
		snprintf(tag, size, "\"%016llx\"", (unsigned long long)sum);
	else
		snprintf(tag, size, "%s\"v%u\"", play_is(http, "etag", "weak", "none") ? "W/" : "",
			 record_version(record));
}

void answer_etag(struct visit *v, const struct record *record)
{
	struct settings_values settings = settings_get(v->g->settings);
	char tag[64];
	if (settings.etag_style != ETAG_OFF || settings.etag) {
		etag_send(&settings, v->request, record_version(record), v->reply);
		return;
	}
	if (play_is(play_part(v->g->play, "http"), "etag", "none", "none"))
		return;
	own_tag(v, record, tag, sizeof tag);
	reply_header(v->reply, "ETag", "%s", tag);
}

bool answer_if_match(struct visit *v, const struct record *record)
{
	struct settings_values settings = settings_get(v->g->settings);
	const char *match = request_header(v->request, "If-Match");
	const char *habit = play_word(v->act, "if_match", "ignored");
	char tag[64];
	if (settings.etag_style != ETAG_OFF || settings.etag) {
		enum etag_verdict verdict = etag_check(&settings, v->request,
						       record_version(record));
		if (verdict != ETAG_PASSES)
			error_reply(v, verdict == ETAG_MISSING ? "no_tag" : "precondition", NULL,
				    NULL);
		return verdict == ETAG_PASSES;
	}
	own_tag(v, record, tag, sizeof tag);
	bool same = match && (strcmp(match, tag) == 0 || strcmp(match, "*") == 0);
	bool checks = strcmp(habit, "required") == 0 || strcmp(habit, "checked") == 0;
	bool refuses = strcmp(habit, "refused") == 0 && match && strcmp(match, "*") != 0;
	const char *error = NULL;
	if (strcmp(habit, "required") == 0 && !match)
		error = "no_tag";
	else if (refuses || (checks && match && !same))
		error = "precondition";
	if (error)
		error_reply(v, error, NULL, NULL);
	return !error;
}

json_t *answer_fill(const struct visit *v, const json_t *members, const json_t *id)
{
	const char *words = json_string_value(members);
	if (words && strcmp(words, "$id") == 0)
		return id ? json_deep_copy(id) : json_null();
	if (words && strcmp(words, "$users") == 0)
		return json_integer((json_int_t)store_count_locked(v->g->store));
	if (json_is_array(members)) {
		json_t *filled = json_array();
		for (size_t i = 0; i < json_array_size(members); i++)
			json_array_append_new(filled,
					      answer_fill(v, json_array_get(members, i), id));
		return filled;
	}
	if (!json_is_object(members))
		return json_deep_copy(members);
	json_t *filled = json_object();
	const char *key;
	json_t *member;
	json_object_foreach((json_t *)(uintptr_t)members, key, member)
		json_object_set_new(filled, key, answer_fill(v, member, id));
	return filled;
}

/* What the part wants beside the record, by name or by pointer; "$sent" is what came in. */
static void add_members(const struct visit *v, json_t *answer, const json_t *id, const json_t *sent)
{
	const char *key;
	json_t *member;
	if (!json_is_object(answer))
		return;
	json_object_foreach((json_t *)(uintptr_t)play_part(v->act, "answer_members"), key, member) {
		const char *words = json_string_value(member);
		json_t *value = words && strcmp(words, "$sent") == 0 && sent
				    ? json_deep_copy(sent)
				    : answer_fill(v, member, id);
		if (*key == '/')
			pointer_set(answer, key, value);
		else
			json_object_set_new(answer, key, value);
	}
}

/* Someone else than was asked for, where a fault wants that. */
static const struct record *found_locked(struct visit *v)
{
	const struct record *record = v->id ? store_find_locked(v->g->store, v->id) : NULL;
	if (record && v->fault->kind == FAULT_WRONG_USER)
		record = store_at_locked(v->g->store,
					 record == store_at_locked(v->g->store, 0) ? 1 : 0);
	return record;
}

static struct record *by_email_locked(struct visit *v)
{
	return v->id && play_is(v->act, "id_as", "email", "id")
		   ? store_email_locked(v->g->store, v->id, NULL)
		   : NULL;
}

void answer_item(struct visit *v)
{
	enum item_gets gets = settings_get(v->g->settings).item_gets;
	if (gets != ITEMS_SERVED) {
		error_reply(v, gets == ITEMS_404 ? "route" : "method", NULL, NULL);
		return;
	}
	store_lock(v->g->store);
	record_moment_locked(v, false);
	const struct record *record = found_locked(v);
	if (!record)
		record = by_email_locked(v);
	if (record) {
		json_t *stored = record_json(record);
		json_t *shown = record_shown(v, stored, false);
		json_t *answer = pointer_wrap(play_word(v->act, "answer_at", ""), shown);
		add_members(v, answer, NULL, NULL);
		answer_json(v, 200, answer);
		answer_etag(v, record);
		json_decref(stored);
	} else {
		error_reply(v, "not_found", NULL, NULL);
	}
	v->g->times.before = false;
	v->g->times.at = 0;
	store_unlock(v->g->store);
}

/* Only what was sent, with the id. */
static json_t *changed_part(const json_t *shown, const json_t *sent, const char *id_at)
{
	json_t *part = json_object();
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)sent, key, value) {
		const json_t *now = json_object_get(shown, key);
		if (now)
			json_object_set_new(part, key, json_deep_copy(now));
	}
	if (id_at && pointer_get(shown, id_at))
		pointer_set(part, id_at, json_deep_copy(pointer_get(shown, id_at)));
	return part;
}

/* The kinds of answer that have no record of their own. */
static json_t *bare_answer(const char *kind, const json_t *id)
{
	if (strcmp(kind, "true") == 0)
		return json_true();
	if (strcmp(kind, "id") == 0)
		return json_pack("{s:O}", "id", id);
	return json_object();
}

static void add_location(struct visit *v, const char *id)
{
	const char *form = play_word(v->act, "location", "none");
	const json_t *items = play_part(v->g->play, "items");
	const char *route = strchr(play_word(json_array_get(items, 0), "route", "GET /{id}"), ' ');
	const char *mark = strchr(route, '{');
	if (strcmp(form, "none") == 0 || !mark)
		return;
	struct text below = {0};
	struct text url = {0};
	text_add(&below, route + 1, (size_t)(mark - route - 1));
	text_fmt(&below, "%s%s", id, strchr(mark, '}') + 1);
	answer_url(v, form, NULL, below.data, &url);
	reply_header(v->reply, "Location", "%s", url.data);
	text_free(&below);
	text_free(&url);
}

void answer_change(struct visit *v, const json_t *old, const json_t *new, const json_t *sent)
{
	const char *kind = play_word(v->act, "answer", "record");
	bool nothing = old && json_equal(old, new) && play_is(v->act, "no_op", "none", "as_change");
	if (strcmp(kind, "none") == 0 || nothing)
		kind = "none";
	if (v->fault->kind == FAULT_NOT_APPLIED && old && strcmp(kind, "record") == 0)
		kind = "old";
	const char *id_at = record_field(v->g, "id");
	const json_t *id = pointer_get(new, id_at ? id_at : "/id");
	bool empty = strcmp(kind, "none") == 0;
	long status = nothing ? 204 : play_number(v->act, "status", empty ? 204 : old ? 200 : 201);
	if (empty) {
		answer_empty(v, (unsigned)status);
	} else {
		json_t *shown = record_shown(v, strcmp(kind, "old") == 0 && old ? old : new, false);
		json_t *answer = NULL;
		if (strcmp(kind, "changed") == 0)
			answer = changed_part(shown, sent, id_at);
		else if (strcmp(kind, "record") == 0 || strcmp(kind, "old") == 0)
			answer = json_incref(shown);
		else
			answer = bare_answer(kind, id);
		json_decref(shown);
		answer = pointer_wrap(play_word(v->act, "answer_at", ""), answer);
		add_members(v, answer, id, sent);
		answer_json(v, (unsigned)status, answer);
	}
	if (v->id)
		add_location(v, v->id);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * generic_errors: errors in the shape that the play gives them.
 *
 * A shape is JSON in which texts (and names of members) are filled in: $words, $code, $field,
 * $status_text, $body (the request's own body, as careless vendors quote it); a value "$status" is
 * the number. A shape that is a text is sent as it is, null is an empty body.
 *
 * It must not know why a request is refused.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "generic_parts.h"

struct kind {
	const char *name;
	unsigned status;
	const char *words;
};

static const struct kind kinds[] = {
    {"route", 404, "There is nothing at this path."},
    {"method", 405, "Method not allowed."},
    {"media", 415, "Unsupported media type."},
    {"json", 400, "The body is not valid JSON."},
    {"envelope", 400, "The body lacks what must be around the members."},
    {"invalid", 400, "That value is not valid."},
    {"required", 400, "This field is required."},
    {"unknown", 400, "Unknown field."},
    {"readonly", 400, "This field cannot be changed."},
    {"taken", 409, "That address is in use."},
    {"not_found", 404, "Not found."},
    {"state", 409, "Not possible in the present state."},
    {"precondition", 412, "The precondition failed."},
    {"no_tag", 412, "If-Match is required."},
    {"auth", 401, "Invalid credentials."},
    {"no_credentials", 401, "Authentication is required."},
    {"grant", 401, "Invalid client or grant."},
    {"page", 400, "The paging parameters are not valid."},
    {"parameter", 400, "That parameter is not valid."},
    {"past_end", 404, "Invalid page."},
    {"cursor", 400, "That cursor is not valid."},
    {"ceiling", 400, "Too far into the list."},
    {"header", 400, "A required header is missing."},
    {"limited", 429, "Too many requests."},
    {"path", 400, "Unknown path."},
    {"no_target", 400, "The path matches nothing."},
    {"filter", 400, "That filter is not supported."},
    {"crash", 500, "Internal server error."},
    {"other", 400, "The request is not valid."},
};

static const struct kind *kind_of(const char *name)
{
	const size_t count = sizeof kinds / sizeof *kinds;
	for (size_t i = 0; i < count; i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return &kinds[count - 1];
}

struct filling {
	const char *words, *code, *field, *body;
	unsigned status;
};

static char *fill_text(const char *form, const struct filling *with)
{
	char status[16];
	snprintf(status, sizeof status, "%u", with->status);
	const char *const names[] = {"$words", "$code", "$field", "$status_text", "$body"};
	const char *const values[] = {with->words, with->code, with->field, status, with->body};
	struct text text = {0};
	text_str(&text, "");
	while (*form) {
		size_t i = 0;
		while (i < 5 && strncmp(form, names[i], strlen(names[i])) != 0)
			i++;
		if (i < 5) {
			text_str(&text, values[i]);
			form += strlen(names[i]);
		} else {
			text_add(&text, form++, 1);
		}
	}
	return text.data;
}

static json_t *fill(const json_t *shape, const struct filling *with)
{
	const char *form = json_string_value(shape);
	if (form && strcmp(form, "$status") == 0)
		return json_integer(with->status);
	if (form) {
		char *text = fill_text(form, with);
		json_t *filled = json_string(text);
		free(text);
		return filled ? filled : json_null();
	}
	if (json_is_array(shape)) {
		json_t *filled = json_array();
		for (size_t i = 0; i < json_array_size(shape); i++)
			json_array_append_new(filled, fill(json_array_get(shape, i), with));
		return filled;
	}
	if (!json_is_object(shape))
		return json_deep_copy(shape);
	json_t *filled = json_object();
	const char *key;
	json_t *member;
	json_object_foreach((json_t *)(uintptr_t)shape, key, member) {
		char *name = fill_text(key, with);
		json_object_set_new(filled, name, fill(member, with));
		free(name);
	}
	return filled;
}

static void send(const struct generic *g, struct reply *reply, const json_t *kind,
		 const struct filling *with)
{
	const json_t *errors = play_part(g->play, "errors");
	const json_t *shape = play_part(kind, "shape");
	if (!shape)
		shape = play_part(errors, "shape");
	const char *type = play_word(kind, "type", play_word(errors, "type", NULL));
	if (!type)
		type = play_word(play_part(g->play, "http"), "type", "application/json");
	json_t *filled = shape ? fill(shape, with) : NULL;
	const char *raw = json_string_value(filled);
	if (!shape)
		reply_json(reply, with->status, json_pack("{s:s}", "message", with->words));
	else if (json_is_null(shape))
		reply_raw(reply, with->status, type, "");
	else if (raw)
		reply_raw(reply, with->status, *raw == '<' ? "text/html; charset=utf-8" : type,
			  raw);
	else
		reply_json(reply, with->status, json_incref(filled));
	if (shape && !raw)
		reply->type = type;
	json_decref(filled);
	answer_headers(reply, play_part(kind, "headers"));
}

static void report(const struct generic *g, struct reply *reply, const char *name,
		   const char *field, const char *words, const char *body, unsigned status)
{
	const struct kind *base = kind_of(name);
	const json_t *errors = play_part(g->play, "errors");
	const json_t *kind = play_part(play_part(errors, "kinds"), name);
	struct filling with = {
	    .words = play_word(kind, "words", words ? words : base->words),
	    .code = play_word(kind, "code", name),
	    .field = field ? field : "",
	    .body = body,
	    .status = status ? status : base->status,
	};
	long own = play_number(kind, "status", play_number(errors, "status", 0));
	if (own)
		with.status = (unsigned)own;
	send(g, reply, kind, &with);
}

void error_reply(struct visit *v, const char *kind, const char *field, const char *words)
{
	const struct text *body = &v->request->body;
	report(v->g, v->reply, kind, field, words, body->data ? body->data : "", 0);
}

void error_status(struct generic *g, struct reply *reply, unsigned status, const char *words)
{
	const char *name = "other";
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (kinds[i].status == status && (status != 400 && status != 401 && status != 409))
			name = kinds[i].name;
	if (status == 401)
		name = "auth";
	report(g, reply, name, NULL, status == 429 ? NULL : words, "", status);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * generic_body: what a request brings.
 *
 * It must not know what the members mean.
 */
#include "generic_body.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/sandbox/document.h"

bool body_is(const struct request *request, const char *media)
{
	const char *type = request_header(request, "Content-Type");
	size_t len = strlen(media);
	return type && strncasecmp(type, media, len) == 0 &&
	       (!type[len] || strchr("; ", type[len]));
}

static void form_decode(char *words)
{
	for (char *c = words; *c; c++)
		if (*c == '+')
			*c = ' ';
	request_decode(words);
}

/* Put a value where its name says: a, or a[b][c]. */
static void form_put(json_t *form, const char *name, const char *value)
{
	struct text pointer = {0};
	text_str(&pointer, "/");
	for (const char *c = name; *c; c++) {
		if (*c == '[')
			text_str(&pointer, "/");
		else if (*c != ']')
			text_add(&pointer, c, 1);
	}
	json_t *words = json_string(value);
	pointer_set(form, pointer.data, words ? words : json_null());
	text_free(&pointer);
}

static json_t *form_json(const struct text *body)
{
	json_t *form = json_object();
	char *words = text_copy(body->data ? body->data : "", body->len);
	char *rest = words;
	for (char *pair = strtok_r(words, "&", &rest); pair; pair = strtok_r(NULL, "&", &rest)) {
		char *value = strchr(pair, '=');
		if (value)
			*value++ = '\0';
		form_decode(pair);
		if (value)
			form_decode(value);
		form_put(form, pair, value ? value : "");
	}
	free(words);
	return form;
}

json_t *body_peek(const struct request *request)
{
	if (body_is(request, "application/x-www-form-urlencoded"))
		return form_json(&request->body);
	const char *bytes = request->body.data ? request->body.data : "";
	return json_loadb(bytes, request->body.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
}

/* Whether the part takes the body's media type. */
static bool media_taken(const struct visit *v)
{
	const json_t *media = play_part(v->act, "media");
	if (!media)
		return body_is(v->request, "application/json");
	for (size_t i = 0; i < json_array_size(media); i++)
		if (body_is(v->request, json_string_value(json_array_get(media, i))))
			return true;
	return false;
}

json_t *body_take(struct visit *v, bool *ignored)
{
	*ignored = false;
	if (v->request->body.len && !media_taken(v)) {
		*ignored = play_is(v->act, "other_media", "ignored", "refused");
		if (play_is(v->act, "other_media", "crash", "refused"))
			error_reply(v, "crash", NULL, NULL);
		else if (play_is(v->act, "other_media", "refused", "refused"))
			error_reply(v, "media", NULL, NULL);
		if (*ignored || v->reply->status)
			return NULL;
	}
	json_t *body = v->request->body.len ? body_peek(v->request) : json_object();
	if (!json_is_object(body) && !json_is_array(body)) {
		error_reply(v, "json", NULL, NULL);
		json_decref(body);
		return NULL;
	}
	return body;
}

/* Check what must stand in the body beside the members; a value of "$id" is the one of the path. */
static bool needs_met(struct visit *v, const json_t *body)
{
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)play_part(v->act, "needs"), key, value) {
		const json_t *given = pointer_get(body, key);
		const char *wanted = json_string_value(value);
		const char *words = json_string_value(given);
		bool good = given && (json_equal(given, value) || (wanted && !*wanted));
		if (!good && wanted && strcmp(wanted, "$id") == 0 && v->id)
			good = words ? strcmp(words, v->id) == 0
				     : json_is_integer(given) &&
					   json_integer_value(given) == strtoll(v->id, NULL, 10);
		if (!good) {
			error_reply(v, "envelope", key + (*key == '/'), NULL);
			return false;
		}
	}
	return true;
}

json_t *body_unwrap(struct visit *v, const json_t *body, bool *ignored)
{
	*ignored = false;
	if (!needs_met(v, body))
		return NULL;
	const json_t *inner = pointer_get(body, play_word(v->act, "envelope", ""));
	if (!json_is_object(inner)) {
		*ignored = play_is(v->act, "unwrapped", "ignored", "refused");
		if (play_is(v->act, "unwrapped", "taken", "refused") && json_is_object(body))
			return json_deep_copy(body);
		if (!*ignored)
			error_reply(v,
				    play_is(v->act, "unwrapped", "crash", "refused") ? "crash"
										     : "envelope",
				    NULL, NULL);
		return NULL;
	}
	return json_deep_copy(inner);
}

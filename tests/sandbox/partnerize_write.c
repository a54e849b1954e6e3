/* SPDX-License-Identifier: Apache-2.0 */
/*
 * partnerize_write: creating, changing and deleting a Partnerize user.
 *
 * The guide's warning is taken at its worst: what a PUT leaves out is reset, and its answer shows
 * only what changed. A client that loses a field, or believes an answer without looking, is found
 * out here.
 *
 * It must not know about latency, stalls and broken answers.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "document.h"
#include "etag.h"
#include "partnerize_parts.h"

/* The body as an object, or NULL with the reply set. */
static json_t *read_body(const struct request *request, struct reply *reply)
{
	const char *type = request_header(request, "Content-Type");
	size_t len = type ? strcspn(type, "; \t") : 0;
	if (len != strlen("application/json") || strncasecmp(type, "application/json", len) != 0) {
		partnerize_error(reply, 415, "Content-Type must be application/json.");
		return NULL;
	}
	char why[128];
	const char *bytes = request->body.data ? request->body.data : "";
	json_t *body = document_parse(bytes, request->body.len, why, sizeof why);
	if (!body)
		partnerize_error(reply, 400, "Bad request: %s.", why);
	return body;
}

/* A vendor that stores something other than what it was sent. */
static void normalise(json_t *body, const struct fault *fault)
{
	if (fault->body && strcmp(fault->body, "tidy") == 0) {
		document_tidy(body);
		return;
	}
	static const char *const names[] = {"firstname", "lastname"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const json_t *value = json_object_get(body, names[i]);
		if (!json_is_string(value))
			continue;
		char *upper = text_copy(json_string_value(value), json_string_length(value));
		for (char *c = upper; *c; c++)
			*c = (char)toupper((unsigned char)*c);
		json_object_set_new(body, names[i], json_string(upper));
		free(upper);
	}
}

/* Empty answers have no body at all; everything else is {"user":...}. */
static void reply_user(const struct partnerize *p, struct reply *reply, unsigned status,
		       json_t *user)
{
	reply_raw(reply, status, "application/json", "{\"user\":");
	user_show_json(p, user, &reply->body);
	text_str(&reply->body, "}");
}

static void taken(const struct partnerize *p, const json_t *body, struct reply *reply)
{
	/* The vendor's own error table has no 409: there a duplicate is a validation error. */
	partnerize_error(reply, p->options.profile == PROFILE_GUIDE ? 409 : 400,
			 "A user with the email %s already exists.",
			 json_string_value(json_object_get(body, "email")));
}

/* The user a POST makes, and its id. New reference. */
static json_t *made_user_locked(struct partnerize *p, json_t *body, char id[USER_ID_MOST])
{
	do
		user_id(p, p->next++, id);
	while (store_find_locked(p->store, id));
	json_t *user = user_new(p, id);
	const char *field;
	json_t *value;
	json_object_foreach(body, field, value) {
		/* Role, timezone and locale are set by a PUT afterwards, says the guide's
		 * provisioning flow. */
		bool later = strcmp(field, "status") == 0 || strcmp(field, "role") == 0 ||
			     strcmp(field, "timezone") == 0 || strcmp(field, "locale") == 0;
		if (!later && strcmp(field, "password") != 0)
			json_object_set(user, field, value);
	}
	return user;
}

void partnerize_create(struct partnerize *p, const struct request *request,
		       const struct fault *fault, struct reply *reply)
{
	char why[160];
	json_t *body = read_body(request, reply);
	if (!body)
		return;
	if (!user_check(p, body, true, why, sizeof why)) {
		partnerize_error(reply, 400, "Validation failed: %s.", why);
		json_decref(body);
		return;
	}
	if (fault->kind == FAULT_NORMALISE)
		normalise(body, fault);
	if (settings_get(p->options.settings).trim)
		document_trim(body);
	store_lock(p->store);
	const char *email = document_email(json_object_get(body, "email"));
	if (email && store_email_locked(p->store, email, NULL)) {
		taken(p, body, reply);
	} else {
		char id[USER_ID_MOST];
		json_t *user = made_user_locked(p, body, id);
		if (fault->kind != FAULT_NOT_APPLIED)
			record_password_changed(user_add_locked(p, id, user));
		reply_user(p, reply, p->options.profile == PROFILE_GUIDE ? 201 : 200, user);
		json_decref(user);
	}
	store_unlock(p->store);
	json_decref(body);
}

/* The user that an update leaves behind. New reference. */
static json_t *updated_user(const struct partnerize *p, json_t *old, json_t *body)
{
	bool replace = p->options.profile == PROFILE_GUIDE;
	json_t *user = json_object();
	const char *field;
	json_t *value;
	json_object_foreach(old, field, value) {
		json_t *sent = json_object_get(body, field);
		if (!sent && replace && !user_is_system(p, field))
			json_object_set_new(user, field, user_default(field));
		else
			json_object_set(user, field, sent ? sent : value);
	}
	json_object_foreach(body, field, value) {
		if (strcmp(field, "password") != 0)
			json_object_set(user, field, value);
	}
	if (json_is_null(json_object_get(user, "role")))
		json_object_set_new(user, "role", user_default("role"));
	return user;
}

/* As in the guide's example: the id, and of the fields that were sent those that changed. */
static void reply_changed(struct reply *reply, json_t *old, json_t *user, json_t *body)
{
	json_t *shown = json_object();
	json_object_set(shown, "user_id", json_object_get(user, "user_id"));
	const char *field;
	json_t *value;
	json_object_foreach(body, field, value) {
		json_t *now = json_object_get(user, field);
		if (now && !json_equal(now, json_object_get(old, field)))
			json_object_set(shown, field, now);
	}
	reply_json(reply, 200, json_pack("{s:o}", "user", shown));
}

static void reply_updated(struct partnerize *p, struct reply *reply, json_t *old, json_t *user,
			  json_t *body)
{
	switch (settings_get(p->options.settings).put_answer) {
	case PUT_CHANGED:
		reply_changed(reply, old, user, body);
		break;
	case PUT_FULL:
		reply_user(p, reply, 200, user);
		break;
	case PUT_EMPTY:
		reply_raw(reply, 204, NULL, "");
		break;
	case PUT_OLD:
		reply_user(p, reply, 200, old);
		break;
	case PUT_UNSTAMPED:
		json_object_del(user, "updated_at");
		reply_user(p, reply, 200, user);
		break;
	}
}

/* False with the reply set: the ETag demanded is missing or another one. */
static bool matches(struct partnerize *p, const struct request *request,
		    const struct record *record, struct reply *reply)
{
	struct settings_values settings = settings_get(p->options.settings);
	enum etag_verdict verdict = etag_check(&settings, request, record_version(record));
	if (verdict == ETAG_PASSES)
		return true;
	partnerize_error(reply, 412, "%s",
			 verdict == ETAG_OTHER ? "The user has changed since that version was read."
					       : "If-Match with the user's ETag is required.");
	return false;
}

static void update_locked(struct partnerize *p, struct record *record, json_t *body,
			  const struct fault *fault, struct reply *reply)
{
	if (fault->kind == FAULT_NOT_APPLIED) {
		json_t *unchanged = user_parse(record);
		reply_user(p, reply, 200, unchanged);
		json_decref(unchanged);
		return;
	}
	if (fault->kind == FAULT_NORMALISE)
		normalise(body, fault);
	if (settings_get(p->options.settings).trim)
		document_trim(body);
	json_t *old = user_parse(record);
	json_t *user = updated_user(p, old, body);
	bool password = json_object_get(body, "password") != NULL;
	if (password)
		record_password_changed(record);
	if (password || !json_equal(old, user)) {
		user_touch(p, user);
		user_save_locked(p, record, user);
	}
	if (fault->kind == FAULT_WRONG_USER) {
		bool first = record == store_at_locked(p->store, 0);
		json_t *other = user_parse(store_at_locked(p->store, first ? 1 : 0));
		reply_user(p, reply, 200, other);
		json_decref(other);
	} else {
		reply_updated(p, reply, old, user, body);
	}
	json_decref(old);
	json_decref(user);
}

void partnerize_update(struct partnerize *p, const struct request *request, const char *id,
		       const struct fault *fault, struct reply *reply)
{
	char why[160];
	json_t *body = read_body(request, reply);
	if (!body)
		return;
	/* The 2020 blueprint has the id in the body as well, and must have it in a POST. */
	json_t *own_id = user_id_json(p, id);
	bool nameless = p->options.profile == PROFILE_DOCUMENTS &&
			strcmp(request->method, "POST") == 0 && !json_object_get(body, "user_id");
	if (p->options.profile == PROFILE_DOCUMENTS &&
	    json_equal(own_id, json_object_get(body, "user_id")))
		json_object_del(body, "user_id");
	json_decref(own_id);
	bool good = user_check(p, body, false, why, sizeof why);
	store_lock(p->store);
	struct record *record = store_find_locked(p->store, id);
	const char *email = document_email(json_object_get(body, "email"));
	if (!record)
		partnerize_error(reply, 404, "User not found.");
	else if (nameless)
		partnerize_error(reply, 400, "Validation failed: user_id is required.");
	else if (!good)
		partnerize_error(reply, 400, "Validation failed: %s.", why);
	else if (email && store_email_locked(p->store, email, record))
		taken(p, body, reply);
	else if (matches(p, request, record, reply))
		update_locked(p, record, body, fault, reply);
	store_unlock(p->store);
	json_decref(body);
}

void partnerize_delete(struct partnerize *p, const char *id, const struct fault *fault,
		       struct reply *reply)
{
	store_lock(p->store);
	struct record *record = store_find_locked(p->store, id);
	if (record && fault->kind != FAULT_NOT_APPLIED)
		store_remove_locked(p->store, record);
	store_unlock(p->store);
	if (record)
		reply_raw(reply, 200, "application/json",
			  "{\"status\":\"success\",\"message\":\"User deleted.\"}");
	else
		partnerize_error(reply, 404, "User not found.");
}

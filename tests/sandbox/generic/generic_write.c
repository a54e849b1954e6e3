/* SPDX-License-Identifier: Apache-2.0 */
/*
 * generic_write: requests that change, make or delete a user.
 *
 * It must not know how a member is written: that is generic_apply.c's.
 */
#include <stdlib.h>
#include <string.h>

#include "generic_body.h"
#include "generic_parts.h"

static struct record *named_locked(struct visit *v)
{
	if (!v->id)
		return NULL;
	struct record *record = store_find_locked(v->g->store, v->id);
	if (record || !play_is(v->act, "id_as", "email", "id"))
		return record;
	return store_email_locked(v->g->store, v->id, NULL);
}

/* Whether the address belongs to another user, and the vendor minds. */
static bool is_taken_locked(struct visit *v, const json_t *record, const struct record *own)
{
	const char *email = record_email(v->g, record);
	return !play_is(v->act, "taken", "allowed", "refused") && email &&
	       store_email_locked(v->g->store, email, own);
}

/* Count what became of a password. */
static void watch_password(struct visit *v, struct record *record, const json_t *sent,
			   const json_t *new)
{
	const char *at = record_field(v->g, "password");
	if (!at)
		return;
	if (json_is_string(pointer_get(sent, at)))
		record_password_changed(record);
	else if (!pointer_get(new, at))
		record_password_lost(record);
}

static void store_new_locked(struct visit *v, const json_t *sent)
{
	struct generic *g = v->g;
	char id[GENERIC_ID_MOST];
	const char *id_at = record_field(g, "id");
	json_t *record = apply_body(v, NULL, sent);
	if (!record)
		return;
	const char *given = v->id;
	do {
		if (given)
			snprintf(id, sizeof id, "%s", given);
		else
			record_id_of(g, g->next++, id);
	} while (!given && store_find_locked(g->store, id));
	pointer_set(record, id_at, record_id_value(g, id));
	const char *at = record_field(g, "created");
	const json_t *fields = play_part(g->play, "fields");
	if (at)
		pointer_set(record, at,
			    record_now(g, play_word(play_part(fields, at), "form", "iso")));
	record_touch(g, record);
	if (is_taken_locked(v, record, NULL)) {
		const char *email = record_email(g, record);
		const struct record *other = store_email_locked(g->store, email, NULL);
		if (play_is(v->act, "taken", "existing", "refused")) {
			json_t *there = record_json(other);
			answer_json(v, 200,
				    pointer_wrap(play_word(v->act, "answer_at", ""),
						 record_shown(v, there, false)));
			json_decref(there);
		} else {
			error_reply(v, "taken", record_field(g, "email") + 1, NULL);
		}
	} else {
		if (!play_is(v->act, "stores", "nothing", "all"))
			record_add_locked(g, id, record);
		if (!v->id)
			v->id = text_copy(id, strlen(id));
		answer_change(v, NULL, record, sent);
	}
	json_decref(record);
}

void write_create(struct visit *v)
{
	bool ignored = false;
	json_t *body = body_take(v, &ignored);
	json_t *sent = body ? body_unwrap(v, body, &ignored) : NULL;
	if (sent) {
		sent = pointer_wrap(play_word(v->act, "into", ""), sent);
		store_lock(v->g->store);
		store_new_locked(v, sent);
		store_unlock(v->g->store);
	} else if (ignored) {
		answer_json(v, 200, json_object());
	}
	json_decref(sent);
	json_decref(body);
}

/* Store what came of a change, unless the vendor lies. */
static void keep_locked(struct visit *v, struct record *record, json_t *old, json_t *new,
			const json_t *sent)
{
	if (is_taken_locked(v, new, record)) {
		error_reply(v, "taken", record_field(v->g, "email") + 1, NULL);
		return;
	}
	bool same = json_equal(old, new);
	bool lies = v->fault->kind == FAULT_NOT_APPLIED ||
		    play_is(v->act, "stores", "nothing", "all");
	if (!same && !lies)
		record_touch(v->g, new);
	if (!same && !lies)
		record_save_locked(v->g, record, new);
	if (!lies)
		watch_password(v, record, sent, new);
	answer_change(v, old, new, sent);
	if (v->reply->status < 300)
		answer_etag(v, record);
	if (!lies && status_removes(v->g, new))
		store_remove_locked(v->g->store, record);
}

static void change_locked(struct visit *v, struct record *record)
{
	bool ignored = false;
	json_t *old = record_json(record);
	json_t *body = answer_if_match(v, record) ? body_take(v, &ignored) : NULL;
	json_t *sent = body ? body_unwrap(v, body, &ignored) : NULL;
	const char *into = play_word(v->act, "into", "");
	json_t *new = NULL;
	if (sent)
		sent = pointer_wrap(into, sent);
	if (sent && play_is(v->act, "how", "patchop", "merge"))
		new = patch_apply(v, old, sent);
	else if (sent)
		new = apply_body(v, old, sent);
	if (new)
		keep_locked(v, record, old, new, sent);
	else if (ignored)
		answer_change(v, old, old, NULL);
	json_decref(new);
	json_decref(sent);
	json_decref(body);
	json_decref(old);
}

/* A change of a user that is not there. */
static void change_missing_locked(struct visit *v)
{
	bool ignored = false;
	const char *habit = play_word(v->act, "missing", "error");
	const char *match = request_header(v->request, "If-Match");
	if (strcmp(habit, "done") == 0) {
		answer_empty(v, 204);
	} else if (strcmp(habit, "created") == 0 && match) {
		error_reply(v, "precondition", NULL, NULL);
	} else if (strcmp(habit, "created") == 0) {
		json_t *body = body_take(v, &ignored);
		json_t *sent = body ? body_unwrap(v, body, &ignored) : NULL;
		if (sent)
			store_new_locked(v, sent);
		if (v->reply->status && v->reply->status < 300)
			v->reply->status = (unsigned)play_number(v->act, "created_status", 201);
		json_decref(sent);
		json_decref(body);
	} else {
		error_reply(v, "not_found", NULL, NULL);
	}
}

void write_change(struct visit *v)
{
	store_lock(v->g->store);
	struct record *record = named_locked(v);
	const char *none = request_header(v->request, "If-None-Match");
	bool guarded = none && strcmp(none, "*") == 0 && play_is(v->act, "missing", "created", "");
	if (record && guarded)
		error_reply(v, "precondition", NULL, NULL);
	else if (record)
		change_locked(v, record);
	else
		change_missing_locked(v);
	store_unlock(v->g->store);
}

/* What a deletion leaves. */
static void deactivate_locked(struct visit *v, struct record *record, const char *to)
{
	json_t *old = record_json(record);
	json_t *new = json_deep_copy(old);
	status_put(v->g, new, to);
	record_touch(v->g, new);
	record_save_locked(v->g, record, new);
	answer_change(v, old, new, NULL);
	json_decref(old);
	json_decref(new);
}

static void hide_locked(struct visit *v, struct record *record)
{
	json_t *old = record_json(record);
	json_t *new = json_deep_copy(old);
	if (!json_object_get(old, HIDDEN_MEMBER))
		v->g->hidden++;
	json_object_set_new(new, HIDDEN_MEMBER, json_true());
	record_save_locked(v->g, record, new);
	answer_change(v, old, new, NULL);
	json_decref(old);
	json_decref(new);
}

static void delete_locked(struct visit *v, struct record *record)
{
	const char *kind = play_word(v->act, "kind", "hard");
	const char *to = play_word(v->act, "to", "");
	json_t *old = record_json(record);
	const char *state = status_of(v->g, old);
	bool there = state && strcmp(state, to) == 0;
	if (!status_among(v->g, play_part(v->act, "from"), old)) {
		error_reply(v, "state", NULL, NULL);
	} else if (strcmp(kind, "hides") == 0) {
		hide_locked(v, record);
	} else if (strcmp(kind, "deactivates") == 0 && there &&
		   play_is(v->act, "again", "error", "done")) {
		error_reply(v, "not_found", NULL, NULL);
	} else if (strcmp(kind, "deactivates") == 0 || (strcmp(kind, "two_steps") == 0 && !there)) {
		deactivate_locked(v, record, to);
	} else {
		store_remove_locked(v->g->store, record);
		answer_change(v, old, old, NULL);
	}
	json_decref(old);
}

void write_delete(struct visit *v)
{
	store_lock(v->g->store);
	struct record *record = named_locked(v);
	if (!record && play_is(v->act, "again", "done", "error")) {
		answer_empty(v, 204);
	} else if (!record) {
		error_reply(v, "not_found", NULL, NULL);
	} else if (answer_if_match(v, record)) {
		delete_locked(v, record);
	}
	store_unlock(v->g->store);
}

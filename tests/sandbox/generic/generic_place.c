/* SPDX-License-Identifier: Apache-2.0 */
/*
 * generic_place: what users are members of: groups, teams, rooms.
 *
 * The members stand inside of the place's record, or in a list of their own.
 *
 * It must not know what a user looks like.
 */
#include <stdlib.h>
#include <string.h>

#include "generic_body.h"
#include "generic_parts.h"
#include "tests/sandbox/document.h"

static const json_t *places_part(const struct generic *g)
{
	return play_part(g->play, "places");
}

static const char *members_at(const struct generic *g)
{
	return play_word(places_part(g), "members", "/" PLACE_MEMBERS);
}

/* Whether members are listed by the user's id alone, or each is an object. */
static const char *member_at(const struct generic *g)
{
	return play_part(places_part(g), "members") ? play_word(places_part(g), "member", "") : "";
}

static json_t *members_of(const struct generic *g, json_t *place)
{
	json_t *members = pointer_get(place, members_at(g));
	if (!members) {
		members = json_array();
		pointer_set(place, members_at(g), members);
	}
	return members;
}

/* The place of a user in the list of members; SIZE_MAX: none. */
static size_t find_member(const struct generic *g, const json_t *members, const char *id)
{
	for (size_t i = 0; i < json_array_size(members); i++) {
		const json_t *own = pointer_get(json_array_get(members, i), member_at(g));
		const char *words = json_string_value(own);
		if (words
			? strcmp(words, id) == 0
			: json_is_integer(own) && json_integer_value(own) == strtoll(id, NULL, 10))
			return i;
	}
	return SIZE_MAX;
}

static void add_member(const struct generic *g, json_t *members, const char *id)
{
	/* A list of its own names members by text, as the store does. */
	json_t *value = play_part(places_part(g), "members") ? record_id_value(g, id)
							     : json_string(id);
	json_array_append_new(members, pointer_wrap(member_at(g), value));
}

static json_t *seed_place(const struct generic *g, long number, char id[GENERIC_ID_MOST])
{
	const json_t *part = places_part(g);
	bool numbers = play_is(part, "ids", "numbers", "text");
	long many = play_number(part, "many", 6);
	json_t *place = json_object();
	struct text name = {0};
	const char *key;
	json_t *value;
	snprintf(id, GENERIC_ID_MOST, "%s%ld", numbers ? "" : "g", number);
	text_fmt(&name, "Group %ld", number);
	pointer_set(place, play_word(part, "id", "/id"),
		    numbers ? json_integer(number) : json_string(id));
	pointer_set(place, play_word(part, "name", "/name"), json_string(name.data));
	json_object_foreach((json_t *)(uintptr_t)play_part(part, "fields"), key, value)
		pointer_set(place, key, json_deep_copy(value));
	json_t *members = members_of(g, place);
	for (size_t i = 0; i < store_count_locked(g->store); i++)
		if ((long)(i % (size_t)many) + 1 == number ||
		    (long)(i / 3 % (size_t)many) + 1 == number)
			add_member(g, members, record_id(store_at_locked(g->store, i)));
	text_free(&name);
	return place;
}

void place_seed_locked(struct generic *g)
{
	if (!places_part(g))
		return;
	for (long i = 1; i <= play_number(places_part(g), "many", 6); i++) {
		char id[GENERIC_ID_MOST];
		json_t *place = seed_place(g, i, id);
		char *text = document_text(place, false);
		store_add_locked(g->places, id, NULL, text, strlen(text));
		free(text);
		json_decref(place);
	}
}

static struct record *named_locked(struct visit *v)
{
	struct record *record = v->place ? store_find_locked(v->g->places, v->place) : NULL;
	if (!record)
		error_reply(v, "not_found", NULL, NULL);
	return record;
}

static void save_locked(struct visit *v, struct record *record, json_t *place)
{
	char *text = document_text(place, false);
	store_change_locked(v->g->places, record, NULL, text, strlen(text));
	free(text);
}

static void answer_place(struct visit *v, json_t *place)
{
	const char *kind = play_word(v->act, "answer", "record");
	unsigned status = (unsigned)play_number(v->act, "status",
						strcmp(kind, "none") == 0 ? 204 : 200);
	json_t *shown = json_deep_copy(place);
	json_object_del(shown, PLACE_MEMBERS);
	if (strcmp(kind, "none") == 0) {
		answer_empty(v, status);
	} else if (strcmp(kind, "object") == 0) {
		answer_json(v, status, json_object());
	} else {
		answer_json(v, status,
			    pointer_wrap(play_word(v->act, "answer_at", ""), json_incref(shown)));
	}
	json_decref(shown);
}

void place_list(struct visit *v)
{
	list_answer(v, &(struct listing){.store = v->g->places});
}

void place_item(struct visit *v)
{
	store_lock(v->g->store);
	record_moment_locked(v, false);
	const struct record *record = named_locked(v);
	if (record) {
		json_t *place = record_json(record);
		answer_place(v, place);
		json_decref(place);
	}
	v->g->times.before = false;
	v->g->times.at = 0;
	store_unlock(v->g->store);
}

/* The ids of the members as texts, new. */
static json_t *member_ids(const struct generic *g, json_t *place)
{
	json_t *ids = json_array();
	const json_t *members = members_of(g, place);
	for (size_t i = 0; i < json_array_size(members); i++) {
		const json_t *own = pointer_get(json_array_get(members, i), member_at(g));
		char number[32];
		snprintf(number, sizeof number, "%lld", (long long)json_integer_value(own));
		const char *words = json_string_value(own);
		json_array_append_new(ids, json_string(words ? words : number));
	}
	return ids;
}

void place_members(struct visit *v)
{
	store_lock(v->g->store);
	const struct record *record = named_locked(v);
	json_t *place = record ? record_json(record) : NULL;
	json_t *ids = place ? member_ids(v->g, place) : NULL;
	store_unlock(v->g->store);
	if (ids)
		list_answer(v, &(struct listing){.store = v->g->store,
						 .members = ids,
						 .users = true,
						 .ids = play_flag(v->act, "short_rows", false)});
	json_decref(place);
	json_decref(ids);
}

/* Put a user into the place or out of it. */
static void turn(struct visit *v, bool joins)
{
	bool ignored = false;
	json_t *body = body_take(v, &ignored);
	if (!body && !ignored)
		return;
	store_lock(v->g->store);
	struct record *record = named_locked(v);
	json_t *place = record ? record_json(record) : NULL;
	if (place && (!v->id || !store_find_locked(v->g->store, v->id))) {
		error_reply(v, "not_found", NULL, NULL);
	} else if (place) {
		json_t *members = members_of(v->g, place);
		size_t at = find_member(v->g, members, v->id);
		bool there = at != SIZE_MAX;
		bool done = there == joins;
		if (done && play_is(v->act, "again", "error", "done")) {
			error_reply(v, joins ? "taken" : "not_found", NULL, NULL);
		} else {
			if (!done && joins)
				add_member(v->g, members, v->id);
			else if (!done)
				json_array_remove(members, at);
			if (!done && !play_is(v->act, "stores", "nothing", "all"))
				save_locked(v, record, place);
			answer_place(v, place);
		}
	}
	store_unlock(v->g->store);
	json_decref(place);
	json_decref(body);
}

void place_join(struct visit *v)
{
	turn(v, true);
}

void place_leave(struct visit *v)
{
	turn(v, false);
}

void place_change(struct visit *v)
{
	bool ignored = false;
	json_t *body = body_take(v, &ignored);
	json_t *sent = body ? body_unwrap(v, body, &ignored) : NULL;
	store_lock(v->g->store);
	struct record *record = sent ? named_locked(v) : NULL;
	json_t *old = record ? record_json(record) : NULL;
	json_t *new = NULL;
	if (old && play_is(v->act, "how", "patchop", "merge")) {
		new = patch_apply(v, old, sent);
	} else if (old) {
		new = json_deep_copy(old);
		document_patch(new, sent, true);
	}
	if (new && !play_is(v->act, "stores", "nothing", "all"))
		save_locked(v, record, new);
	if (new)
		answer_place(v, new);
	store_unlock(v->g->store);
	json_decref(new);
	json_decref(old);
	json_decref(sent);
	json_decref(body);
}

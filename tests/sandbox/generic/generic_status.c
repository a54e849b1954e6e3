/* SPDX-License-Identifier: Apache-2.0 */
/*
 * generic_status: the states of a user, how they are shown, and the requests that change them.
 *
 * A state is a value of one member, or that the member is absent, null or a time. What is stored is
 * that member alone: the state is read from it each time, as a vendor's own pages would.
 *
 * It must not know of other members.
 */
#include <stdlib.h>
#include <string.h>

#include "generic_body.h"
#include "generic_parts.h"

static const json_t *status_part(const struct generic *g)
{
	return play_part(g->play, "status");
}

static const char *status_at(const struct generic *g)
{
	return play_word(status_part(g), "at", "");
}

/* Whether a value (NULL: none) is what the state looks like. */
static bool looks_like(const json_t *state, const json_t *value)
{
	const json_t *taken = play_part(state, "taken");
	if (!json_is_object(state))
		return value && json_equal(state, value);
	for (size_t i = 0; value && i < json_array_size(taken); i++)
		if (json_equal(json_array_get(taken, i), value))
			return true;
	if (play_flag(state, "absent", false))
		return !value;
	if (play_part(state, "time"))
		return (json_is_integer(value) && json_integer_value(value) != 0) ||
		       (json_is_string(value) && json_string_length(value) > 0);
	const json_t *is = play_part(state, "is");
	return is && value && json_equal(is, value);
}

static const char *state_of_value(const struct generic *g, const json_t *value)
{
	const char *name;
	json_t *state;
	json_object_foreach((json_t *)(uintptr_t)play_part(status_part(g), "states"), name, state)
		if (looks_like(state, value))
			return name;
	return NULL;
}

const char *status_of(const struct generic *g, const json_t *record)
{
	return status_part(g) ? state_of_value(g, pointer_get(record, status_at(g))) : NULL;
}

void status_put(const struct generic *g, json_t *record, const char *name)
{
	const json_t *state = play_part(play_part(status_part(g), "states"), name);
	const char *at = status_at(g);
	const char *form = play_word(state, "time", NULL);
	const char *key;
	json_t *value;
	if (!json_is_object(state))
		pointer_set(record, at, json_deep_copy(state));
	else if (play_flag(state, "absent", false))
		pointer_del(record, at);
	else if (form)
		pointer_set(record, at, record_now(g, form));
	else
		pointer_set(record, at, json_deep_copy(play_part(state, "is")));
	json_object_foreach((json_t *)(uintptr_t)play_part(state, "also"), key, value)
		pointer_set(record, key, json_deep_copy(value));
}

const char *status_seed(const struct generic *g, unsigned long index, bool active)
{
	const json_t *states = play_part(status_part(g), "states");
	size_t count = json_object_size(states);
	size_t wanted = active || count < 2 ? 0 : 1 + (index / 10 - 1) % (count - 1);
	void *at = json_object_iter((json_t *)(uintptr_t)states);
	while (wanted-- && at)
		at = json_object_iter_next((json_t *)(uintptr_t)states, at);
	return at ? json_object_iter_key(at) : "";
}

bool status_pointer(const struct generic *g, const char *pointer)
{
	const char *name;
	json_t *state;
	if (!status_part(g))
		return false;
	if (pointer_covers(status_at(g), pointer) || pointer_covers(pointer, status_at(g)))
		return true;
	json_object_foreach((json_t *)(uintptr_t)play_part(status_part(g), "states"), name, state)
		if (play_part(play_part(state, "also"), pointer))
			return true;
	return false;
}

bool status_among(const struct generic *g, const json_t *names, const json_t *record)
{
	const char *state = status_of(g, record);
	for (size_t i = 0; state && i < json_array_size(names); i++)
		if (strcmp(json_string_value(json_array_get(names, i)), state) == 0)
			return true;
	return !names;
}

/* What a lenient vendor takes for a boolean, new. */
static json_t *as_boolean(const json_t *value)
{
	static const char *const no[] = {"false", "False", "FALSE", "no", "0"};
	static const char *const yes[] = {"true", "True", "TRUE", "yes", "1"};
	const char *word = json_string_value(value);
	for (size_t i = 0; word && i < 5; i++)
		if (strcmp(word, no[i]) == 0 || strcmp(word, yes[i]) == 0)
			return json_boolean(strcmp(word, yes[i]) == 0);
	if (json_is_integer(value))
		return json_boolean(json_integer_value(value) != 0);
	return json_deep_copy(value);
}

static bool refuse(struct visit *v, const char *kind)
{
	error_reply(v, kind, status_at(v->g) + 1, NULL);
	return false;
}

static bool only_these(const json_t *only, const json_t *value)
{
	for (size_t i = 0; i < json_array_size(only); i++)
		if (json_equal(json_array_get(only, i), value))
			return true;
	return !only;
}

static void restore(const struct generic *g, const json_t *old, json_t *record)
{
	const json_t *value = pointer_get(old, status_at(g));
	if (value)
		pointer_set(record, status_at(g), json_deep_copy(value));
	else
		pointer_del(record, status_at(g));
}

/* A write that says nothing of the status. */
static void left_out(struct visit *v, const json_t *old, json_t *record, bool replaces)
{
	const char *habit = play_word(status_part(v->g), "omitted", "kept");
	const char *first = status_seed(v->g, 0, true);
	if (!old)
		status_put(v->g, record, play_word(v->act, "start", first));
	else if (!replaces || strcmp(habit, "kept") == 0)
		restore(v->g, old, record);
	else if (strcmp(habit, "reset") == 0)
		status_put(v->g, record, first);
	else
		pointer_del(record, status_at(v->g));
}

static bool take(struct visit *v, const json_t *given, json_t *record)
{
	const json_t *part = status_part(v->g);
	json_t *value = play_is(part, "values", "lenient", "strict") ? as_boolean(given)
								     : json_deep_copy(given);
	const char *state = state_of_value(v->g, value);
	bool good = only_these(play_part(part, "only"), value);
	if (!state && json_is_null(value))
		state = state_of_value(v->g, NULL);
	if (good && state)
		status_put(v->g, record, state);
	else if (good && play_is(part, "values", "any", "strict"))
		pointer_set(record, status_at(v->g), json_deep_copy(value));
	else
		good = refuse(v, "invalid");
	json_decref(value);
	return good;
}

bool status_written(struct visit *v, const json_t *old, const json_t *sent, json_t *record,
		    bool replaces)
{
	const json_t *part = status_part(v->g);
	if (!part)
		return true;
	const json_t *given = pointer_get(sent, status_at(v->g));
	const json_t *before = old ? pointer_get(old, status_at(v->g)) : NULL;
	if (given && before && json_equal(given, before)) {
		restore(v->g, old, record);
		return true;
	}
	if (!given) {
		left_out(v, old, record, replaces);
		return true;
	}
	if (play_is(part, "write", "taken", "taken"))
		return take(v, given, record);
	bool refused = play_is(part, "write", "refused", "taken");
	left_out(v, old, record, false);
	return refused ? refuse(v, "readonly") : true;
}

bool status_removes(const struct generic *g, const json_t *record)
{
	const char *state = status_of(g, record);
	return state &&
	       play_flag(play_part(play_part(status_part(g), "states"), state), "removes", false);
}

/* Change the state as the part says; the reply is set. */
static void move_locked(struct visit *v, struct record *record)
{
	json_t *old = record_json(record);
	const char *to = play_word(v->act, "to", NULL);
	const char *state = status_of(v->g, old);
	bool there = to && state && strcmp(to, state) == 0;
	bool may = status_among(v->g, play_part(v->act, "from"), old);
	json_t *new = json_deep_copy(old);
	if (!may && !(there && play_is(v->act, "again", "done", "error"))) {
		error_reply(v, "state", NULL, NULL);
	} else {
		if (to)
			status_put(v->g, new, to);
		record_touch(v->g, new);
		if (v->fault->kind != FAULT_NOT_APPLIED &&
		    !play_is(v->act, "stores", "nothing", "all"))
			record_save_locked(v->g, record, new);
		answer_change(v, old, new, NULL);
	}
	json_decref(old);
	json_decref(new);
}

void status_move(struct visit *v)
{
	bool ignored = false;
	json_t *body = body_take(v, &ignored);
	if (!body && !ignored)
		return;
	store_lock(v->g->store);
	struct record *record = v->id ? store_find_locked(v->g->store, v->id) : NULL;
	if (!record)
		error_reply(v, "not_found", NULL, NULL);
	else
		move_locked(v, record);
	store_unlock(v->g->store);
	json_decref(body);
}

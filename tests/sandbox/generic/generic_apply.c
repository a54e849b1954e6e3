/* SPDX-License-Identifier: Apache-2.0 */
/*
 * generic_apply: what becomes of a record that is written.
 *
 * First each member that was sent is looked at: known, read-only, null; then the new record is made
 * by the vendor's way of writing; then the texts get the form in which this vendor stores them.
 *
 * It must not know about routes and answers.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "generic_parts.h"
#include "tests/sandbox/document.h"

static const json_t *fields_of(const struct visit *v)
{
	return play_part(v->g->play, "fields");
}

static const char *write_habit(const json_t *field)
{
	static const char *const own[] = {"id",     "second_id", "created", "updated",
					  "secret", "location",  "etag"};
	const char *holds = play_word(field, "holds", "");
	const char *otherwise = "taken";
	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		if (strcmp(holds, own[i]) == 0)
			otherwise = "refused";
	return play_word(field, "write", otherwise);
}

static bool is_taken(const json_t *field)
{
	return strcmp(write_habit(field), "taken") == 0;
}

static void collect(void *arg, const char *at, json_t *value)
{
	(void)value;
	if (*at)
		json_array_append_new(arg, json_string(at));
}

/* The field that a sent member is, holds, or is a part of; NULL: none. */
static const json_t *field_at(const struct visit *v, const char *pointer)
{
	const char *key;
	json_t *field;
	json_object_foreach((json_t *)(uintptr_t)fields_of(v), key, field)
		if (pointer_covers(key, pointer) || pointer_covers(pointer, key))
			return field;
	return NULL;
}

static bool refuse(struct visit *v, const char *kind, const char *pointer)
{
	error_reply(v, kind, pointer + 1, NULL);
	return false;
}

/* Whether the id that was sent is that of the path. */
static bool same_id(const struct visit *v, const json_t *value)
{
	const char *words = json_string_value(value);
	if (!v->id)
		return false;
	return words ? strcmp(words, v->id) == 0
		     : json_is_integer(value) &&
			   json_integer_value(value) == strtoll(v->id, NULL, 10);
}

/* One member that was sent; it may be taken out of what was sent. */
static bool look_at(struct visit *v, json_t *sent, const char *pointer)
{
	if (status_pointer(v->g, pointer))
		return true;
	const json_t *field = field_at(v, pointer);
	const json_t *value = pointer_get(sent, pointer);
	const char *unknown = play_word(v->act, "unknown", "refused");
	if (!field && strcmp(unknown, "refused") == 0)
		return refuse(v, "unknown", pointer);
	if (!field && strcmp(unknown, "ignored") == 0)
		pointer_del(sent, pointer);
	if (!field)
		return true;
	bool same = play_is(field, "holds", "id", "") && same_id(v, value);
	if (strcmp(write_habit(field), "refused") == 0 && !same)
		return refuse(v, "readonly", pointer);
	if (!is_taken(field))
		pointer_del(sent, pointer);
	else if (json_is_null(value) && play_flag(field, "required", false))
		return refuse(v, "required", pointer);
	else if (json_is_null(value) && play_is(v->act, "null", "refused", "stored"))
		return refuse(v, "invalid", pointer);
	return true;
}

static bool look_at_all(struct visit *v, json_t *sent)
{
	json_t *pointers = json_array();
	bool good = true;
	pointer_leaves(sent, collect, pointers);
	for (size_t i = 0; good && i < json_array_size(pointers); i++)
		good = look_at(v, sent, json_string_value(json_array_get(pointers, i)));
	json_decref(pointers);
	return good;
}

static void drop_null(void *arg, const char *at, json_t *value)
{
	if (json_is_null(value))
		json_array_append_new(arg, json_string(at));
}

static void remove_nulls(json_t *record, const json_t *sent)
{
	json_t *pointers = json_array();
	pointer_leaves(sent, drop_null, pointers);
	for (size_t i = 0; i < json_array_size(pointers); i++)
		pointer_del(record, json_string_value(json_array_get(pointers, i)));
	json_decref(pointers);
}

static void keep_old(const json_t *old, json_t *record, const char *pointer)
{
	const json_t *value = pointer_get(old, pointer);
	if (value)
		pointer_set(record, pointer, json_deep_copy(value));
	else
		pointer_del(record, pointer);
}

/* A member that may be written and was left out of a replacement. */
static bool fill_omitted(struct visit *v, const json_t *old, json_t *record, const char *pointer,
			 const json_t *field)
{
	const char *habit = play_word(v->act, "omitted", "removed");
	const json_t *reset = play_part(field, "reset");
	bool required = play_flag(field, "required", false);
	if (required && strcmp(habit, "reset") != 0)
		return refuse(v, "required", pointer);
	if (strcmp(habit, "kept") == 0)
		keep_old(old, record, pointer);
	else if (strcmp(habit, "null") == 0)
		pointer_set(record, pointer, json_null());
	else if (strcmp(habit, "reset") == 0)
		pointer_set(record, pointer, reset ? json_deep_copy(reset) : json_string(""));
	else if (strcmp(habit, "refused") == 0)
		return refuse(v, "required", pointer);
	return true;
}

/* The new record where the write replaces, or makes one. */
static json_t *replace(struct visit *v, const json_t *old, const json_t *sent)
{
	json_t *record = json_deep_copy(sent);
	bool good = true;
	const char *key;
	json_t *field;
	json_object_foreach((json_t *)(uintptr_t)fields_of(v), key, field) {
		const json_t *value = pointer_get(record, key);
		if (!good || value)
			continue;
		if (!is_taken(field) && old)
			keep_old(old, record, key);
		else if (old)
			good = fill_omitted(v, old, record, key, field);
		else if (play_flag(field, "required", false) &&
			 !play_is(v->act, "required", "unchecked", "checked"))
			good = refuse(v, "required", key);
		else if (play_is(field, "holds", "value", ""))
			pointer_set(record, key, json_deep_copy(play_part(field, "value")));
	}
	if (good)
		return record;
	json_decref(record);
	return NULL;
}

static json_t *merge(const struct visit *v, const json_t *old, const json_t *sent)
{
	json_t *record = json_deep_copy(old);
	const char *key;
	json_t *value;
	if (play_is(v->act, "how", "deep", "merge")) {
		document_patch(record, (json_t *)(uintptr_t)sent, true);
	} else {
		json_object_foreach((json_t *)(uintptr_t)sent, key, value)
			json_object_set_new(record, key, json_deep_copy(value));
	}
	json_object_foreach((json_t *)(uintptr_t)fields_of(v), key, value)
		if (!is_taken(value))
			keep_old(old, record, key);
	return record;
}

json_t *apply_body(struct visit *v, const json_t *old, const json_t *sent)
{
	json_t *looked = json_deep_copy(sent);
	bool replaces = !old || play_is(v->act, "how", "replace", "merge");
	json_t *record = NULL;
	if (look_at_all(v, looked))
		record = replaces ? replace(v, old, looked) : merge(v, old, looked);
	if (record && play_is(v->act, "null", "removed", "stored"))
		remove_nulls(record, looked);
	bool good = record && status_written(v, old, sent, record, replaces) &&
		    apply_finish(v, old, record);
	json_decref(looked);
	if (good)
		return record;
	json_decref(record);
	return NULL;
}

static bool is_words(const char *holds)
{
	static const char *const words[] = {"first", "last", "name", "role", "login", "password"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(words[i], holds) == 0)
			return true;
	return false;
}

/* NULL, or the kind of error that the value is. */
static const char *wrong(const json_t *field, const json_t *value)
{
	const char *holds = play_word(field, "holds", "");
	const char *words = json_string_value(value);
	const json_t *like = play_part(field, "value");
	if (play_flag(field, "required", false) && (json_is_null(value) || (words && !*words)))
		return "required";
	if (json_is_null(value))
		return NULL;
	if (strcmp(holds, "email") == 0) {
		const char *at = strchr(words ? words : "", '@');
		return (words && !*words) || (at && at != words && at[1]) ? NULL : "invalid";
	}
	if (is_words(holds) && !words)
		return "invalid";
	if (strcmp(holds, "value") == 0 && like && !json_is_null(like) &&
	    json_is_boolean(like) + 2 * json_is_number(like) + 4 * json_is_string(like) !=
		json_is_boolean(value) + 2 * json_is_number(value) + 4 * json_is_string(value))
		return "invalid";
	return NULL;
}

/* The text in the form in which the vendor keeps it, new. */
static json_t *kept_form(const char *how, const json_t *value)
{
	struct text text = {0};
	if (strcmp(how, "text") == 0 && json_is_integer(value))
		text_fmt(&text, "%lld", (long long)json_integer_value(value));
	else if (!json_is_string(value))
		return json_deep_copy(value);
	else
		text_str(&text, json_string_value(value));
	char *words = text.data;
	size_t len = text.len;
	if (strcmp(how, "trimmed") == 0) {
		while (len && strchr(" \t", words[len - 1]))
			len--;
		while (len && strchr(" \t", *words)) {
			words++;
			len--;
		}
	}
	if (strcmp(how, "cut") == 0 && len > 10)
		for (len = 10; len && ((unsigned char)words[len] & 0xc0U) == 0x80U; len--)
			;
	for (size_t i = 0; i < len; i++) {
		int letter = (unsigned char)words[i];
		if (strcmp(how, "lower") == 0)
			words[i] = (char)tolower(letter);
		else if (strcmp(how, "upper") == 0 || (strcmp(how, "capital") == 0 && i == 0))
			words[i] = (char)toupper(letter);
	}
	/* A time loses its seconds. */
	if (strcmp(how, "minutes") == 0 && len > 18 && words[16] == ':')
		words[17] = words[18] = '0';
	json_t *kept = json_stringn(words, len);
	text_free(&text);
	return kept;
}

/* Make up a full name that is not there, where the vendor does that. */
static void recompute(const struct visit *v, json_t *record)
{
	const char *at = record_field(v->g, "name");
	const char *first_at = record_field(v->g, "first");
	const char *last_at = record_field(v->g, "last");
	const json_t *field = at ? play_part(fields_of(v), at) : NULL;
	if (!play_flag(field, "recomputed", false) || pointer_get(record, at) || !first_at ||
	    !last_at)
		return;
	const char *first = json_string_value(pointer_get(record, first_at));
	const char *last = json_string_value(pointer_get(record, last_at));
	struct text name = {0};
	text_fmt(&name, "%s %s", first ? first : "", last ? last : "");
	pointer_set(record, at, json_string(name.data));
	text_free(&name);
}

/* Whether the vendor itself gave the member this value, because a replacement left it out. */
static bool was_reset(const struct visit *v, const json_t *field, const json_t *value)
{
	const json_t *reset = play_part(field, "reset");
	const char *words = json_string_value(value);
	return play_is(v->act, "omitted", "reset", "removed") &&
	       (reset ? json_equal(reset, value) : words && !*words);
}

bool apply_finish(struct visit *v, const json_t *old, json_t *record)
{
	const char *key;
	json_t *field;
	json_object_foreach((json_t *)(uintptr_t)fields_of(v), key, field) {
		const json_t *value = pointer_get(record, key);
		const json_t *before = old ? pointer_get(old, key) : NULL;
		if (!value || !is_taken(field) || (before && json_equal(before, value)))
			continue;
		const char *form = play_word(field, "stored", "as_sent");
		if (strcmp(form, "as_sent") != 0)
			pointer_set(record, key, kept_form(form, value));
		value = pointer_get(record, key);
		bool unchecked = play_is(v->act, "required", "unchecked", "checked") ||
				 was_reset(v, field, value);
		const char *kind = unchecked ? NULL : wrong(field, value);
		if (kind)
			return refuse(v, kind, key);
	}
	recompute(v, record);
	if (v->fault->kind == FAULT_NORMALISE) {
		static const char *const names[] = {"first", "last", "name"};
		for (size_t i = 0; i < 3; i++) {
			const char *at = record_field(v->g, names[i]);
			const json_t *value = at ? pointer_get(record, at) : NULL;
			if (value)
				pointer_set(record, at, kept_form("upper", value));
		}
		if (v->fault->body && strcmp(v->fault->body, "tidy") == 0)
			document_tidy(record);
	}
	if (settings_get(v->g->settings).trim)
		document_trim(record);
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * generic_record: records, as stored and as shown.
 *
 * A record is stored as the vendor shows it in full, so that a merge of members means what it means
 * at the vendor. What an answer hides is taken out of a copy.
 *
 * It must not know about requests.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "generic_parts.h"
#include "tests/sandbox/document.h"
#include "tests/sandbox/gate.h"
#include "tests/sandbox/moment.h"
#include "tests/sandbox/seed.h"

json_t *record_json(const struct record *record)
{
	return json_loadb(record_text(record), record_len(record), JSON_ALLOW_NUL, NULL);
}

static uint64_t scatter(uint64_t index)
{
	uint64_t z = index * 0x9e3779b97f4a7c15U;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
	return z ^ (z >> 31);
}

static uint64_t seed_of(const struct generic *g)
{
	return (uint64_t)play_number(g->play, "seed", 1);
}

void record_id_of(const struct generic *g, unsigned long index, char id[GENERIC_ID_MOST])
{
	const char *ids = play_word(g->play, "ids", "text");
	unsigned long long high = scatter(index), low = scatter(index + 0x100000000UL);
	struct person person;
	if (strcmp(ids, "hex") == 0) {
		snprintf(id, GENERIC_ID_MOST, "%016llx%016llx", high, low);
	} else if (strcmp(ids, "uuid") == 0) {
		snprintf(id, GENERIC_ID_MOST, "%08llx-%04llx-4%03llx-8%03llx-%012llx", high >> 32,
			 high >> 16 & 0xffff, high & 0xfff, low >> 52, low & 0xffffffffffffULL);
	} else if (strcmp(ids, "login") == 0 || strcmp(ids, "email") == 0) {
		seed_person(seed_of(g), index, &person);
		snprintf(id, GENERIC_ID_MOST, "%s", person.email);
		for (char *c = id; *c; c++)
			*c = (char)tolower((unsigned char)*c);
		if (strcmp(ids, "login") == 0)
			*strchr(id, '@') = '\0';
	} else {
		snprintf(id, GENERIC_ID_MOST, "%s%lu",
			 strcmp(ids, "numbers") == 0 ? ""
			 : strcmp(ids, "piped") == 0 ? "vendor|"
						     : "u",
			 index);
	}
}

json_t *record_id_value(const struct generic *g, const char *id)
{
	if (play_is(g->play, "ids", "numbers", "text"))
		return json_integer(strtoll(id, NULL, 10));
	return json_string(id);
}

json_t *record_time(const char *form, int64_t seconds, long micros)
{
	bool zone = strcmp(form, "iso_us_zone") == 0;
	time_t when = (time_t)(seconds - (zone ? 6 * 3600 : 0));
	struct tm utc = {0};
	char words[64];
	if (strcmp(form, "s") == 0)
		return json_integer(seconds);
	if (strcmp(form, "ms") == 0)
		return json_integer(seconds * 1000 + micros / 1000);
	gmtime_r(&when, &utc);
	size_t len = strftime(words, sizeof words,
			      strcmp(form, "space") == 0 ? "%Y-%m-%d %H:%M:%S"
							 : "%Y-%m-%dT%H:%M:%S",
			      &utc);
	if (zone || strcmp(form, "zoneless") == 0)
		snprintf(words + len, sizeof words - len, ".%06ld%s", micros, zone ? "-06:00" : "");
	else if (strcmp(form, "iso_ms") == 0)
		snprintf(words + len, sizeof words - len, ".%03ldZ", micros / 1000);
	else if (strcmp(form, "iso") == 0)
		snprintf(words + len, sizeof words - len, "Z");
	return json_string(words);
}

json_t *record_now(const struct generic *g, const char *form)
{
	enum stamps stamps = settings_get(g->settings).stamps;
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	if (stamps == STAMPS_TICK)
		now.tv_sec -= now.tv_sec % 60;
	if (stamps == STAMPS_SECONDS || stamps == STAMPS_TICK)
		now.tv_nsec = 0;
	return record_time(form, now.tv_sec, now.tv_nsec / 1000);
}

static json_t *full_name(const struct person *person)
{
	struct text name = {0};
	text_fmt(&name, "%s %s", person->firstname, person->lastname);
	json_t *value = json_string(name.data);
	text_free(&name);
	return value;
}

static json_t *numbered(const char *format, const char *id)
{
	struct text words = {0};
	text_fmt(&words, "%s%s", format, id);
	json_t *value = json_string(words.data);
	text_free(&words);
	return value;
}

/* What a field of a seeded person holds, new. */
static json_t *seeded(const struct generic *g, const json_t *field, const char *id,
		      const struct person *person)
{
	const char *holds = play_word(field, "holds", "");
	const char *form = play_word(field, "form", "iso");
	if (strcmp(holds, "id") == 0)
		return record_id_value(g, id);
	if (strcmp(holds, "second_id") == 0)
		return numbered("m-", id);
	if (strcmp(holds, "email") == 0)
		return json_string(person->email);
	if (strcmp(holds, "email_again") == 0)
		return json_string(person->email);
	if (strcmp(holds, "email_other") == 0)
		return numbered("home.", person->email);
	if (strcmp(holds, "login") == 0)
		return json_stringn(person->email, strcspn(person->email, "@"));
	if (strcmp(holds, "first") == 0)
		return json_string(person->firstname);
	if (strcmp(holds, "last") == 0)
		return json_string(person->lastname);
	if (strcmp(holds, "name") == 0)
		return full_name(person);
	if (strcmp(holds, "role") == 0)
		return json_string(person->role);
	if (strcmp(holds, "locale") == 0)
		return person->locale ? json_string(person->locale) : json_null();
	if (strcmp(holds, "timezone") == 0)
		return person->timezone ? json_string(person->timezone) : json_null();
	if (strcmp(holds, "created") == 0)
		return record_time(form, person->created, 618680);
	if (strcmp(holds, "updated") == 0)
		return record_time(form, person->updated, 38959);
	if (strcmp(holds, "secret") == 0)
		return numbered("secret-CANARY-", id);
	if (strcmp(holds, "password") == 0)
		return numbered("password-CANARY-", id);
	if (strcmp(holds, "value") == 0)
		return json_deep_copy(play_part(field, "value"));
	return NULL;
}

json_t *record_seed(const struct generic *g, unsigned long index)
{
	char id[GENERIC_ID_MOST];
	struct person person;
	json_t *record = json_object();
	const char *key;
	json_t *field;
	record_id_of(g, index, id);
	seed_person(seed_of(g), index, &person);
	json_object_foreach((json_t *)(uintptr_t)play_part(g->play, "fields"), key, field) {
		long every = play_number(field, "every", 1);
		json_t *value = seeded(g, field, id, &person);
		if (value && (every < 2 || index % (unsigned long)every == 0))
			pointer_set(record, key, value);
		else
			json_decref(value);
	}
	if (play_part(g->play, "status"))
		status_put(g, record, status_seed(g, index, strcmp(person.status, "active") == 0));
	return record;
}

const char *record_field(const struct generic *g, const char *holds)
{
	const char *key;
	json_t *field;
	json_object_foreach((json_t *)(uintptr_t)play_part(g->play, "fields"), key, field)
		if (play_is(field, "holds", holds, ""))
			return key;
	return NULL;
}

/* Whether the request's list of fields names it: by its pointer, with dots, or its last part. */
static bool selected(const char *pointer, const char *select)
{
	struct text dotted = {0};
	text_str(&dotted, pointer + 1);
	for (char *c = dotted.data; *c; c++)
		if (*c == '/')
			*c = '.';
	const char *last = strrchr(pointer, '/') + 1;
	bool found = false;
	for (const char *at = select; at && *at && !found; at += *at == ',') {
		size_t len = strcspn(at, ",");
		found = (len == strlen(last) && strncmp(at, last, len) == 0) ||
			(len == dotted.len && strncmp(at, dotted.data, len) == 0);
		at += len;
	}
	text_free(&dotted);
	return found;
}

/* The parameter that names fields, of a list or an item. */
static const char *select_of(const struct visit *v)
{
	const char *name = play_word(play_part(v->act, "select"), "name", NULL);
	return name ? request_arg(v->request, name) : NULL;
}

static bool narrowed_out(const struct visit *v, const char *key, const char *select)
{
	const json_t *part = play_part(v->act, "select");
	const json_t *keeps = play_part(part, "keeps");
	if (!select || !play_flag(part, "narrows", false))
		return false;
	for (size_t i = 0; i < json_array_size(keeps); i++)
		if (pointer_covers(json_string_value(json_array_get(keeps, i)), key))
			return false;
	return !selected(key, select);
}

static bool field_hidden(const struct visit *v, const json_t *field, const char *key, bool row,
			 const json_t *stored)
{
	const char *select = select_of(v);
	const json_t *absent_in = play_part(field, "absent_in");
	bool shown = !play_is(field, "holds", "password", "") || play_part(field, "mask");
	if (play_is(field, "holds", "updated", "") &&
	    settings_get(v->g->settings).stamps == STAMPS_NONE)
		return true;
	if (narrowed_out(v, key, select) || (absent_in && status_among(v->g, absent_in, stored)))
		return true;
	if (play_flag(field, "asked", false) && row)
		return !selected(key, select);
	return !play_flag(field, row ? "in_rows" : "in_item", shown);
}

/* What is only known when it is shown. */
static void add_computed(const struct visit *v, json_t *shown, const char *key, const json_t *field)
{
	const char *id_at = record_field(v->g, "id");
	const json_t *id = pointer_get(shown, id_at ? id_at : "/id");
	const json_t *items = play_part(v->g->play, "items");
	const char *route = play_word(json_array_get(items, 0), "route", "GET /");
	const char *mark = strchr(route, '{');
	if (!play_is(field, "holds", "location", "") || !mark)
		return;
	struct text below = {0};
	struct text url = {0};
	text_add(&below, strchr(route, ' ') + 1, (size_t)(mark - strchr(route, ' ') - 1));
	if (json_is_integer(id))
		text_fmt(&below, "%lld", (long long)json_integer_value(id));
	else
		text_str(&below, id ? json_string_value(id) : "");
	text_str(&below, strchr(mark, '}') + 1);
	answer_url(v, play_word(field, "form", "absolute"), NULL, below.data, &url);
	pointer_set(shown, key, json_string(url.data));
	text_free(&below);
	text_free(&url);
}

json_t *record_shown(const struct visit *v, const json_t *stored, bool row)
{
	const struct generic *g = v->g;
	const json_t *status = play_part(g->play, "status");
	json_t *shown = json_deep_copy(stored);
	const char *key;
	json_t *field;
	json_object_del(shown, HIDDEN_MEMBER);
	json_object_foreach((json_t *)(uintptr_t)play_part(g->play, "fields"), key, field) {
		add_computed(v, shown, key, field);
		if (play_is(field, "holds", "etag", "")) {
			char tag[32];
			snprintf(tag, sizeof tag, "\"%016llx\"",
				 (unsigned long long)record_hash(stored));
			pointer_set(shown, key, json_string(tag));
		}
	}
	json_object_foreach((json_t *)(uintptr_t)play_part(g->play, "fields"), key, field) {
		const char *mask = play_word(field, "mask", NULL);
		const json_t *value = pointer_get(shown, key);
		if (field_hidden(v, field, key, row, stored))
			pointer_del(shown, key);
		else if (mask && value && !json_is_null(value))
			pointer_set(shown, key, json_string(mask));
	}
	const char *at = play_word(status, "at", NULL);
	const char *select = select_of(v);
	if (at && (narrowed_out(v, at, select) || (row && !play_flag(status, "in_rows", true)) ||
		   (row && play_flag(status, "asked", false) && !selected(at, select))))
		pointer_del(shown, at);
	return shown;
}

/* FNV-1a of its text. */
uint64_t record_hash(const json_t *record)
{
	char *text = document_text((json_t *)(uintptr_t)record, false);
	uint64_t sum = 0xcbf29ce484222325U;
	for (const char *c = text; *c; c++)
		sum = (sum ^ (unsigned char)*c) * 0x100000001b3U;
	free(text);
	return sum;
}

void record_touch(const struct generic *g, json_t *record)
{
	const char *at = record_field(g, "updated");
	if (!at || settings_get(g->settings).stamps == STAMPS_FROZEN)
		return;
	const json_t *field = play_part(play_part(g->play, "fields"), at);
	pointer_set(record, at, record_now(g, play_word(field, "form", "iso")));
}

const char *record_email(const struct generic *g, const json_t *record)
{
	const char *at = record_field(g, "email");
	return at ? document_email(pointer_get(record, at)) : NULL;
}

void record_save_locked(struct generic *g, struct record *record, json_t *json)
{
	char *text = document_text(json, false);
	store_change_locked(g->store, record, record_email(g, json), text, strlen(text));
	free(text);
}

struct record *record_add_locked(struct generic *g, const char *id, json_t *json)
{
	char *text = document_text(json, false);
	struct record *record = store_add_locked(g->store, id, record_email(g, json), text,
						 strlen(text));
	free(text);
	return record;
}

void record_moment_locked(struct visit *v, bool list)
{
	struct store_times *times = &v->g->times;
	const json_t *lag = play_part(v->g->play, "lag");
	moment_enter_locked(times, v->g->settings, v->fault, list);
	if (times->before || times->at || !lag ||
	    play_is(lag, "of", list ? "items" : "lists", "all"))
		return;
	int64_t back = (int64_t)play_number(lag, "ms", 0) * 1000;
	times->at = gate_now_us() > back ? gate_now_us() - back : 1;
}

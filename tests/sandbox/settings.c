/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings: what a test may change while the sandbox runs.
 *
 * One table has a row for each setting. An unknown name or a value of the wrong kind is refused: a
 * test with a slip in it must fail at the order, not pass because nothing was set.
 *
 * It must not know what reads it.
 */
#include "settings.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define MOST_MS 3600000

struct settings {
	pthread_mutex_t lock;
	struct settings_values values;
};

static const char *const put_words[] = {"changed", "full", "empty", "old", "unstamped", NULL};
static const char *const total_words[] = {"pages", "records", "none", NULL};
static const char *const self_words[] = {"own", "flat", "data", "unknown", NULL};
static const char *const paging_words[] = {"own", "ignored", "refused", NULL};
static const char *const oidc_words[] = {"full", "newest", "blank", NULL};
static const char *const item_words[] = {"served", "404", "405", NULL};
static const char *const lag_words[] = {"all", "items", "lists", NULL};
static const char *const stamp_words[] = {"own", "ms", "seconds", "tick", "frozen", "none", NULL};

static const char *const etag_words[] = {"off",     "strong",   "weak", "gzip",      "gzip_weak",
					 "garbage", "unquoted", "lie",  "unchecked", NULL};

enum value_kind { NUMBER, FLAG, WORD, TEXT };

#define AT(member) offsetof(struct settings_values, member)

/* A number is a long, a flag a bool, a text as many characters as `most`, a word an enum whose
 * constants are in the order of the words.
 */
static const struct row {
	const char *name;
	enum value_kind kind;
	size_t at;
	long least, most;
	const char *const *words;
} rows[] = {
    {"latency_ms", NUMBER, AT(latency_ms), 0, MOST_MS, NULL},
    {"page_cap", NUMBER, AT(page_cap), 1, 1000000, NULL},
    {"max_parallel", NUMBER, AT(max_parallel), 0, 1000000, NULL},
    {"put_answer", WORD, AT(put_answer), 0, 0, put_words},
    {"no_self", FLAG, AT(no_self), 0, 0, NULL},
    {"self_form", WORD, AT(self_form), 0, 0, self_words},
    {"list_paging", WORD, AT(list_paging), 0, 0, paging_words},
    {"item_gets", WORD, AT(item_gets), 0, 0, item_words},
    {"trim", FLAG, AT(trim), 0, 0, NULL},
    {"omit_inactive", FLAG, AT(omit_inactive), 0, 0, NULL},
    {"etag", FLAG, AT(etag), 0, 0, NULL},
    {"etag_style", WORD, AT(etag_style), 0, 0, etag_words},
    {"limit_requests", NUMBER, AT(limit_requests), 0, 1000000, NULL},
    {"limit_window_ms", NUMBER, AT(limit_window_ms), 1, MOST_MS, NULL},
    {"limit_retry_after", TEXT, AT(limit_retry_after), 0,
     sizeof((struct settings_values *)0)->limit_retry_after, NULL},
    {"other_key", TEXT, AT(other_key), 0, sizeof((struct settings_values *)0)->other_key, NULL},
    {"own_key_refused", FLAG, AT(own_key_refused), 0, 0, NULL},
    {"endless_list", FLAG, AT(endless_list), 0, 0, NULL},
    {"short_rows", FLAG, AT(short_rows), 0, 0, NULL},
    {"read_lag_ms", NUMBER, AT(read_lag_ms), 0, 120000, NULL},
    {"read_lag_kinds", WORD, AT(read_lag_kinds), 0, 0, lag_words},
    {"read_lag_random", FLAG, AT(read_lag_random), 0, 0, NULL},
    {"stamps", WORD, AT(stamps), 0, 0, stamp_words},
    {"token_ttl", NUMBER, AT(token_ttl), 1, 10000000, NULL},
    {"token_wrapped", FLAG, AT(token_wrapped), 0, 0, NULL},
    {"limit_refused", FLAG, AT(limit_refused), 0, 0, NULL},
    {"offset_ceiling", NUMBER, AT(offset_ceiling), 0, 100000000, NULL},
    {"list_total", WORD, AT(list_total), 0, 0, total_words},
    {"oidc_form", WORD, AT(oidc_form), 0, 0, oidc_words},
    {"settings_flat", FLAG, AT(settings_flat), 0, 0, NULL},
    {"origin_needed", FLAG, AT(origin_needed), 0, 0, NULL},
    {"eq_any_case", FLAG, AT(eq_any_case), 0, 0, NULL},
};

struct settings *settings_new(const struct settings_values *values)
{
	struct settings *settings = text_alloc(1, sizeof *settings);
	pthread_mutex_init(&settings->lock, NULL);
	settings->values = *values;
	return settings;
}

void settings_free(struct settings *settings)
{
	if (!settings)
		return;
	pthread_mutex_destroy(&settings->lock);
	free(settings);
}

struct settings_values settings_get(struct settings *settings)
{
	pthread_mutex_lock(&settings->lock);
	struct settings_values values = settings->values;
	pthread_mutex_unlock(&settings->lock);
	return values;
}

void settings_etag(struct settings *settings, bool on)
{
	pthread_mutex_lock(&settings->lock);
	settings->values.etag = on;
	pthread_mutex_unlock(&settings->lock);
}

void settings_expire_tokens(struct settings *settings)
{
	pthread_mutex_lock(&settings->lock);
	settings->values.token_epoch++;
	pthread_mutex_unlock(&settings->lock);
}

/* The enums differ, but all are as wide as an unsigned int. */
static bool set_word(void *place, const char *const *words, const char *word)
{
	for (unsigned i = 0; word && words[i]; i++)
		if (strcmp(words[i], word) == 0) {
			memcpy(place, &i, sizeof i);
			return true;
		}
	return false;
}

static unsigned get_word(const void *place)
{
	unsigned word;
	memcpy(&word, place, sizeof word);
	return word;
}

/* A number is taken as its digits, null as "". */
static bool set_text(char *place, size_t size, const json_t *value)
{
	const char *text = json_is_null(value) ? "" : json_string_value(value);
	if (json_is_integer(value))
		snprintf(place, size, "%lld", (long long)json_integer_value(value));
	else if (text && strlen(text) < size)
		snprintf(place, size, "%s", text);
	else
		return false;
	return true;
}

static bool set_one(struct settings_values *values, const char *name, const json_t *value)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct row *row = &rows[i];
		void *place = (char *)values + row->at;
		if (strcmp(row->name, name) != 0)
			continue;
		if (row->kind == WORD)
			return set_word(place, row->words, json_string_value(value));
		if (row->kind == TEXT)
			return set_text(place, (size_t)row->most, value);
		if (row->kind == FLAG) {
			*(bool *)place = json_is_true(value);
			return json_is_boolean(value);
		}
		*(long *)place = (long)json_integer_value(value);
		return json_is_integer(value) && json_integer_value(value) >= row->least &&
		       json_integer_value(value) <= row->most;
	}
	return false;
}

bool settings_change(struct settings *settings, json_t *object, char *why, size_t why_size)
{
	bool good = true;
	const char *key;
	json_t *value;
	pthread_mutex_lock(&settings->lock);
	struct settings_values values = settings->values;
	json_object_foreach(object, key, value) {
		if (good && !set_one(&values, key, value)) {
			snprintf(why, why_size, "%s: no such setting, or not such a value", key);
			good = false;
		}
	}
	if (good)
		settings->values = values;
	pthread_mutex_unlock(&settings->lock);
	return good;
}

bool settings_option(struct settings_values *values, const char *name, const char *word)
{
	char *end = NULL;
	long number = strtol(word, &end, 10);
	bool digits = *word >= '0' && *word <= '9' && !*end;
	json_t *value = digits ? json_integer(number) : json_string(word);
	bool good = set_one(values, name, value);
	json_decref(value);
	return good;
}

json_t *settings_json(struct settings *settings)
{
	struct settings_values now = settings_get(settings);
	json_t *object = json_object();
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct row *row = &rows[i];
		const void *place = (const char *)&now + row->at;
		json_t *value = NULL;
		if (row->kind == WORD)
			value = json_string(row->words[get_word(place)]);
		else if (row->kind == TEXT)
			value = json_string(place);
		else if (row->kind == FLAG)
			value = json_boolean(*(const bool *)place);
		else
			value = json_integer(*(const long *)place);
		json_object_set_new(object, row->name, value);
	}
	return object;
}

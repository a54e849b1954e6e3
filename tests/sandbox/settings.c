/*
 * settings: what a test may change while the sandbox runs.
 *
 * An unknown name or a value of the wrong kind is refused: a test with a slip in it must fail at
 * the order, not pass because nothing was set.
 *
 * It must not know who reads it.
 */
#include "settings.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

struct settings {
	pthread_mutex_t lock;
	struct settings_values values;
};

static const char *const put_words[] = {"changed", "full", "empty", "old"};
static const char *const total_words[] = {"pages", "records", "none"};

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

bool settings_put_answer(const char *word, enum put_answer *answer)
{
	for (unsigned i = 0; i < sizeof put_words / sizeof *put_words; i++)
		if (strcmp(word, put_words[i]) == 0) {
			*answer = (enum put_answer)i;
			return true;
		}
	return false;
}

bool settings_list_total(const char *word, enum list_total *total)
{
	for (unsigned i = 0; i < sizeof total_words / sizeof *total_words; i++)
		if (strcmp(word, total_words[i]) == 0) {
			*total = (enum list_total)i;
			return true;
		}
	return false;
}

static bool set_number(long *number, const json_t *value, long least)
{
	if (!json_is_integer(value) || json_integer_value(value) < least)
		return false;
	*number = (long)json_integer_value(value);
	return true;
}

static bool set_flag(bool *flag, const json_t *value)
{
	*flag = json_is_true(value);
	return json_is_boolean(value);
}

static bool set_one(struct settings_values *values, const char *key, const json_t *value)
{
	if (strcmp(key, "latency_ms") == 0)
		return set_number(&values->latency_ms, value, 0);
	if (strcmp(key, "page_cap") == 0)
		return set_number(&values->page_cap, value, 1);
	if (strcmp(key, "max_parallel") == 0)
		return set_number(&values->max_parallel, value, 0);
	if (strcmp(key, "put_answer") == 0)
		return json_is_string(value) &&
		       settings_put_answer(json_string_value(value), &values->put_answer);
	if (strcmp(key, "no_self") == 0)
		return set_flag(&values->no_self, value);
	if (strcmp(key, "etag") == 0)
		return set_flag(&values->etag, value);
	if (strcmp(key, "short_rows") == 0)
		return set_flag(&values->short_rows, value);
	if (strcmp(key, "token_ttl") == 0)
		return set_number(&values->token_ttl, value, 1);
	if (strcmp(key, "token_wrapped") == 0)
		return set_flag(&values->token_wrapped, value);
	if (strcmp(key, "limit_refused") == 0)
		return set_flag(&values->limit_refused, value);
	if (strcmp(key, "offset_ceiling") == 0)
		return set_number(&values->offset_ceiling, value, 0);
	if (strcmp(key, "list_total") == 0)
		return json_is_string(value) &&
		       settings_list_total(json_string_value(value), &values->list_total);
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

json_t *settings_json(struct settings *settings)
{
	struct settings_values now = settings_get(settings);
	return json_pack("{s:I,s:I,s:I,s:s,s:b,s:b,s:b,s:I,s:b,s:b,s:I,s:s}", "latency_ms",
			 (json_int_t)now.latency_ms, "page_cap", (json_int_t)now.page_cap,
			 "max_parallel", (json_int_t)now.max_parallel, "put_answer",
			 put_words[now.put_answer], "no_self", now.no_self, "etag", now.etag,
			 "short_rows", now.short_rows, "token_ttl", (json_int_t)now.token_ttl,
			 "token_wrapped", now.token_wrapped, "limit_refused", now.limit_refused,
			 "offset_ceiling", (json_int_t)now.offset_ceiling, "list_total",
			 total_words[now.list_total]);
}

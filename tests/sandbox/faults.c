/* SPDX-License-Identifier: Apache-2.0 */
/*
 * faults: what tests ordered to go wrong, waiting for the requests that they name.
 *
 * Orders are held in the order they came. The first that fits a request is taken by it, even while
 * it still counts down its `skip`, so that "let two pass, then fail" is one order and says what it
 * means.
 *
 * It must not know how a fault is carried out: that is for the server, or for the vendor.
 */
#include "faults.h"

#include <fnmatch.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document.h"

/* Which requests it makes sense for. */
enum fault_fits { FITS_ALL, FITS_READS, FITS_WRITES };

struct order {
	struct order *next;
	struct fault fault;
	enum fault_fits fits;
	char *method; /* NULL: any */
	char *path;   /* NULL: any */
	char *query;  /* NULL: any */
	long times;   /* -1: for ever */
	long skip;
};

struct faults {
	pthread_mutex_t lock;
	struct order *first;
};

static const struct fault_name {
	const char *name;
	enum fault_kind kind;
	bool after;
	enum fault_fits fits;
} fault_names[] = {
    {"status", FAULT_STATUS, false, FITS_ALL},
    {"status_after", FAULT_STATUS, true, FITS_ALL},
    {"stall", FAULT_STALL, false, FITS_ALL},
    {"stall_after", FAULT_STALL, true, FITS_ALL},
    {"drop", FAULT_DROP, false, FITS_ALL},
    {"drop_after", FAULT_DROP, true, FITS_ALL},
    {"html", FAULT_HTML, false, FITS_ALL},
    {"html_after", FAULT_HTML, true, FITS_ALL},
    {"not_json", FAULT_NOT_JSON, false, FITS_ALL},
    {"not_json_after", FAULT_NOT_JSON, true, FITS_ALL},
    {"empty", FAULT_NO_BODY, false, FITS_ALL},
    {"empty_after", FAULT_NO_BODY, true, FITS_ALL},
    {"slow", FAULT_SLOW, false, FITS_ALL},
    {"slow_after", FAULT_SLOW, true, FITS_ALL},
    {"truncate", FAULT_TRUNCATE, true, FITS_ALL},
    {"repeat_page", FAULT_REPEAT_PAGE, false, FITS_ALL},
    {"ignore_paging", FAULT_IGNORE_PAGING, false, FITS_ALL},
    {"short_page", FAULT_SHORT_PAGE, false, FITS_ALL},
    {"duplicate_row", FAULT_DUPLICATE_ROW, false, FITS_ALL},
    {"move_rows", FAULT_MOVE_ROWS, false, FITS_ALL},
    {"wrong_total", FAULT_WRONG_TOTAL, false, FITS_ALL},
    {"not_applied", FAULT_NOT_APPLIED, false, FITS_ALL},
    {"normalise", FAULT_NORMALISE, false, FITS_ALL},
    {"wrong_user", FAULT_WRONG_USER, false, FITS_ALL},
    {"stale", FAULT_STALE, false, FITS_READS},
    {"late", FAULT_LATE, false, FITS_WRITES},
    {"colleague", FAULT_COLLEAGUE, false, FITS_ALL},
    {"colleague_after", FAULT_COLLEAGUE, true, FITS_ALL},
    {"expire_tokens", FAULT_EXPIRE_TOKENS, false, FITS_ALL},
    {"etag", FAULT_ETAG, false, FITS_ALL},
};

static void order_free(struct order *order)
{
	if (!order)
		return;
	fault_free(&order->fault);
	free(order->method);
	free(order->path);
	free(order->query);
	free(order);
}

void fault_free(struct fault *fault)
{
	free(fault->body);
	free(fault->target);
	free(fault->change);
	free(fault->retry_after);
	free(fault->limit_retry_after);
	free(fault->limit_remaining);
	free(fault->limit_reset);
	*fault = (struct fault){0};
}

struct faults *faults_new(void)
{
	struct faults *faults = text_alloc(1, sizeof *faults);
	pthread_mutex_init(&faults->lock, NULL);
	return faults;
}

void faults_free(struct faults *faults)
{
	if (!faults)
		return;
	faults_clear(faults);
	pthread_mutex_destroy(&faults->lock);
	free(faults);
}

void faults_clear(struct faults *faults)
{
	pthread_mutex_lock(&faults->lock);
	struct order *order = faults->first;
	faults->first = NULL;
	pthread_mutex_unlock(&faults->lock);
	while (order) {
		struct order *next = order->next;
		order_free(order);
		order = next;
	}
}

static bool take_number(long *number, const json_t *value)
{
	*number = (long)json_integer_value(value);
	return json_is_integer(value);
}

/* A string, or a number as its digits; null leaves it unset. */
static bool take_words(char **words, const json_t *value)
{
	free(*words);
	*words = NULL;
	if (json_is_integer(value)) {
		struct text text = {0};
		text_fmt(&text, "%lld", (long long)json_integer_value(value));
		*words = text.data;
	} else if (json_is_string(value)) {
		*words = text_copy(json_string_value(value), json_string_length(value));
	}
	return *words || json_is_null(value);
}

/* As take_words; an object is taken as its text. */
static bool take_body(char **body, const json_t *value)
{
	if (!json_is_object(value))
		return take_words(body, value);
	free(*body);
	*body = document_text((json_t *)value, false);
	return true;
}

static bool is_change(const char *method)
{
	return method && (strcmp(method, "PATCH") == 0 || strcmp(method, "POST") == 0 ||
			  strcmp(method, "DELETE") == 0);
}

/* A Partnerize user's id, for short. */
static bool take_user(char **target, const json_t *value)
{
	char *id = NULL;
	bool good = take_words(&id, value) && id;
	struct text text = {0};
	text_fmt(&text, "users/%s", id ? id : "");
	free(id);
	free(*target);
	*target = text.data;
	return good;
}

static bool take_kind(struct order *order, const json_t *value)
{
	const char *name = json_is_string(value) ? json_string_value(value) : "";
	for (size_t i = 0; i < sizeof fault_names / sizeof *fault_names; i++)
		if (strcmp(fault_names[i].name, name) == 0) {
			order->fault.name = fault_names[i].name;
			order->fault.kind = fault_names[i].kind;
			order->fault.after = fault_names[i].after;
			order->fits = fault_names[i].fits;
			return true;
		}
	return false;
}

static bool take_one(struct order *order, const char *key, const json_t *value)
{
	if (strcmp(key, "fault") == 0)
		return take_kind(order, value);
	if (strcmp(key, "method") == 0)
		return take_words(&order->method, value);
	if (strcmp(key, "path") == 0)
		return take_words(&order->path, value);
	if (strcmp(key, "query") == 0)
		return take_words(&order->query, value);
	if (strcmp(key, "body") == 0)
		return take_body(&order->fault.body, value);
	if (strcmp(key, "target") == 0)
		return take_words(&order->fault.target, value);
	if (strcmp(key, "user") == 0)
		return take_user(&order->fault.target, value);
	if (strcmp(key, "change") == 0)
		return take_words(&order->fault.change, value) && is_change(order->fault.change);
	if (strcmp(key, "retry_after") == 0)
		return take_words(&order->fault.retry_after, value);
	if (strcmp(key, "rate_limit_retry_after") == 0)
		return take_words(&order->fault.limit_retry_after, value);
	if (strcmp(key, "rate_limit_remaining") == 0)
		return take_words(&order->fault.limit_remaining, value);
	if (strcmp(key, "rate_limit_reset") == 0)
		return take_words(&order->fault.limit_reset, value);
	if (strcmp(key, "times") == 0)
		return take_number(&order->times, value) &&
		       (order->times > 0 || order->times == -1);
	if (strcmp(key, "skip") == 0)
		return take_number(&order->skip, value) && order->skip >= 0;
	if (strcmp(key, "ms") == 0)
		return take_number(&order->fault.ms, value) && order->fault.ms >= 0;
	long status = 0;
	if (strcmp(key, "status") != 0 || !take_number(&status, value) || status < 200 ||
	    status > 599)
		return false;
	order->fault.status = (unsigned)status;
	return true;
}

/* NULL with words in why. */
static struct order *order_read(json_t *object, char *why, size_t why_size)
{
	struct order *order = text_alloc(1, sizeof *order);
	order->times = 1;
	const char *key;
	json_t *value;
	json_object_foreach(object, key, value) {
		if (!take_one(order, key, value)) {
			snprintf(why, why_size, "%s: no such key, or not such a value", key);
			order_free(order);
			return NULL;
		}
	}
	const char *missing = NULL;
	if (!order->fault.name)
		missing = "fault";
	else if (order->fault.kind == FAULT_STATUS && !order->fault.status)
		missing = "status";
	else if ((order->fault.kind == FAULT_SLOW || order->fault.kind == FAULT_LATE) &&
		 !order->fault.ms)
		missing = "ms";
	else if (order->fault.kind == FAULT_COLLEAGUE && !order->fault.target)
		missing = "target";
	if (missing) {
		snprintf(why, why_size, "%s is missing", missing);
		order_free(order);
		return NULL;
	}
	return order;
}

/* Whether the order is for now, not for a request. */
static bool order_is_switch(const struct order *order)
{
	bool any = !order->method && !order->path && !order->query;
	return order->fault.kind == FAULT_ETAG || (order->fault.kind == FAULT_EXPIRE_TOKENS &&
						   any && order->times == 1 && !order->skip);
}

bool faults_add(struct faults *faults, json_t *object, enum fault_kind *kind, char *why,
		size_t why_size)
{
	struct order *order = order_read(object, why, why_size);
	if (!order)
		return false;
	*kind = FAULT_NONE;
	if (order_is_switch(order)) {
		*kind = order->fault.kind;
		order_free(order);
		return true;
	}
	pthread_mutex_lock(&faults->lock);
	struct order **end = &faults->first;
	while (*end)
		end = &(*end)->next;
	*end = order;
	pthread_mutex_unlock(&faults->lock);
	return true;
}

static bool order_fits(const struct order *order, const struct request *request)
{
	if (order->method && strcmp(order->method, request->method) != 0)
		return false;
	bool reads = strcmp(request->method, "GET") == 0;
	if ((order->fits == FITS_READS && !reads) || (order->fits == FITS_WRITES && reads))
		return false;
	if (order->query && !strstr(request->query, order->query))
		return false;
	return !order->path || strcmp(order->path, request->path) == 0 ||
	       fnmatch(order->path, request->path, 0) == 0;
}

static char *copy(const char *words)
{
	return words ? text_copy(words, strlen(words)) : NULL;
}

static struct fault fault_copy(const struct fault *fault)
{
	struct fault new = *fault;
	new.body = copy(fault->body);
	new.target = copy(fault->target);
	new.change = copy(fault->change);
	new.retry_after = copy(fault->retry_after);
	new.limit_retry_after = copy(fault->limit_retry_after);
	new.limit_remaining = copy(fault->limit_remaining);
	new.limit_reset = copy(fault->limit_reset);
	return new;
}

/* Counts the order at *place down; it is taken out when it is used up. */
static struct fault use_locked(struct order **place)
{
	struct fault fault = {0};
	struct order *order = *place;
	if (order->skip > 0) {
		order->skip--;
		return fault;
	}
	fault = fault_copy(&order->fault);
	if (order->times > 0 && --order->times == 0) {
		*place = order->next;
		order_free(order);
	}
	return fault;
}

static bool is_companion(const struct order *order)
{
	return order->fault.kind == FAULT_COLLEAGUE;
}

struct fault faults_take(struct faults *faults, const struct request *request)
{
	struct fault fault = {0};
	pthread_mutex_lock(&faults->lock);
	struct order **place = &faults->first;
	while (*place && (is_companion(*place) || !order_fits(*place, request)))
		place = &(*place)->next;
	if (*place)
		fault = use_locked(place);
	pthread_mutex_unlock(&faults->lock);
	return fault;
}

size_t faults_take_companions(struct faults *faults, const struct request *request,
			      struct fault companions[FAULT_COMPANIONS])
{
	size_t used = 0;
	pthread_mutex_lock(&faults->lock);
	struct order **place = &faults->first;
	while (*place && used < FAULT_COMPANIONS) {
		struct order *next = (*place)->next;
		struct fault fault = {0};
		if (is_companion(*place) && order_fits(*place, request))
			fault = use_locked(place);
		if (fault.kind != FAULT_NONE)
			companions[used++] = fault;
		/* One that was used up is no longer there. */
		if (*place != next)
			place = &(*place)->next;
	}
	pthread_mutex_unlock(&faults->lock);
	return used;
}

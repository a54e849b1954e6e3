/* SPDX-License-Identifier: Apache-2.0 */
/*
 * journal: which requests came, for tests that count them.
 *
 * An entry is made when a request has arrived, not when it is answered: a test must see a request
 * that is being stalled. Write-only fields are replaced before an entry is made, so that a test may
 * print the journal. The oldest half is dropped when it grows beyond what any test reads; counts go
 * on.
 *
 * It must not know what the requests mean; the vendors name the routes.
 */
#include "journal.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "document.h"
#include "gate.h"

#define JOURNAL_MOST 200000U

struct entry {
	unsigned long number;
	int64_t arrived; /* these are gate_now_us() */
	int64_t ended;   /* 0: in flight */
	int64_t applied; /* 0: not applied later, or not yet */
	char *method;
	char *path;
	char *query;
	char *body; /* JSON text; NULL: none */
	char *if_match;
	char *id;          /* what stands for the last {id} of the route; NULL: it ends otherwise */
	char *status_sent; /* the status in the body; NULL: none */
	const char *fault;
	const char *key; /* a literal, or NULL */
	unsigned status;
	unsigned late_status;      /* of a request that was applied later */
	unsigned colleague_status; /* of the last change by a colleague; 0: none */
	bool late;
	bool leak;
	bool held;
};

struct count {
	char route[80];
	unsigned long requests;
	UT_hash_handle hh;
};

struct journal {
	pthread_mutex_t lock;
	int64_t started;       /* gate_now_us() */
	struct entry *entries; /* numbers ascend without a gap */
	size_t used, room;
	unsigned long next;
	struct count *counts;
	unsigned long total, leaks, connections;
	unsigned in_flight, most_in_flight;
};

static const char *const write_only[] = {"password", "client_secret"};

struct journal *journal_new(void)
{
	struct journal *journal = text_alloc(1, sizeof *journal);
	pthread_mutex_init(&journal->lock, NULL);
	journal->started = gate_now_us();
	journal->next = 1;
	return journal;
}

static void entry_clear(struct entry *entry)
{
	free(entry->method);
	free(entry->path);
	free(entry->query);
	free(entry->body);
	free(entry->if_match);
	free(entry->id);
	free(entry->status_sent);
}

/* Forgets the oldest entries. */
static void forget_locked(struct journal *journal, size_t count)
{
	for (size_t i = 0; i < count; i++)
		entry_clear(&journal->entries[i]);
	journal->used -= count;
	if (journal->used)
		memmove(journal->entries, journal->entries + count,
			journal->used * sizeof(struct entry));
}

static void counts_clear_locked(struct journal *journal)
{
	struct count *count = journal->counts;
	HASH_CLEAR(hh, journal->counts);
	while (count) {
		struct count *next = count->hh.next;
		free(count);
		count = next;
	}
	journal->counts = NULL;
}

void journal_clear(struct journal *journal)
{
	pthread_mutex_lock(&journal->lock);
	forget_locked(journal, journal->used);
	counts_clear_locked(journal);
	journal->total = 0;
	journal->leaks = 0;
	journal->connections = 0;
	journal->most_in_flight = journal->in_flight;
	pthread_mutex_unlock(&journal->lock);
}

int64_t journal_started(const struct journal *journal)
{
	return journal->started;
}

void journal_free(struct journal *journal)
{
	if (!journal)
		return;
	journal_clear(journal);
	free(journal->entries);
	pthread_mutex_destroy(&journal->lock);
	free(journal);
}

/* Some vendors wrap what they are sent, so it is looked for at every depth. */
static void hide_secrets(json_t *value)
{
	for (size_t i = 0; i < sizeof write_only / sizeof *write_only; i++)
		if (json_object_get(value, write_only[i]))
			json_object_set_new(value, write_only[i], json_string("(set)"));
	for (size_t i = 0; i < json_array_size(value); i++)
		hide_secrets(json_array_get(value, i));
	const char *key;
	json_t *member;
	json_object_foreach(value, key, member) {
		hide_secrets(member);
	}
}

/* The body as JSON text without secrets, NULL without a body. */
static char *body_shown(const struct request *request)
{
	if (!request->body.len)
		return NULL;
	json_error_t error;
	json_t *body = json_loadb(request->body.data, request->body.len, JSON_DECODE_ANY, &error);
	bool secret = false;
	for (size_t i = 0; i < sizeof write_only / sizeof *write_only && !body; i++)
		secret = secret || strstr(request->body.data, write_only[i]);
	hide_secrets(body);
	if (!body && !secret)
		body = json_stringn(request->body.data, request->body.len);
	if (!body)
		body = json_string("(not JSON, and not shown)");
	char *text = document_text(body, false);
	json_decref(body);
	return text;
}

static void count_locked(struct journal *journal, const char *method, const char *route)
{
	char key[sizeof journal->counts->route];
	snprintf(key, sizeof key, "%s %s", method, route);
	struct count *count = NULL;
	HASH_FIND_STR(journal->counts, key, count);
	if (!count) {
		count = text_alloc(1, sizeof *count);
		memcpy(count->route, key, sizeof key);
		HASH_ADD_STR(journal->counts, route, count);
	}
	count->requests++;
}

static void append_locked(struct journal *journal, const struct entry *entry)
{
	if (journal->used == JOURNAL_MOST)
		forget_locked(journal, JOURNAL_MOST / 2);
	if (journal->used == journal->room) {
		size_t room = journal->room ? journal->room * 2 : 256;
		struct entry *entries = text_alloc(room, sizeof *entries);
		if (journal->used)
			memcpy(entries, journal->entries, journal->used * sizeof *entries);
		free(journal->entries);
		journal->entries = entries;
		journal->room = room;
	}
	journal->entries[journal->used++] = *entry;
}

/* JSON can't hold other bytes, and an entry that can't be shown would be missing in the journal. */
static char *words_shown(const char *words)
{
	json_t *value = json_string(words);
	const char *shown = value ? words : "(not UTF-8)";
	json_decref(value);
	return text_copy(shown, strlen(shown));
}

/* NULL if the route does not end in an id. */
static char *id_shown(const struct request *request, const char *route)
{
	size_t len = strlen(route);
	const char *slash = strrchr(request->sent_path, '/');
	if (!slash || len < 4 || strcmp(route + len - 4, "{id}") != 0)
		return NULL;
	char *id = text_copy(slash + 1, strlen(slash + 1));
	request_decode(id);
	char *shown = words_shown(id);
	free(id);
	return shown;
}

/* At the top of the body, or in the one object that wraps it. NULL if there is none. */
static char *status_sent(const struct request *request)
{
	json_t *body = NULL;
	if (request->body.len)
		body = json_loadb(request->body.data, request->body.len, 0, NULL);
	json_t *status = json_object_get(body, "status");
	const char *key;
	json_t *member;
	json_object_foreach(body, key, member) {
		if (!status)
			status = json_object_get(member, "status");
	}
	char *sent = json_is_string(status) ? words_shown(json_string_value(status)) : NULL;
	json_decref(body);
	return sent;
}

unsigned long journal_begin(struct journal *journal, const struct request *request,
			    const char *route, bool leak, const char *key)
{
	const char *if_match = request_header(request, "If-Match");
	struct entry entry = {
	    .arrived = request->arrived,
	    .method = words_shown(request->method),
	    .path = words_shown(request->path),
	    .query = words_shown(request->query),
	    .body = body_shown(request),
	    .if_match = if_match ? words_shown(if_match) : NULL,
	    .id = id_shown(request, route),
	    .status_sent = status_sent(request),
	    .leak = leak,
	    .key = key,
	};
	pthread_mutex_lock(&journal->lock);
	entry.number = journal->next++;
	append_locked(journal, &entry);
	count_locked(journal, request->method, route);
	journal->total++;
	journal->leaks += leak;
	if (++journal->in_flight > journal->most_in_flight)
		journal->most_in_flight = journal->in_flight;
	pthread_mutex_unlock(&journal->lock);
	return entry.number;
}

/* NULL: it is forgotten. */
static struct entry *entry_locked(struct journal *journal, unsigned long number)
{
	if (!journal->used || number < journal->entries[0].number)
		return NULL;
	return &journal->entries[number - journal->entries[0].number];
}

void journal_hold(struct journal *journal, unsigned long number)
{
	pthread_mutex_lock(&journal->lock);
	struct entry *entry = entry_locked(journal, number);
	if (entry)
		entry->held = true;
	pthread_mutex_unlock(&journal->lock);
}

void journal_pending(struct journal *journal, unsigned long number)
{
	pthread_mutex_lock(&journal->lock);
	struct entry *entry = entry_locked(journal, number);
	if (entry)
		entry->late = true;
	pthread_mutex_unlock(&journal->lock);
}

void journal_applied(struct journal *journal, unsigned long number, unsigned status)
{
	pthread_mutex_lock(&journal->lock);
	struct entry *entry = entry_locked(journal, number);
	if (entry) {
		entry->late_status = status;
		entry->applied = gate_now_us();
	}
	pthread_mutex_unlock(&journal->lock);
}

void journal_colleague(struct journal *journal, unsigned long number, unsigned status)
{
	pthread_mutex_lock(&journal->lock);
	struct entry *entry = entry_locked(journal, number);
	if (entry)
		entry->colleague_status = status;
	pthread_mutex_unlock(&journal->lock);
}

void journal_end(struct journal *journal, unsigned long number, unsigned status, const char *fault)
{
	pthread_mutex_lock(&journal->lock);
	journal->in_flight--;
	struct entry *entry = entry_locked(journal, number);
	if (entry) {
		entry->status = status;
		entry->fault = fault;
		entry->ended = gate_now_us();
		entry->held = false;
	}
	pthread_mutex_unlock(&journal->lock);
}

void journal_connection(struct journal *journal)
{
	pthread_mutex_lock(&journal->lock);
	journal->connections++;
	pthread_mutex_unlock(&journal->lock);
}

static const char *entry_state(const struct entry *entry)
{
	if (entry->late && !entry->applied)
		return "pending";
	if (entry->late)
		return entry->late_status < 300 ? "applied" : "refused";
	if (!entry->ended)
		return "in flight";
	return entry->status ? "answered" : "dropped";
}

/* A moment as microseconds since the start. */
static json_t *time_json(const struct journal *journal, int64_t time)
{
	return time ? json_integer((json_int_t)(time - journal->started)) : json_null();
}

static json_t *entry_json(const struct journal *journal, const struct entry *entry)
{
	json_t *body = NULL;
	if (entry->body)
		body = json_loads(entry->body, JSON_DECODE_ANY, NULL);
	int64_t lasted = entry->ended ? entry->ended - entry->arrived : 0;
	json_t *object = json_pack("{s:I,s:I,s:I,s:s,s:s,s:s,s:i,s:s,s:o?,s:s?,s:s?,s:b,s:b}", "n",
				   (json_int_t)entry->number, "t_ms",
				   (json_int_t)(entry->arrived - journal->started) / 1000, "ms",
				   (json_int_t)lasted / 1000, "method", entry->method, "path",
				   entry->path, "query", entry->query, "status", (int)entry->status,
				   "state", entry_state(entry), "body", body, "if_match",
				   entry->if_match, "fault", entry->fault, "leak", entry->leak,
				   "held", entry->held);
	json_t *more = json_pack("{s:s?,s:o,s:o,s:o,s:s?,s:s?,s:i,s:i}", "key", entry->key, "t_us",
				 time_json(journal, entry->arrived), "end_us",
				 time_json(journal, entry->ended), "applied_us",
				 time_json(journal, entry->applied), "id", entry->id, "status_sent",
				 entry->status_sent, "late_status", (int)entry->late_status,
				 "colleague_status", (int)entry->colleague_status);
	json_object_update_new(object, more);
	return object;
}

json_t *journal_list(struct journal *journal)
{
	json_t *list = json_array();
	pthread_mutex_lock(&journal->lock);
	for (size_t i = 0; i < journal->used; i++)
		json_array_append_new(list, entry_json(journal, &journal->entries[i]));
	pthread_mutex_unlock(&journal->lock);
	return list;
}

json_t *journal_counts(struct journal *journal)
{
	json_t *counts = json_object();
	pthread_mutex_lock(&journal->lock);
	for (struct count *count = journal->counts; count; count = count->hh.next)
		json_object_set_new(counts, count->route,
				    json_integer((json_int_t)count->requests));
	json_object_set_new(counts, "total", json_integer((json_int_t)journal->total));
	json_object_set_new(counts, "leaks", json_integer((json_int_t)journal->leaks));
	json_object_set_new(counts, "connections", json_integer((json_int_t)journal->connections));
	json_object_set_new(counts, "in_flight", json_integer(journal->in_flight));
	json_object_set_new(counts, "max_in_flight", json_integer(journal->most_in_flight));
	pthread_mutex_unlock(&journal->lock);
	return counts;
}

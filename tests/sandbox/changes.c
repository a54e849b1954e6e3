/* SPDX-License-Identifier: Apache-2.0 */
/*
 * changes: what became of the records, change by change.
 *
 * The stores call this with their lock held, so that the order of the list is the order of the
 * changes of each record.
 *
 * It must not know what stands in a text, nor what a request means.
 */
#include "changes.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

/* The most that are kept: beyond it, the oldest are dropped. */
#define CHANGES_MOST 100000U

struct change {
	int64_t when;
	unsigned long by;
	char *id;
	char *before, *after; /* NULL: none */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool begun;
static struct change *list;
static size_t used, room;
static _Thread_local unsigned long actor;

static void forget_locked(size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(list[i].id);
		free(list[i].before);
		free(list[i].after);
	}
	used -= count;
	if (used)
		memmove(list, list + count, used * sizeof *list);
}

void changes_begin(void)
{
	pthread_mutex_lock(&lock);
	forget_locked(used);
	begun = true;
	pthread_mutex_unlock(&lock);
}

void changes_free(void)
{
	pthread_mutex_lock(&lock);
	forget_locked(used);
	free(list);
	list = NULL;
	room = 0;
	begun = false;
	pthread_mutex_unlock(&lock);
}

void changes_by(unsigned long number)
{
	actor = number;
}

static char *copy(const char *words)
{
	return words ? text_copy(words, strlen(words)) : NULL;
}

static struct change *append_locked(void)
{
	if (used == CHANGES_MOST)
		forget_locked(CHANGES_MOST / 2);
	if (used == room) {
		size_t more = room ? room * 2 : 256;
		struct change *longer = text_alloc(more, sizeof *longer);
		if (used)
			memcpy(longer, list, used * sizeof *list);
		free(list);
		list = longer;
		room = more;
	}
	return &list[used++];
}

void changes_note(int64_t when, const char *id, const char *before, const char *after)
{
	pthread_mutex_lock(&lock);
	if (begun)
		*append_locked() = (struct change){when, actor, copy(id), copy(before),
						   copy(after)};
	pthread_mutex_unlock(&lock);
}

static json_t *parsed(const char *text)
{
	return text ? json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL) : json_null();
}

json_t *changes_list(int64_t started)
{
	json_t *shown = json_array();
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < used; i++) {
		const struct change *change = &list[i];
		json_array_append_new(shown, json_pack("{s:I,s:I,s:s,s:o,s:o}", "at_us",
						       (json_int_t)(change->when - started), "by",
						       (json_int_t)change->by, "id", change->id,
						       "before", parsed(change->before), "after",
						       parsed(change->after)));
	}
	pthread_mutex_unlock(&lock);
	return shown;
}

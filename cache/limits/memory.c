/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.c - see memory.h.
 *
 * A key for each user of a roster. What the store did not take is newer than what it has: it is
 * kept here until it does.
 */
#include "cache/limits/memory.h"

#include "cache/redis/redis.h"
#include "cache/store/shared_state.h"
#include "vendors/base/log.h"
#include "vendors/json/exact_parse.h"
#include "vendors/json/exact_print.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#define KEEP_MILLISECONDS (90LL * 24 * 3600 * 1000)
#define LATER_MAX 1000

/* What the store is still to be told. */
struct memory_late {
	char name[SEAL_NAME_MAX];
	char *text; /* NULL: nothing is remembered any more */
	uint64_t number;
	UT_hash_handle hh;
};

struct memory {
	struct shared *shared;
	pthread_mutex_t lock; /* of what follows; a leaf */
	struct memory_late *late;
	uint64_t last;
};

struct memory *memory_new(struct shared *shared)
{
	struct memory *memory = calloc(1, sizeof(*memory));

	if (!memory)
		return NULL;
	memory->shared = shared;
	pthread_mutex_init(&memory->lock, NULL);
	return memory;
}

static void forget_locked(struct memory *memory, struct memory_late *late)
{
	HASH_DEL(memory->late, late); /* NOLINT(clang-analyzer-unix.Malloc) */
	free(late->text);
	free(late);
}

void memory_free(struct memory *memory)
{
	struct memory_late *late, *next;

	if (!memory)
		return;
	if (memory->late)
		log_loud("the other hosts will not know which memberships were ended of %u %s: the "
			 "shared store could not be reached",
			 HASH_COUNT(memory->late),
			 HASH_COUNT(memory->late) == 1 ? "user" : "users");
	HASH_ITER(hh, memory->late, late, next)
		forget_locked(memory, late);
	pthread_mutex_destroy(&memory->lock);
	free(memory);
}

static void memory_name(const struct store_seat *seat, const char *id, char name[SEAL_NAME_MAX])
{
	const char *parts[] = {seat->identity, id};

	seal_name(seat->shared->seal, "past", parts, 2, name);
}

/* Have the store keep TEXT (NULL: nothing) at NAME. 0 or a negative errno. */
static int memory_put(struct memory *memory, const char *name, const char *text)
{
	struct redis_command command = {0};
	struct redis_reply *reply = NULL;
	char *sealed = NULL;
	size_t length;
	int error = 0;

	redis_add_text(&command, text ? "SET" : "DEL");
	redis_add_text(&command, name);
	if (text) {
		error = seal_close(memory->shared->seal, name, text, strlen(text), &sealed,
				   &length);
		if (error)
			return error;
		redis_add(&command, sealed, length);
		redis_add_text(&command, "PX");
		redis_add_number(&command, KEEP_MILLISECONDS);
	}
	error = redis_ask(memory->shared->redis, &command, 1, REDIS_DEADLINE, &reply);
	if (!error && redis_type(reply) == REDIS_REFUSAL)
		error = -EREMOTEIO;
	redis_reply_free(reply);
	free(sealed);
	return error;
}

/* Note TEXT (taken) for later. */
static void put_later(struct memory *memory, const char *name, char *text)
{
	struct memory_late *late;

	pthread_mutex_lock(&memory->lock);
	HASH_FIND_STR(memory->late, name, late);
	if (!late && HASH_COUNT(memory->late) < LATER_MAX) {
		late = calloc(1, sizeof(*late));
		if (late) {
			memcpy(late->name, name, strlen(name) + 1);
			HASH_ADD_STR(memory->late, name, late);
		}
		if (late && !late->hh.tbl) {
			free(late);
			late = NULL;
		}
	}
	if (late) {
		free(late->text);
		late->text = text;
		late->number = ++memory->last;
	}
	pthread_mutex_unlock(&memory->lock);
	if (!late)
		free(text);
}

/* Forget what was to be told of NAME: number NUMBER of it, 0: any. */
static void put_done(struct memory *memory, const char *name, uint64_t number)
{
	struct memory_late *late;

	pthread_mutex_lock(&memory->lock);
	HASH_FIND_STR(memory->late, name, late);
	if (late && (!number || late->number == number))
		forget_locked(memory, late);
	pthread_mutex_unlock(&memory->lock);
}

int memory_remember(struct memory *memory, struct store_seat *seat, const char *id,
		    const json_t *value)
{
	char *text = value ? exact_print_text(value, 0) : NULL;
	char name[SEAL_NAME_MAX];
	int error;

	if (value && !text)
		return -ENOMEM;
	memory_name(seat, id, name);
	error = memory_put(memory, name, text);
	if (error) {
		put_later(memory, name, text);
		return error;
	}
	put_done(memory, name, 0);
	free(text);
	return 0;
}

/* Return what is to be told of NAME: *FOUND, and its text or NULL. The caller frees. */
static char *find_late(struct memory *memory, const char *name, bool *found)
{
	struct memory_late *late;
	char *text = NULL;

	pthread_mutex_lock(&memory->lock);
	HASH_FIND_STR(memory->late, name, late);
	*found = late;
	if (late && late->text)
		text = strdup(late->text);
	pthread_mutex_unlock(&memory->lock);
	return text;
}

json_t *memory_recall(struct memory *memory, struct store_seat *seat, const char *id)
{
	struct redis_command command = {0};
	struct redis_reply *reply = NULL;
	char name[SEAL_NAME_MAX], *text;
	json_t *value = NULL;
	const char *sealed;
	size_t length;
	bool found;

	memory_name(seat, id, name);
	text = find_late(memory, name, &found);
	if (!found) {
		redis_add_text(&command, "GET");
		redis_add_text(&command, name);
		if (!redis_ask(memory->shared->redis, &command, 1, REDIS_DEADLINE, &reply) &&
		    redis_type(reply) == REDIS_TEXT) {
			sealed = redis_text(reply, &length);
			if (seal_open(memory->shared->seal, name, seat->label, sealed, length,
				      &text, &length))
				text = NULL;
		}
		redis_reply_free(reply);
	}
	if (text)
		value = exact_parse(text, strlen(text), 0, NULL);
	free(text);
	return value;
}

void memory_turn(struct memory *memory)
{
	char name[SEAL_NAME_MAX], *text;
	struct memory_late *late;
	uint64_t number;
	int error = 0;
	bool any;

	while (!error && redis_is_up(memory->shared->redis)) {
		pthread_mutex_lock(&memory->lock);
		late = memory->late;
		any = late;
		text = late && late->text ? strdup(late->text) : NULL;
		number = late ? late->number : 0;
		memcpy(name, late ? late->name : "", late ? sizeof(name) : 1);
		error = late && late->text && !text ? -ENOMEM : 0;
		pthread_mutex_unlock(&memory->lock);
		if (!any)
			return;
		if (!error)
			error = memory_put(memory, name, text);
		if (!error)
			put_done(memory, name, number);
		free(text);
	}
}

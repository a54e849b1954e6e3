/* SPDX-License-Identifier: Apache-2.0 */
/*
 * aside.c - see aside.h.
 */
#include "cache/changes/aside.h"

#include "cache/record/record.h"
#include "cache/record/snapshot.h"
#include "vendors/json/exact_parse.h"
#include "vendors/json/exact_print.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

enum aside_state { WRITTEN, UNLISTED, REMOVED };

struct aside {
	char *id;
	enum aside_state state;
	struct record *record; /* UNLISTED */
	char *text;            /* WRITTEN; NULL: deleted */
	uint64_t generation;   /* WRITTEN */
	UT_hash_handle hh;
};

struct asides {
	pthread_mutex_t lock;
	struct aside *table; /* by id */
};

struct asides *aside_table_new(void)
{
	struct asides *asides = calloc(1, sizeof(*asides));

	if (asides)
		pthread_mutex_init(&asides->lock, NULL);
	return asides;
}

static struct aside *find_locked(const struct asides *asides, const char *id)
{
	struct aside *aside;

	HASH_FIND_STR(asides->table, id, aside);
	return aside;
}

/* Free what ASIDE holds beside its id. */
static void aside_empty(struct aside *aside)
{
	record_put(aside->record);
	free(aside->text);
	aside->record = NULL;
	aside->text = NULL;
}

static void drop_locked(struct asides *asides, struct aside *aside)
{
	HASH_DEL(asides->table, aside); /* NOLINT(clang-analyzer-unix.Malloc) */
	aside_empty(aside);
	free(aside->id);
	free(aside);
}

/* Return the entry of ID, which is made if need be, in STATE and with nothing else. NULL: no
 * memory. */
static struct aside *set_locked(struct asides *asides, const char *id, enum aside_state state)
{
	struct aside *aside = find_locked(asides, id);

	if (!aside) {
		aside = calloc(1, sizeof(*aside));
		if (aside)
			aside->id = strdup(id);
		if (!aside || !aside->id) {
			free(aside);
			return NULL;
		}
		HASH_ADD_KEYPTR(hh, asides->table, aside->id, strlen(aside->id), aside);
		if (!aside->hh.tbl) {
			free(aside->id);
			free(aside);
			return NULL;
		}
	}
	aside_empty(aside);
	aside->state = state;
	return aside;
}

void aside_table_free(struct asides *asides)
{
	struct aside *aside, *next;

	if (!asides)
		return;
	HASH_ITER(hh, asides->table, aside, next)
		drop_locked(asides, aside);
	pthread_mutex_destroy(&asides->lock);
	free(asides);
}

void aside_find(struct asides *asides, const char *id, struct aside_found *found)
{
	const struct aside *aside;

	memset(found, 0, sizeof(*found));
	pthread_mutex_lock(&asides->lock);
	aside = find_locked(asides, id);
	if (aside) {
		found->written = aside->state == WRITTEN;
		found->removed = aside->state == REMOVED;
		found->generation = aside->generation;
		found->record = aside->record ? record_get(aside->record) : NULL;
	}
	if (aside && aside->text)
		found->own = exact_parse(aside->text, strlen(aside->text), 0, NULL);
	pthread_mutex_unlock(&asides->lock);
}

void aside_clear(struct aside_found *found)
{
	json_decref(found->own);
	record_put(found->record);
}

void aside_write(struct asides *asides, const char *id, const json_t *document, uint64_t generation)
{
	char *text = document ? exact_print_text(document, 0) : NULL;
	struct aside *aside;

	pthread_mutex_lock(&asides->lock);
	aside = set_locked(asides, id, WRITTEN);
	if (aside) {
		aside->text = text;
		aside->generation = generation;
		text = NULL;
	}
	pthread_mutex_unlock(&asides->lock);
	free(text);
}

void aside_keep(struct asides *asides, const char *id, struct record *record)
{
	struct aside *aside;

	pthread_mutex_lock(&asides->lock);
	aside = find_locked(asides, id);
	if (!aside || aside->state != WRITTEN) {
		aside = set_locked(asides, id, record ? UNLISTED : REMOVED);
		if (aside && record)
			aside->record = record_get(record);
	}
	pthread_mutex_unlock(&asides->lock);
}

void aside_forget(struct asides *asides, const char *id)
{
	struct aside *aside;

	pthread_mutex_lock(&asides->lock);
	aside = find_locked(asides, id);
	if (aside && aside->state != WRITTEN)
		drop_locked(asides, aside);
	pthread_mutex_unlock(&asides->lock);
}

void aside_forget_written(struct asides *asides, uint64_t generation)
{
	struct aside *aside, *next;

	pthread_mutex_lock(&asides->lock);
	HASH_ITER(hh, asides->table, aside, next) {
		if (aside->state == WRITTEN && aside->generation <= generation)
			drop_locked(asides, aside);
	}
	pthread_mutex_unlock(&asides->lock);
}

void aside_each_unlisted(struct asides *asides, const struct snapshot *list,
			 void (*visit)(void *arg, struct record *record), void *arg)
{
	pthread_mutex_lock(&asides->lock);
	for (const struct aside *aside = asides->table; aside; aside = aside->hh.next) {
		if (aside->state == UNLISTED && !snapshot_find(list, aside->id))
			visit(arg, aside->record);
	}
	pthread_mutex_unlock(&asides->lock);
}

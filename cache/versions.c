/*
 * versions.c - see versions.h.
 *
 * A table by id, oldest entry first, so that the bound takes from the front. Knows nothing of
 * merging: cache/base decides which of these versions a document was read from.
 */
#include "cache/versions.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#define SAVES_MAX 4

struct save {
	struct versions_process process;
	char *stamp;    /* or NULL */
	char *document; /* JSON text: trees stay in one thread */
	char *left;
};

struct entry {
	char *id;
	struct record *shown[VERSIONS_MAX]; /* newest first */
	size_t count;
	struct save saves[SAVES_MAX]; /* newest first */
	size_t save_count;
	UT_hash_handle hh;
};

struct versions {
	pthread_mutex_t lock;
	struct entry *entries;
};

struct versions *versions_new(void)
{
	struct versions *versions = calloc(1, sizeof(*versions));

	if (versions)
		pthread_mutex_init(&versions->lock, NULL);
	return versions;
}

static void save_clear(struct save *save)
{
	free(save->stamp);
	free(save->document);
	free(save->left);
	memset(save, 0, sizeof(*save));
}

static void entry_free_locked(struct versions *versions, struct entry *entry)
{
	HASH_DEL(versions->entries, entry);
	for (size_t i = 0; i < entry->count; i++)
		record_put(entry->shown[i]);
	for (size_t i = 0; i < entry->save_count; i++)
		save_clear(&entry->saves[i]);
	free(entry->id);
	free(entry);
}

void versions_free(struct versions *versions)
{
	struct entry *entry, *next;

	if (!versions)
		return;
	HASH_ITER(hh, versions->entries, entry, next)
		entry_free_locked(versions, entry);
	pthread_mutex_destroy(&versions->lock);
	free(versions);
}

static struct entry *find_locked(struct versions *versions, const char *id)
{
	struct entry *entry;

	HASH_FIND_STR(versions->entries, id, entry);
	return entry;
}

/* The entry for ID, made if need be, at the end of the table: it is the one used last. */
static struct entry *touch_locked(struct versions *versions, const char *id)
{
	struct entry *entry = find_locked(versions, id);

	if (entry) {
		HASH_DEL(versions->entries, entry);
	} else {
		if (HASH_COUNT(versions->entries) >= VERSIONS_RECORDS_MAX)
			entry_free_locked(versions, versions->entries);
		entry = calloc(1, sizeof(*entry));
		if (entry)
			entry->id = strdup(id);
		if (!entry || !entry->id) {
			free(entry);
			return NULL;
		}
	}
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
	HASH_ADD_KEYPTR(hh, versions->entries, entry->id, strlen(entry->id), entry);
	return entry;
}

void versions_retire(struct versions *versions, struct record *record)
{
	struct entry *entry;

	if (!atomic_load(&record->shown) && !record->namesake)
		return;
	pthread_mutex_lock(&versions->lock);
	entry = touch_locked(versions, record->id);
	if (entry && !(entry->count && entry->shown[0] == record)) {
		if (entry->count == VERSIONS_MAX)
			record_put(entry->shown[--entry->count]);
		memmove(&entry->shown[1], &entry->shown[0], entry->count * sizeof(struct record *));
		entry->shown[0] = record_get(record);
		entry->count++;
	}
	pthread_mutex_unlock(&versions->lock);
}

size_t versions_list(struct versions *versions, const char *id, struct record **list, size_t room)
{
	struct entry *entry;
	size_t count = 0;

	pthread_mutex_lock(&versions->lock);
	entry = find_locked(versions, id);
	for (; entry && count < entry->count && count < room; count++)
		list[count] = record_get(entry->shown[count]);
	pthread_mutex_unlock(&versions->lock);
	return count;
}

static bool same_save(const struct save *save, const struct versions_process *process,
		      const char *stamp)
{
	if (save->process.pid != process->pid || save->process.started != process->started)
		return false;
	return stamp ? save->stamp && strcmp(save->stamp, stamp) == 0 : !save->stamp;
}

void versions_saved(struct versions *versions, const char *id,
		    const struct versions_process *process, const char *stamp,
		    const json_t *document, const json_t *left)
{
	struct save save = {
	    .process = *process,
	    .stamp = stamp ? strdup(stamp) : NULL,
	    .document = json_dumps(document, JSON_COMPACT),
	    .left = json_dumps(left, JSON_COMPACT),
	};
	struct entry *entry;
	size_t at = 0;

	if ((stamp && !save.stamp) || !save.document || !save.left) {
		save_clear(&save);
		return;
	}
	pthread_mutex_lock(&versions->lock);
	entry = touch_locked(versions, id);
	if (entry) {
		while (at < entry->save_count && !same_save(&entry->saves[at], process, stamp))
			at++;
		if (at == entry->save_count && at == SAVES_MAX)
			at--;
		if (at < entry->save_count)
			save_clear(&entry->saves[at]);
		else
			entry->save_count++;
		memmove(&entry->saves[1], &entry->saves[0], at * sizeof(entry->saves[0]));
		entry->saves[0] = save;
	}
	pthread_mutex_unlock(&versions->lock);
	if (!entry)
		save_clear(&save);
}

bool versions_last_save(struct versions *versions, const char *id,
			const struct versions_process *process, const char *stamp,
			json_t **document, json_t **left)
{
	struct entry *entry;

	*document = *left = NULL;
	pthread_mutex_lock(&versions->lock);
	entry = find_locked(versions, id);
	for (size_t i = 0; entry && i < entry->save_count; i++) {
		if (same_save(&entry->saves[i], process, stamp)) {
			*document = json_loads(entry->saves[i].document, JSON_ALLOW_NUL, NULL);
			*left = json_loads(entry->saves[i].left, JSON_ALLOW_NUL, NULL);
			break;
		}
	}
	pthread_mutex_unlock(&versions->lock);
	if (*document && *left)
		return true;
	json_decref(*document);
	json_decref(*left);
	*document = *left = NULL;
	return false;
}

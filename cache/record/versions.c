/* SPDX-License-Identifier: Apache-2.0 */
/*
 * versions.c - see versions.h.
 *
 * A hash table by id, in the order of the last use, so that the bound removes the first entry. It
 * does not decide which of these versions a document was read from (edit_base.c).
 */
#include "cache/record/versions.h"

#include "vendors/json/exact_parse.h"
#include "vendors/json/exact_print.h"
#include "cache/record/record.h"
#include "vendors/base/hash.h"
#include "vendors/json/exact.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

struct save {
	struct versions_process process;
	char *stamp;    /* or NULL */
	char *document; /* JSON text, because a json_t stays in one thread */
	char *left;
	struct earlier earlier;
};

struct entry {
	char *id;
	struct record *shown[VERSIONS_MAX]; /* newest first */
	size_t count;
	struct save saves[VERSIONS_SAVES_MAX]; /* newest first */
	size_t save_count;
	UT_hash_handle hh;
};

struct versions {
	pthread_mutex_t lock;
	struct entry *entries;
	uint64_t refused; /* hash of the id of the last save that was refused */
	pid_t refused_pid;
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
	earlier_clear(&save->earlier);
	memset(save, 0, sizeof(*save));
}

static void versions_entry_free_locked(struct versions *versions, struct entry *entry)
{
	if (entry->hh.tbl)
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
		versions_entry_free_locked(versions, entry);
	pthread_mutex_destroy(&versions->lock);
	free(versions);
}

static struct entry *versions_find_locked(struct versions *versions, const char *id)
{
	struct entry *entry;

	HASH_FIND_STR(versions->entries, id, entry);
	return entry;
}

/* Move the entry of ID, which is added if need be, to the end of the table. NULL: no memory. */
static struct entry *versions_touch_locked(struct versions *versions, const char *id)
{
	struct entry *entry = versions_find_locked(versions, id);

	if (entry && !entry->hh.next)
		return entry; /* it is at the end, and alone perhaps: needs no memory */
	if (entry) {
		HASH_DEL(versions->entries, entry);
	} else {
		if (HASH_COUNT(versions->entries) >= VERSIONS_RECORDS_MAX)
			versions_entry_free_locked(versions, versions->entries);
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
	if (entry->hh.tbl)
		return entry;
	versions_entry_free_locked(versions, entry);
	return NULL;
}

void versions_retire(struct versions *versions, struct record *record)
{
	struct entry *entry;

	if (!atomic_load(&record->shown) && !record->namesake)
		return;
	pthread_mutex_lock(&versions->lock);
	entry = versions_touch_locked(versions, record->id);
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
	entry = versions_find_locked(versions, id);
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

/*
 * Make room for what PROCESS saved from STAMP at the front of ENTRY's saves, and return that place.
 * What PROCESS saved from STAMP before goes to *OLD. If there was nothing, *OLD is unchanged and
 * the oldest save may have been removed.
 */
static struct save *place_save_locked(struct entry *entry, const struct versions_process *process,
				      const char *stamp, struct save *old)
{
	size_t at = 0;

	while (at < entry->save_count && !same_save(&entry->saves[at], process, stamp))
		at++;
	if (at < entry->save_count)
		*old = entry->saves[at];
	else if (at == VERSIONS_SAVES_MAX)
		save_clear(&entry->saves[--at]);
	else
		entry->save_count++;
	memmove(&entry->saves[1], &entry->saves[0], at * sizeof(entry->saves[0]));
	return &entry->saves[0];
}

void versions_saved(struct versions *versions, const char *id,
		    const struct versions_process *process, const char *stamp,
		    const struct earlier_save *told)
{
	struct save save = {
	    .process = *process,
	    .stamp = stamp ? strdup(stamp) : NULL,
	    .document = exact_print_text(told->document, 0),
	    .left = exact_print_text(told->left, 0),
	};
	struct save old = {0};
	struct entry *entry = NULL;

	if ((!stamp || save.stamp) && save.document && save.left) {
		pthread_mutex_lock(&versions->lock);
		entry = versions_touch_locked(versions, id);
		if (entry) {
			struct save *place = place_save_locked(entry, process, stamp, &old);

			save.earlier = old.earlier;
			old.earlier = (struct earlier){0};
			earlier_note(&save.earlier, told);
			*place = save;
		}
		pthread_mutex_unlock(&versions->lock);
	}
	save_clear(entry ? &old : &save);
}

bool versions_last_save(struct versions *versions, const char *id,
			const struct versions_process *process, const char *stamp,
			struct versions_save *last)
{
	struct entry *entry;

	memset(last, 0, sizeof(*last));
	pthread_mutex_lock(&versions->lock);
	entry = versions_find_locked(versions, id);
	for (size_t i = 0; entry && i < entry->save_count; i++) {
		const struct save *save = &entry->saves[i];

		if (same_save(save, process, stamp)) {
			last->document = exact_parse(save->document, strlen(save->document), 0,
						     NULL);
			last->left = exact_parse(save->left, strlen(save->left), 0, NULL);
			earlier_copy(&last->earlier, &save->earlier);
			break;
		}
	}
	pthread_mutex_unlock(&versions->lock);
	if (last->document && last->left)
		return true;
	versions_save_clear(last);
	return false;
}

void versions_save_clear(struct versions_save *save)
{
	json_decref(save->document);
	json_decref(save->left);
	earlier_clear(&save->earlier);
	memset(save, 0, sizeof(*save));
}

void versions_note_refused(struct versions *versions, const char *id, pid_t pid)
{
	pthread_mutex_lock(&versions->lock);
	versions->refused = hash_text(id);
	versions->refused_pid = pid;
	pthread_mutex_unlock(&versions->lock);
}

bool versions_was_refused(struct versions *versions, const char *id, pid_t pid)
{
	bool refused;

	pthread_mutex_lock(&versions->lock);
	refused = pid && versions->refused_pid == pid && versions->refused == hash_text(id);
	pthread_mutex_unlock(&versions->lock);
	return refused;
}

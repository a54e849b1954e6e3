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
#include <time.h>
#include <unistd.h>
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

/* An open for reading. */
struct opening {
	uint64_t version; /* 0: none yet */
	double at;        /* seconds after boot */
	pid_t process;
};

struct versions {
	pthread_mutex_t lock;
	struct entry *entries;
	pthread_mutex_t opens_lock; /* a lock of its own: each open of a file takes it */
	struct opening
	    *opens;  /* VERSIONS_OPENS_MAX; NULL before the first, as most rosters have none */
	size_t next; /* where the next one is noted, over the oldest */
};

struct versions *versions_new(void)
{
	struct versions *versions = calloc(1, sizeof(*versions));

	if (versions) {
		pthread_mutex_init(&versions->lock, NULL);
		pthread_mutex_init(&versions->opens_lock, NULL);
	}
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
	pthread_mutex_destroy(&versions->opens_lock);
	free(versions->opens);
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

void versions_opened(struct versions *versions, struct record *record, pid_t process)
{
	struct timespec now;

	atomic_store(&record->shown, true);
	clock_gettime(CLOCK_BOOTTIME, &now);
	pthread_mutex_lock(&versions->opens_lock);
	if (!versions->opens)
		versions->opens = calloc(VERSIONS_OPENS_MAX, sizeof(*versions->opens));
	if (versions->opens) {
		versions->opens[versions->next] = (struct opening){
		    .version = record->version,
		    .at = (double)now.tv_sec + (double)now.tv_nsec / 1e9,
		    .process = process,
		};
		versions->next = (versions->next + 1) % VERSIONS_OPENS_MAX;
	}
	pthread_mutex_unlock(&versions->opens_lock);
}

/* Which of the COUNT records in LIST is VERSION? COUNT: none. */
static size_t find_version(struct record *const *list, size_t count, uint64_t version)
{
	size_t at = 0;

	while (at < count && list[at]->version != version)
		at++;
	return at;
}

/* As below, but with the lock and for a process with a number. */
static bool opened_alone_locked(const struct versions *versions,
				const struct versions_process *process, struct record *const *list,
				size_t count)
{
	double began = (double)process->started / (double)sysconf(_SC_CLK_TCK);
	const struct opening *oldest = &versions->opens[versions->next];
	bool newest = false;

	/* what was forgotten before the oldest one may be the process's */
	if (oldest->version && oldest->at >= began)
		return false;
	for (size_t i = 0; i < VERSIONS_OPENS_MAX; i++) {
		const struct opening *opening = &versions->opens[i];
		size_t at;

		if (opening->process != process->pid || opening->at < began)
			continue;
		at = find_version(list, count, opening->version);
		if (at > 0 && at < count)
			return false;
		newest |= at == 0;
	}
	return newest;
}

bool versions_opened_alone(struct versions *versions, const struct versions_process *process,
			   struct record *const *list, size_t count)
{
	bool alone = false;

	/* a process of another namespace has no number here */
	if (process->pid <= 0 || !process->started)
		return false;
	pthread_mutex_lock(&versions->opens_lock);
	if (versions->opens)
		alone = opened_alone_locked(versions, process, list, count);
	pthread_mutex_unlock(&versions->opens_lock);
	return alone;
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

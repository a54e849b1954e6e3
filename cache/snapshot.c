/*
 * snapshot.c - see snapshot.h.
 *
 * Two arrays of pointers, one in the vendor's order, one sorted for bsearch: a record stands in two
 * snapshots at a time, so a hash table with its handle inside the record (uthash) can't hold it. A
 * third one, sorted by email, is made only for whoever looks by email. It knows nothing of age or
 * fetching.
 */
#include "cache/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <uthash.h>

struct snapshot_id {
	const char *id; /* of a record in the builder */
	UT_hash_handle hh;
};

static int compare_id(const void *a, const void *b)
{
	const struct record *const *left = a, *const *right = b;

	return strcmp((*left)->id, (*right)->id);
}

static int compare_key(const void *key, const void *element)
{
	const struct record *const *record = element;

	return strcmp(key, (*record)->id);
}

struct snapshot *snapshot_get(struct snapshot *snapshot)
{
	atomic_fetch_add_explicit(&snapshot->references, 1, memory_order_relaxed);
	return snapshot;
}

void snapshot_put(struct snapshot *snapshot)
{
	if (!snapshot ||
	    atomic_fetch_sub_explicit(&snapshot->references, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i < snapshot->count; i++)
		record_put(snapshot->records[i]);
	free(snapshot->records);
	free(snapshot->by_id);
	free(atomic_load(&snapshot->by_email));
	free(snapshot);
}

struct record *snapshot_find(const struct snapshot *snapshot, const char *id)
{
	struct record **found;

	if (!snapshot->count)
		return NULL;
	found = bsearch(id, snapshot->by_id, snapshot->count, sizeof(struct record *), compare_key);
	return found ? *found : NULL;
}

/* ---- by email ---- */

static int compare_email(const void *a, const void *b)
{
	const struct record *const *left = a, *const *right = b;
	int order = strcasecmp((*left)->email, (*right)->email);

	return order ? order : strcmp((*left)->id, (*right)->id);
}

static struct snapshot_emails *make_emails(const struct snapshot *snapshot)
{
	struct snapshot_emails *emails;
	size_t count = 0;

	for (size_t i = 0; i < snapshot->count; i++)
		count += snapshot->records[i]->email != NULL;
	emails = malloc(sizeof(*emails) + count * sizeof(struct record *));
	if (!emails)
		return NULL;
	emails->count = 0;
	for (size_t i = 0; i < snapshot->count; i++) {
		if (snapshot->records[i]->email)
			emails->records[emails->count++] = snapshot->records[i];
	}
	qsort(emails->records, count, sizeof(struct record *), compare_email);
	return emails;
}

const struct snapshot_emails *snapshot_emails(struct snapshot *snapshot)
{
	struct snapshot_emails *emails = atomic_load(&snapshot->by_email), *first = NULL;

	if (emails)
		return emails;
	emails = make_emails(snapshot);
	if (!emails || atomic_compare_exchange_strong(&snapshot->by_email, &first, emails))
		return emails;
	free(emails); /* somebody else was quicker */
	return first;
}

struct record *const *snapshot_with_email(const struct snapshot_emails *emails, const char *email,
					  size_t *count)
{
	size_t low = 0, high = emails->count, end;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcasecmp(emails->records[middle]->email, email) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (end = low; end < emails->count; end++) {
		if (strcasecmp(emails->records[end]->email, email) != 0)
			break;
	}
	*count = end - low;
	return emails->records + low;
}

/* ---- building ---- */

void snapshot_begin(struct snapshot_builder *builder, struct snapshot *old)
{
	memset(builder, 0, sizeof(*builder));
	builder->old = old;
}

/* The old snapshot's record for the same user: most likely it stands at the same place. */
static struct record *old_record(const struct snapshot_builder *builder, const char *id)
{
	const struct snapshot *old = builder->old;

	if (!old)
		return NULL;
	if (builder->count < old->count && strcmp(old->records[builder->count]->id, id) == 0)
		return old->records[builder->count];
	return snapshot_find(old, id);
}

/* Note ID as added. Returns 0, -EEXIST or -ENOMEM. */
static int note_id(struct snapshot_builder *builder, const char *id)
{
	struct snapshot_id *entry;

	HASH_FIND_STR(builder->ids, id, entry);
	if (entry)
		return -EEXIST;
	entry = malloc(sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	entry->id = id;
	HASH_ADD_KEYPTR(hh, builder->ids, entry->id, strlen(entry->id), entry);
	return 0;
}

static void forget_ids(struct snapshot_builder *builder)
{
	struct snapshot_id *entry, *next;

	HASH_ITER(hh, builder->ids, entry, next) { /* NOLINT(clang-analyzer-unix.Malloc) */
		HASH_DEL(builder->ids, entry);     /* NOLINT(clang-analyzer-unix.Malloc) */
		free(entry);
	}
}

int snapshot_append(struct snapshot_builder *builder, struct record *record)
{
	if (builder->count == builder->room) {
		size_t room = builder->room ? builder->room * 2 : 256;
		struct record **records = realloc(builder->records, room * sizeof(struct record *));

		if (!records) {
			record_put(record);
			return -ENOMEM;
		}
		builder->records = records;
		builder->room = room;
	}
	builder->records[builder->count++] = record;
	return 0;
}

int snapshot_add(struct snapshot_builder *builder, struct record *record)
{
	struct record *old = old_record(builder, record->id);
	int error;

	if (old && old != record && record_same(old, record)) {
		record_put(record);
		record = record_get(old);
	}
	error = note_id(builder, record->id);
	if (error) {
		record_put(record);
		return error;
	}
	return snapshot_append(builder, record);
}

void snapshot_reset(struct snapshot_builder *builder)
{
	forget_ids(builder);
	for (size_t i = 0; i < builder->count; i++)
		record_put(builder->records[i]);
	builder->count = 0;
}

struct snapshot *snapshot_end(struct snapshot_builder *builder, struct timespec fetched)
{
	size_t bytes = builder->count * sizeof(struct record *);
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
	struct record **exact;

	forget_ids(builder);
	if (snapshot)
		snapshot->by_id = malloc(bytes + 1);
	if (!snapshot || !snapshot->by_id) {
		free(snapshot);
		snapshot_reset(builder);
		free(builder->records);
		memset(builder, 0, sizeof(*builder));
		return NULL;
	}
	exact = realloc(builder->records, bytes + 1);
	if (exact)
		builder->records = exact;
	atomic_init(&snapshot->references, 1);
	snapshot->fetched = fetched;
	snapshot->count = builder->count;
	snapshot->records = builder->records;
	if (builder->count) {
		memcpy(snapshot->by_id, snapshot->records, bytes);
		qsort(snapshot->by_id, snapshot->count, sizeof(struct record *), compare_id);
	}
	memset(builder, 0, sizeof(*builder));
	return snapshot;
}

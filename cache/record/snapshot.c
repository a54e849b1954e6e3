/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshot.c - see snapshot.h.
 *
 * The table by id is filled while records come in: it finds repeats, and then belongs to the
 * snapshot. A record can be in two snapshots at a time, so it cannot hold the handle of a hash
 * table. This file knows nothing of age or fetching.
 */
#include "cache/record/snapshot.h"

#include "cache/record/record.h"
#include "vendors/base/address.h"
#include "vendors/base/hash.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ROOM_FIRST 16

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
	table_clear(&snapshot->ids);
	free(atomic_load(&snapshot->by_email));
	free(atomic_load(&snapshot->similar));
	free(snapshot);
}

struct record *snapshot_find(const struct snapshot *snapshot, const char *id)
{
	return table_find(&snapshot->ids, id, hash_text(id));
}

/* ---- by email ---- */

static int compare_email(const void *a, const void *b)
{
	const struct record *const *left = a, *const *right = b;
	int order = strcasecmp(record_key(*left), record_key(*right));

	if (!order)
		order = address_compare_spelling(record_email(*left), record_email(*right));
	return order ? order : strcmp((*left)->id, (*right)->id);
}

static struct snapshot_emails *make_emails(const struct snapshot *snapshot)
{
	struct snapshot_emails *emails;
	size_t count = 0;

	for (size_t i = 0; i < snapshot->count; i++)
		count += record_email(snapshot->records[i]) != NULL;
	emails = malloc(sizeof(*emails) + count * sizeof(struct record *));
	if (!emails)
		return NULL;
	emails->count = 0;
	for (size_t i = 0; i < snapshot->count; i++) {
		if (record_email(snapshot->records[i]))
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
	free(emails); /* another thread was quicker */
	return first;
}

struct record *const *snapshot_with_email(const struct snapshot_emails *emails, const char *key,
					  size_t *count)
{
	size_t low = 0, high = emails->count, end;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcasecmp(record_key(emails->records[middle]), key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (end = low; end < emails->count; end++) {
		if (strcasecmp(record_key(emails->records[end]), key) != 0)
			break;
	}
	*count = end - low;
	return emails->records + low;
}

/* ---- comparing ---- */

bool snapshot_compare(const struct snapshot *old, const struct snapshot *new,
		      bool (*visit)(void *arg, struct record *before, struct record *after),
		      void *arg)
{
	/* AT goes through the other one beside I, so that those in the same order need no lookup */
	for (size_t i = 0, at = 0; i < new->count; i++) {
		struct record *after = new->records[i], *before;

		if (at + 1 < old->count && old->records[at + 1] == after)
			at++; /* one was removed there */
		if (at < old->count && old->records[at] == after) {
			at++;
			continue;
		}
		before = snapshot_find(old, after->id);
		if (at < old->count && old->records[at] == before)
			at++;
		if (before != after && !visit(arg, before, after))
			return false;
	}
	for (size_t i = 0, at = 0; i < old->count; i++) {
		struct record *before = old->records[i];

		if (at + 1 < new->count &&new->records[at + 1] == before)
			at++;
		if (at < new->count &&new->records[at] == before)
			at++;
		else if (!snapshot_find(new, before->id) && !visit(arg, before, NULL))
			return false;
	}
	return true;
}

/* ---- building ---- */

static const char *snapshot_id_of(const void *item)
{
	const struct record *record = item;

	return record->id;
}

void snapshot_begin(struct snapshot_builder *builder, struct snapshot *old)
{
	memset(builder, 0, sizeof(*builder));
	table_init(&builder->ids, snapshot_id_of);
	builder->old = old;
}

struct record *snapshot_old(const struct snapshot_builder *builder, const char *id)
{
	const struct snapshot *old = builder->old;

	if (!old)
		return NULL;
	/* most likely it is at the same place */
	if (builder->count < old->count && strcmp(old->records[builder->count]->id, id) == 0)
		return old->records[builder->count];
	return snapshot_find(old, id);
}

static int snapshot_append(struct snapshot_builder *builder, struct record *record)
{
	if (builder->count == builder->room) {
		size_t room = builder->room ? builder->room * 2 : ROOM_FIRST;
		struct record **records = realloc(builder->records, room * sizeof(struct record *));

		if (!records)
			return -ENOMEM;
		builder->records = records;
		builder->room = room;
	}
	builder->records[builder->count++] = record;
	return 0;
}

int snapshot_add(struct snapshot_builder *builder, struct record *record)
{
	uint64_t hash = hash_text(record->id);
	int error = table_find(&builder->ids, record->id, hash) ? -EEXIST : 0;

	if (!error)
		error = snapshot_append(builder, record);
	if (error) {
		record_put(record);
		return error;
	}
	error = table_add(&builder->ids, record, hash);
	if (error) {
		builder->count--;
		record_put(record);
		return error;
	}
	builder->kinds[record->status]++;
	builder->bytes += record_size(record);
	return 0;
}

void snapshot_reset(struct snapshot_builder *builder)
{
	table_clear(&builder->ids);
	for (size_t i = 0; i < builder->count; i++)
		record_put(builder->records[i]);
	free(builder->records);
	snapshot_begin(builder, builder->old);
}

struct snapshot *snapshot_end(struct snapshot_builder *builder, struct timespec fetched)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
	struct record **exact;

	if (!snapshot) {
		snapshot_reset(builder);
		return NULL;
	}
	exact = realloc(builder->records, builder->count * sizeof(struct record *) + 1);
	if (exact)
		builder->records = exact;
	atomic_init(&snapshot->references, 1);
	snapshot->fetched = fetched;
	snapshot->count = builder->count;
	memcpy(snapshot->kinds, builder->kinds, sizeof(snapshot->kinds));
	snapshot->records = builder->records;
	snapshot->ids = builder->ids;
	snapshot_begin(builder, builder->old);
	return snapshot;
}

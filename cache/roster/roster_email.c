/* SPDX-License-Identifier: Apache-2.0 */
/*
 * roster_email.c - see roster_email.h.
 *
 * Only the index of a whole roster shows which users have an email; what was written or fetched
 * alone since wins over it. A vendor's own filters are not used: an empty result proves nothing,
 * because its idea of equal emails is not ours (Elastic Path's eq is case-sensitive).
 *
 * The index of those that look alike is made when it is first needed: 4 bytes per user, places of
 * records, sorted by a hash of their skeletons. The hash is computed again for the few that a
 * search touches.
 */
#define ROSTERFS_ROSTER_PRIVATE
#include "cache/roster/roster_email.h"

#include "cache/record/record.h"
#include "cache/record/snapshot.h"
#include "cache/roster/gone.h"
#include "cache/roster/illegible.h"
#include "cache/roster/known.h"
#include "cache/roster/roster_state.h"
#include "cache/roster/whole.h"
#include "vendors/base/skeleton.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool roster_email_due_locked(struct roster *roster, const char *email)
{
	return gone_due_locked(roster, email) || illegible_due_locked(roster, email);
}

struct snapshot *roster_email_fresh_locked(struct roster *roster, const char *email,
					   double *seconds)
{
	*seconds = 0;
	if (!known_whole_fresh_locked(roster) || roster_email_due_locked(roster, email))
		return NULL;
	*seconds = known_snapshot_left_locked(roster);
	return whole_with_email_locked(roster, email);
}

struct snapshot *roster_email_peek(struct roster *roster, const char *email, double *seconds)
{
	struct snapshot *found;

	whole_index_emails(roster);
	pthread_mutex_lock(&roster->lock);
	found = roster_email_fresh_locked(roster, email, seconds);
	pthread_mutex_unlock(&roster->lock);
	return found;
}

/* The most records that are returned: there may be thousands. */
#define SIMILAR_MAX 100

/* ---- the index of those that look alike ---- */

static int compare_numbers(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

static struct snapshot_similar *make_similar(const struct snapshot *snapshot)
{
	uint64_t *hashes = calloc(snapshot->count + 1, sizeof(*hashes));
	struct snapshot_similar *similar = NULL;
	size_t count = 0;

	for (size_t i = 0; hashes && i < snapshot->count && i <= UINT32_MAX; i++) {
		const char *key = record_key(snapshot->records[i]);

		if (key)
			hashes[count++] = (uint64_t)skeleton_hash(key) << 32 | i;
	}
	if (hashes) {
		qsort(hashes, count, sizeof(*hashes), compare_numbers);
		similar = malloc(sizeof(*similar) + count * sizeof(similar->places[0]));
	}
	if (similar) {
		similar->count = count;
		for (size_t i = 0; i < count; i++)
			similar->places[i] = (uint32_t)hashes[i];
	}
	free(hashes);
	return similar;
}

/* Return the index of SNAPSHOT, borrowed from it. The first call takes a while. NULL: no memory. */
static const struct snapshot_similar *similar_of(struct snapshot *snapshot)
{
	struct snapshot_similar *similar = atomic_load(&snapshot->similar), *first = NULL;

	if (similar)
		return similar;
	similar = make_similar(snapshot);
	if (!similar || atomic_compare_exchange_strong(&snapshot->similar, &first, similar))
		return similar;
	free(similar); /* another thread was quicker */
	return first;
}

/* ---- the search ---- */

/* The email that is looked for, and what was found. */
struct search {
	const char *key;
	char *skeleton;
	uint32_t hash;
	struct snapshot_builder builder;
	bool *more;
};

/* Add RECORD if a reader takes its email for the one looked for. Return 0 or -ENOMEM. */
static int add_if_similar(struct search *search, struct record *record)
{
	char *skeleton;
	bool equal;
	int error;

	if (strcasecmp(record_key(record), search->key) == 0)
		return 0;
	skeleton = skeleton_make(record_key(record), SKELETON_ALL);
	equal = skeleton && strcmp(skeleton, search->skeleton) == 0;
	error = skeleton ? 0 : -ENOMEM;
	free(skeleton);
	if (!equal)
		return error;
	if (search->builder.count == SIMILAR_MAX) {
		*search->more = true;
		return 0;
	}
	return snapshot_add(&search->builder, record_get(record));
}

/*
 * Add those of ROSTER's snapshot, except those of which the overlay has something newer. Return 0
 * or -ENOMEM.
 */
static int add_similar(struct search *search, struct roster *roster)
{
	const struct snapshot *snapshot = roster->known.snapshot;
	const struct snapshot_similar *similar = similar_of(roster->known.snapshot);
	size_t low = 0, high = similar ? similar->count : 0;
	int error = similar ? 0 : -ENOMEM;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (skeleton_hash(record_key(snapshot->records[similar->places[middle]])) <
		    search->hash)
			low = middle + 1;
		else
			high = middle;
	}
	for (; !error && low < similar->count && !*search->more; low++) {
		struct record *record = snapshot->records[similar->places[low]];
		const struct overlay *entry;

		if (skeleton_hash(record_key(record)) != search->hash)
			break;
		entry = known_overlay_locked(roster, record->id);
		if (!entry || (!entry->record && !entry->deleted))
			error = add_if_similar(search, record);
	}
	return error;
}

static int search_locked(struct search *search, struct roster *roster)
{
	int error = roster->known.snapshot ? add_similar(search, roster) : 0;

	for (struct overlay *entry = roster->known.overlay; entry && !error;
	     entry = entry->hh.next) {
		struct record *record = entry->record;

		if (record && record_key(record) &&
		    skeleton_hash(record_key(record)) == search->hash)
			error = add_if_similar(search, record);
	}
	return error;
}

struct snapshot *roster_email_similar(struct roster *roster, const char *key, bool *known,
				      bool *more)
{
	struct search search = {.key = key,
				.skeleton = skeleton_make(key, SKELETON_ALL),
				.hash = skeleton_hash(key),
				.more = more};
	struct snapshot *snapshot = NULL, *found = NULL;
	struct timespec fetched = {0};
	int error = search.skeleton ? 0 : -ENOMEM;

	*more = false;
	pthread_mutex_lock(&roster->lock);
	if (roster->known.snapshot)
		snapshot = snapshot_get(roster->known.snapshot);
	pthread_mutex_unlock(&roster->lock);
	*known = snapshot;
	/* without the lock, because it takes a while */
	if (snapshot)
		similar_of(snapshot);
	snapshot_begin(&search.builder, NULL);
	if (!error) {
		pthread_mutex_lock(&roster->lock);
		error = search_locked(&search, roster);
		pthread_mutex_unlock(&roster->lock);
	}
	if (!error)
		found = snapshot_end(&search.builder, fetched);
	else
		snapshot_reset(&search.builder);
	snapshot_put(snapshot);
	free(search.skeleton);
	return found;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gone.c - see gone.h.
 *
 * A table of ids with the key of the email that each record had. It asks no vendor itself:
 * fetch_record.c does.
 */
#define ROSTERFS_ROSTER_PRIVATE
#include "cache/roster/gone.h"

#include "cache/record/record.h"
#include "cache/record/snapshot.h"
#include "cache/roster/gets.h"
#include "cache/roster/known.h"
#include "cache/roster/roster_state.h"
#include "vendors/base/address.h"
#include "vendors/base/checked.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <uthash.h>

/* The most that are remembered: if there are more, the first ones are forgotten. */
#define GONE_MAX 100000

struct gone {
	char *key; /* of the email, or NULL */
	UT_hash_handle hh;
	char id[];
};

static void gone_forget_locked(struct roster *roster, struct gone *gone)
{
	HASH_DEL(roster->gone, gone); /* NOLINT(clang-analyzer-unix.Malloc) */
	free(gone->key);
	free(gone);
}

void gone_free_locked(struct roster *roster)
{
	struct gone *gone, *next;

	HASH_ITER(hh, roster->gone, gone, next)
		gone_forget_locked(roster, gone);
}

void gone_lacks_locked(struct roster *roster, const struct record *record)
{
	const char *key = record_key(record);
	struct gone *gone;

	if (!gets_asks_id(roster))
		return;
	HASH_FIND_STR(roster->gone, record->id, gone);
	if (gone)
		gone_forget_locked(roster, gone);
	gone = calloc(1, sizeof(*gone) + strlen(record->id) + 1);
	if (!gone)
		return;
	memcpy(gone->id, record->id, strlen(record->id) + 1);
	gone->key = key ? strdup(key) : NULL;
	/* the first in the table is the oldest */
	if (HASH_COUNT(roster->gone) >= GONE_MAX)
		gone_forget_locked(roster, roster->gone);
	HASH_ADD_STR(roster->gone, id, gone);
	if (!gone->hh.tbl) {
		free(gone->key);
		free(gone);
	}
}

void gone_listed_locked(struct roster *roster, const struct snapshot *new)
{
	struct gone *gone, *next;

	HASH_ITER(hh, roster->gone, gone, next) {
		if (snapshot_find(new, gone->id))
			gone_forget_locked(roster, gone);
	}
}

bool gone_never_listed(struct roster *roster, const char *id)
{
	struct record *record;
	struct gone *gone;
	double seconds;
	bool never;

	pthread_mutex_lock(&roster->lock);
	HASH_FIND_STR(roster->gone, id, gone);
	never = !gone && known_whole_fresh_locked(roster) &&
		known_peek_locked(roster, id, &record, &seconds) == KNOWN_NOTHING &&
		!known_doubts_locked(roster, id);
	pthread_mutex_unlock(&roster->lock);
	return never;
}

bool gone_knew(struct roster *roster, const struct snapshot *old, const char *id, uint64_t at)
{
	const struct overlay *entry;
	struct gone *gone;
	bool knew;

	pthread_mutex_lock(&roster->lock);
	entry = known_overlay_locked(roster, id);
	HASH_FIND_STR(roster->gone, id, gone);
	knew = entry && entry->generation <= at ? entry->record != NULL
						: gone || (old && snapshot_find(old, id));
	pthread_mutex_unlock(&roster->lock);
	return knew;
}

/*
 * Return true if GONE, by what was known of it last, had an email of KEY, and it has not been
 * asked for since.
 */
static bool is_due_locked(struct roster *roster, const struct gone *gone, const char *key)
{
	struct record *record;
	double seconds;
	enum known knows;

	if (!gone->key || strcasecmp(gone->key, key) != 0)
		return false;
	knows = known_peek_locked(roster, gone->id, &record, &seconds);
	return knows != KNOWN_FRESH && knows != KNOWN_ABSENT;
}

bool gone_due_locked(struct roster *roster, const char *email)
{
	char *key = roster->gone ? address_key(email) : NULL;
	struct gone *gone, *next;
	bool due = false;

	/* without memory, they are asked for */
	HASH_ITER(hh, roster->gone, gone, next) {
		due = due || !key || is_due_locked(roster, gone, key);
	}
	free(key);
	return due;
}

json_t *gone_find_due(struct roster *roster, const char *email)
{
	json_t *ids = json_array();
	char *key = address_key(email);
	struct gone *gone, *next;

	if (!key) {
		json_decref(ids);
		return NULL;
	}
	pthread_mutex_lock(&roster->lock);
	HASH_ITER(hh, roster->gone, gone, next) {
		if (is_due_locked(roster, gone, key))
			json_array_append_new(ids, json_string(gone->id));
	}
	pthread_mutex_unlock(&roster->lock);
	free(key);
	return ids;
}

void gone_prove(struct roster *roster, const char *id)
{
	struct overlay *entry;
	struct gone *gone;

	pthread_mutex_lock(&roster->lock);
	HASH_FIND_STR(roster->gone, id, gone);
	if (gone)
		gone_forget_locked(roster, gone);
	entry = known_overlay_locked(roster, id);
	if (entry && !entry->record)
		entry->proven = true;
	CHECKED(known_check_locked(roster, id));
	pthread_mutex_unlock(&roster->lock);
}

void gone_note_lack(struct roster *roster, const struct record *record, const struct snapshot *new)
{
	if (snapshot_find(new, record->id))
		return;
	pthread_mutex_lock(&roster->lock);
	gone_lacks_locked(roster, record);
	pthread_mutex_unlock(&roster->lock);
}

void gone_note_lacks(struct roster *roster, const struct snapshot *old, const struct snapshot *new)
{
	for (size_t i = 0; old && i < old->count; i++) {
		if (i >= new->count || new->records[i] != old->records[i])
			gone_note_lack(roster, old->records[i], new);
	}
}

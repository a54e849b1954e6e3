/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inactive.c - see inactive.h.
 *
 * An entry exists as long as the last status that this mount wrote is inactive, or as long as there
 * is something to restore.
 */
#define ROSTERFS_ROSTER_PRIVATE
#include "cache/roster/inactive.h"

#include "cache/record/record.h"
#include "cache/record/snapshot.h"
#include "cache/roster/known.h"
#include "cache/roster/roster_state.h"
#include "vendors/base/log.h"
#include "vendors/base/status_words.h"
#include "vendors/rest/account.h"
#include "vendors/rest/collection.h"
#include "vendors/vendor.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

struct inactive {
	char *id;
	char *undo;                     /* or NULL */
	struct inactive_writer *writer; /* the caller that made it inactive; NULL: not known */
	bool inactive;                  /* made so here; false: only undo counts */
	bool seen_active;               /* that was logged */
	UT_hash_handle hh;
};

static void inactive_forget_locked(struct roster *roster, struct inactive *user)
{
	HASH_DEL(roster->inactive.table, user); /* NOLINT(clang-analyzer-unix.Malloc) */
	free(user->undo);
	free(user->writer);
	free(user->id);
	free(user);
}

void inactive_free_locked(struct roster *roster)
{
	struct inactive *user, *next;

	HASH_ITER(hh, roster->inactive.table, user, next)
		inactive_forget_locked(roster, user);
}

/* Return the entry of ID, which is added if need be, or NULL: no memory. */
static struct inactive *inactive_add_locked(struct roster *roster, const char *id)
{
	struct inactive *user;

	HASH_FIND_STR(roster->inactive.table, id, user);
	if (user)
		return user;
	user = calloc(1, sizeof(*user));
	if (user)
		user->id = strdup(id);
	if (!user || !user->id) {
		free(user);
		return NULL;
	}
	HASH_ADD_KEYPTR(hh, roster->inactive.table, user->id, strlen(user->id), user);
	if (!user->hh.tbl) {
		free(user->id);
		free(user);
		return NULL;
	}
	return user;
}

void inactive_note(struct roster *roster, const char *id, bool inactive)
{
	struct inactive *user;

	pthread_mutex_lock(&roster->lock);
	user = inactive_add_locked(roster, id);
	if (user) {
		user->inactive = inactive;
		user->seen_active = false;
		if (!inactive && !user->undo)
			inactive_forget_locked(roster, user);
	}
	pthread_mutex_unlock(&roster->lock);
}

void inactive_note_writer(struct roster *roster, const char *id, const struct call *call,
			  const json_t *seen)
{
	struct inactive *user;
	struct inactive_writer *writer;

	pthread_mutex_lock(&roster->lock);
	HASH_FIND_STR(roster->inactive.table, id, user);
	if (user && !user->writer)
		user->writer = calloc(1, sizeof(*user->writer));
	writer = user ? user->writer : NULL;
	if (writer) {
		writer->uid = call->uid;
		writer->gid = call->gid;
		writer->pid = call->pid;
		memcpy(writer->command, call->command, sizeof(writer->command));
		memcpy(writer->path, call->path, sizeof(writer->path));
		writer->timed = collection_updated(roster->collection, seen, &writer->time);
	}
	pthread_mutex_unlock(&roster->lock);
}

bool inactive_writer(struct roster *roster, const char *id, struct inactive_writer *writer)
{
	struct inactive *user;
	bool found;

	pthread_mutex_lock(&roster->lock);
	HASH_FIND_STR(roster->inactive.table, id, user);
	found = user && user->inactive && user->writer;
	if (found)
		*writer = *user->writer;
	pthread_mutex_unlock(&roster->lock);
	return found;
}

void inactive_keep_undo(struct roster *roster, const char *id, const char *undo)
{
	struct inactive *user;

	pthread_mutex_lock(&roster->lock);
	user = inactive_add_locked(roster, id);
	if (user) {
		free(user->undo);
		user->undo = undo ? strdup(undo) : NULL;
		if (!user->undo && !user->inactive)
			inactive_forget_locked(roster, user);
	}
	pthread_mutex_unlock(&roster->lock);
}

char *inactive_undo(struct roster *roster, const char *id)
{
	struct inactive *user;
	char *undo = NULL;

	pthread_mutex_lock(&roster->lock);
	HASH_FIND_STR(roster->inactive.table, id, user);
	if (user && user->undo)
		undo = strdup(user->undo);
	pthread_mutex_unlock(&roster->lock);
	return undo;
}

/* ---- users that are active again ---- */

void inactive_check(struct roster *roster, const struct record *record)
{
	struct inactive *user;
	bool say = false;

	if (strcmp(record_status(record), STATUS_ACTIVE) != 0)
		return;
	pthread_mutex_lock(&roster->lock);
	HASH_FIND_STR(roster->inactive.table, record->id, user);
	if (user && user->inactive && !user->seen_active) {
		user->seen_active = say = true;
		roster->inactive.reappeared++;
	}
	pthread_mutex_unlock(&roster->lock);
	if (say)
		log_line(
		    "%s/%s.status: active again at the vendor, although this mount made it inactive",
		    roster->account->name, record->id);
}

/*
 * Return the records in SNAPSHOT of users that were made inactive here, but not since it was
 * fetched: *COUNT borrowed records in an array that the caller frees.
 */
static const struct record **find_deactivated(struct roster *roster,
					      const struct snapshot *snapshot, size_t *count)
{
	const struct record **found = NULL;
	const struct inactive *user;
	const struct overlay *newer;

	*count = 0;
	pthread_mutex_lock(&roster->lock);
	if (roster->inactive.table)
		found = calloc(HASH_COUNT(roster->inactive.table), sizeof(struct record *));
	for (user = roster->inactive.table; found && user; user = user->hh.next) {
		newer = known_overlay_locked(roster, user->id);
		if (newer || !user->inactive || user->seen_active)
			continue;
		found[*count] = snapshot_find(snapshot, user->id);
		*count += found[*count] != NULL;
	}
	pthread_mutex_unlock(&roster->lock);
	return found;
}

void inactive_check_all(struct roster *roster, const struct snapshot *snapshot)
{
	size_t count;
	const struct record **found = find_deactivated(roster, snapshot, &count);

	for (size_t i = 0; i < count; i++)
		inactive_check(roster, found[i]);
	free(found);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inactive.c - whom this mount made inactive, what it takes to undo that, and who came back by
 * other ways.
 *
 * A part of a roster, under its lock. It changes nothing at a vendor and asks nothing.
 */
#define ROSTERFS_ROSTER_PRIVATE
#include "cache/roster/inactive.h"

#include "cache/record/record.h"
#include "cache/record/snapshot.h"
#include "cache/roster/roster_state.h"

#include "vendors/base/log.h"
#include "vendors/base/status_words.h"
#include "vendors/vendor.h"

#include <stdlib.h>
#include <string.h>

static void forget_locked(struct roster *roster, struct inactive *user)
{
	HASH_DEL(roster->deactivated, user); /* NOLINT(clang-analyzer-unix.Malloc) */
	free(user->undo);
	free(user->writer);
	free(user->id);
	free(user);
}

void inactive_free_locked(struct roster *roster)
{
	struct inactive *user, *next;

	HASH_ITER(hh, roster->deactivated, user, next)
		forget_locked(roster, user);
}

/* The entry of ID, made if need be, or NULL. */
static struct inactive *deactivated_locked(struct roster *roster, const char *id)
{
	struct inactive *user;

	HASH_FIND_STR(roster->deactivated, id, user);
	if (user)
		return user;
	user = calloc(1, sizeof(*user));
	if (user)
		user->id = strdup(id);
	if (!user || !user->id) {
		free(user);
		return NULL;
	}
	HASH_ADD_KEYPTR(hh, roster->deactivated, user->id, strlen(user->id), user);
	return user;
}

void inactive_note(struct roster *roster, const char *id, bool inactive)
{
	struct inactive *user;

	pthread_mutex_lock(&roster->lock);
	user = deactivated_locked(roster, id);
	if (user) {
		user->inactive = inactive;
		user->seen_active = false;
		if (!inactive && !user->undo)
			forget_locked(roster, user);
	}
	pthread_mutex_unlock(&roster->lock);
}

void inactive_keep_undo(struct roster *roster, const char *id, const char *undo)
{
	struct inactive *user;

	pthread_mutex_lock(&roster->lock);
	user = deactivated_locked(roster, id);
	if (user) {
		free(user->undo);
		user->undo = undo ? strdup(undo) : NULL;
		if (!user->undo && !user->inactive)
			forget_locked(roster, user);
	}
	pthread_mutex_unlock(&roster->lock);
}

char *inactive_undo(struct roster *roster, const char *id)
{
	struct inactive *user;
	char *undo = NULL;

	pthread_mutex_lock(&roster->lock);
	HASH_FIND_STR(roster->deactivated, id, user);
	if (user && user->undo)
		undo = strdup(user->undo);
	pthread_mutex_unlock(&roster->lock);
	return undo;
}

void inactive_check(struct roster *roster, const struct record *record)
{
	struct inactive *user;
	bool say = false;

	if (strcmp(record_status(record), STATUS_ACTIVE) != 0)
		return;
	pthread_mutex_lock(&roster->lock);
	HASH_FIND_STR(roster->deactivated, record->id, user);
	if (user && user->inactive && !user->seen_active) {
		user->seen_active = say = true;
		roster->reappeared++;
	}
	pthread_mutex_unlock(&roster->lock);
	if (say)
		log_line(
		    "%s/%s.status: active again at the vendor, although this mount made it inactive",
		    roster->account->name, record->id);
}

/*
 * Those in SNAPSHOT, borrowed, who were made inactive here, but not since it was fetched; *COUNT of
 * them. The caller frees.
 */
static const struct record **find_deactivated(struct roster *roster,
					      const struct snapshot *snapshot, size_t *count)
{
	const struct record **found = NULL;
	const struct inactive *user;
	const struct overlay *newer;

	*count = 0;
	pthread_mutex_lock(&roster->lock);
	if (roster->deactivated)
		found = calloc(HASH_COUNT(roster->deactivated), sizeof(struct record *));
	for (user = roster->deactivated; found && user; user = user->hh.next) {
		HASH_FIND_STR(roster->overlay, user->id, newer);
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

void inactive_note_writer(struct roster *roster, const char *id, const struct call *call,
			  const json_t *seen)
{
	struct inactive *user;
	struct inactive_writer *writer;

	pthread_mutex_lock(&roster->lock);
	HASH_FIND_STR(roster->deactivated, id, user);
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
	HASH_FIND_STR(roster->deactivated, id, user);
	found = user && user->inactive && user->writer;
	if (found)
		*writer = *user->writer;
	pthread_mutex_unlock(&roster->lock);
	return found;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * absence.c - see absence.h, and the part of roster_state.h that is called after this file.
 *
 * A part of a roster. It tells what a GET and a list mean together, keeps who was known and is not
 * listed any more (gone), and has these asked for by id when somebody looks for their email. When a
 * list is fetched is flight.c's business.
 */
#define ROSTERFS_ROSTER_PRIVATE
#include "cache/record/record.h"
#include "cache/record/snapshot.h"
#include "cache/roster/fetch.h"
#include "cache/roster/fetch_email.h"
#include "cache/roster/gets.h"
#include "cache/roster/gone.h"
#include "cache/roster/illegible.h"
#include "cache/roster/known.h"
#include "cache/roster/presence.h"
#include "cache/roster/publish.h"
#include "cache/roster/roster_email.h"
#include "cache/roster/wait.h"
#include "cache/roster/roster_state.h"

#include "cache/roster/absence.h"
#include "cache/record/lag.h"
#include "vendors/base/clock.h"
#include "vendors/base/log.h"
#include "vendors/base/address.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* So many are remembered: of more, the first are forgotten. */
#define GONE_MAX 100000

/* A record that was known, and that the newest list does not have. */
struct gone {
	char *key; /* of the email, or NULL */
	UT_hash_handle hh;
	char id[];
};

bool gets_asks_id(const struct roster *roster)
{
	const struct collection *collection = roster->collection;

	return !collection->single && !collection->listed_only && !collection->absent_status;
}

bool gets_needs_list(const struct roster *roster, const struct call *call, int error)
{
	if (!gets_asks_id(roster))
		return false;
	return error == -ENOENT || error == -EOPNOTSUPP ||
	       (error == -EINVAL && call->status == 400);
}

/* ---- a record for a change ---- */

/* What is known of ID in the newest list: KNOWN_ABSENT, if that is fresh and lacks it, and
 * otherwise where its row stood. */
static enum known look_up(struct roster *roster, const char *id, struct list_spot *spot)
{
	enum known knows = KNOWN_NOTHING;
	const struct record *row;
	size_t place = 0;

	memset(spot, 0, sizeof(*spot));
	pthread_mutex_lock(&roster->lock);
	row = roster->snapshot ? snapshot_find(roster->snapshot, id) : NULL;
	if (!row && known_whole_fresh_locked(roster))
		knows = KNOWN_ABSENT;
	while (row && place < roster->snapshot->count && roster->snapshot->records[place] != row)
		place++;
	if (row && roster->step) {
		size_t page = place / roster->step;

		*spot = (struct list_spot){.page = page,
					   .before = page * roster->step,
					   .size = page ? roster->step
							: roster->collection->page_size};
	}
	pthread_mutex_unlock(&roster->lock);
	return knows;
}

/* CALL failed as GOT, whose error was the errno ERROR. */
static int fail_as(struct call *call, const struct call *got, int error)
{
	call_copy_error(call, got);
	call->error = error;
	return -error;
}

int absence_unread(struct call *call, const struct call *got, int error)
{
	if (error == -EINTR)
		return error;
	if (got->error == EINVAL)
		return fail_as(call, got, EINVAL);
	call_add_words(call,
		       " (%s was answered %d, so that only the list can tell whether there is such "
		       "a record)",
		       got->request, got->status);
	return error;
}

/* The list does not have ID either. */
static int fail_absent(struct roster *roster, struct call *call, const struct call *got,
		       const char *id)
{
	publish_absent(roster, id);
	gone_prove(roster, id);
	return fail_as(call, got, ENOENT);
}

/* The GET of ID failed as GOT: what does the list say? */
static int get_row(struct roster *roster, struct call *call, const struct call *got, const char *id,
		   bool write, json_t **record)
{
	struct list_spot spot;
	int error;

	if (look_up(roster, id, &spot) == KNOWN_ABSENT)
		return fail_absent(roster, call, got, id);
	/* its GETs work, so that this is the lag of one */
	if (atomic_load(&roster->gets) == GETS_WORK && presence_was_made(roster, id))
		return fail_as(call, got, got->error == EINVAL ? EINVAL : ENOENT);
	call->error = 0;
	call->words[0] = '\0';
	error = write ? gets_compare(roster, call, id) : 0;
	if (!error)
		error = vendor_row(call, roster->account, roster->collection, roster->parent, id,
				   write, &spot, record);
	if (error == -ENOENT)
		return fail_absent(roster, call, got, id);
	if (error)
		return absence_unread(call, got, error);
	error = got->error == EINVAL ? fail_as(call, got, EINVAL) : 0;
	if (!error)
		gets_note_row(roster, call, got);
	if (!error && write)
		error = gets_check_row(roster, call, got, id, *record);
	if (error) {
		json_decref(*record);
		*record = NULL;
	}
	return error;
}

int absence_get(struct roster *roster, struct call *call, const char *id, json_t **record,
		char **etag, bool *by_row)
{
	int error = vendor_get(call, roster->account, roster->collection, roster->parent, id,
			       record, etag);
	struct call got;

	if (by_row)
		*by_row = false;
	if (!error)
		gets_note(roster, id, *record);
	else if (error == -ENOENT && !gets_asks_id(roster))
		publish_absent(roster, id);
	if (!gets_needs_list(roster, call, error))
		return error;
	call_continue(&got, call);
	call_copy_error(&got, call);
	error = get_row(roster, call, &got, id, etag, record);
	if (by_row)
		*by_row = !error;
	call_destroy(&got);
	return error;
}

/* ---- a status that is a collection of its own, for a change ---- */

/* The vendor has shown no status of user ID, as GOT. Is there such a user? 0 or a negative errno.
 */
static int find_user(struct roster *roster, struct call *call, const struct call *got,
		     const char *id)
{
	const struct collection *users = roster->account->vendor->users;
	struct list_spot spot = {0};
	json_t *user = NULL;
	int error = vendor_get(call, roster->account, users, NULL, id, &user, NULL);

	if (error == -ENOENT || error == -EOPNOTSUPP || (error == -EINVAL && call->status == 400)) {
		error = vendor_row(call, roster->account, users, NULL, id, false, &spot, &user);
		if (error == -ENOENT)
			return fail_as(call, got, ENOENT);
	}
	json_decref(user);
	return error;
}

/* The status of user ID, whom the vendor has, as the list of statuses shows it or lacks it. */
static int listed_status(struct roster *roster, struct call *call, const char *id, json_t **record)
{
	const struct collection *statuses = roster->collection;
	struct list_spot spot = {0};
	int error = vendor_row(call, roster->account, statuses, NULL, id, false, &spot, record);

	if (error != -ENOENT)
		return error;
	call->error = 0;
	call->words[0] = '\0';
	*record = json_pack("{s:s, s:s, s:[]}", "id", id, statuses->status_key,
			    statuses->absent_status, statuses->steps_key);
	return *record ? 0 : call_fail(call, ENOMEM, "no memory");
}

int absence_get_status(struct roster *roster, struct call *call, const char *id, json_t **record)
{
	struct call got;
	int error = vendor_get(call, roster->account, roster->collection, NULL, id, record, NULL);

	if (error != -ENOENT && !(error == -EINVAL && call->status == 400))
		return error;
	call_continue(&got, call);
	call_copy_error(&got, call);
	error = find_user(roster, call, &got, id);
	if (error == -ENOENT)
		publish_absent(roster, id);
	if (!error)
		error = listed_status(roster, call, id, record);
	call_destroy(&got);
	return error;
}

/* ---- a record for readers ---- */

/* Is WAIT for the record whose GET failed, so that FLIGHT reads the list? */
static bool is_missed(const struct flight *flight, const struct wait *wait)
{
	return flight->missed && wait->kind == WAIT_RECORD && strcmp(wait->id, flight->id) == 0;
}

void absence_note_list(struct flight *flight)
{
	struct roster *roster = flight->roster;
	const struct record *row;

	pthread_mutex_lock(&roster->lock);
	row = snapshot_find(roster->snapshot, flight->id);
	pthread_mutex_unlock(&roster->lock);
	if (!row) {
		fetch_put(flight, flight->id, NULL);
		gone_prove(roster, flight->id);
	} else if (flight->missed->error != EINVAL) {
		gets_note_row(roster, &flight->call, flight->missed);
	}
}

bool absence_settle_locked(struct flight *flight, struct wait *wait, int error)
{
	struct roster *roster = flight->roster;
	struct record *record;
	double seconds;

	if (!is_missed(flight, wait))
		return false;
	if (error) {
		call_copy_error(wait->call, &flight->call);
		wait->error = absence_unread(wait->call, flight->missed, error);
		return true;
	}
	if (known_peek_locked(roster, wait->id, &record, &seconds) == KNOWN_ABSENT)
		wait->error = fail_as(wait->call, flight->missed, ENOENT);
	else if (flight->missed->error == EINVAL && snapshot_find(roster->snapshot, wait->id))
		wait->error = fail_as(wait->call, flight->missed, EINVAL);
	else
		return false;
	return true;
}

bool absence_asks_on_locked(struct roster *roster, const struct wait *wait)
{
	struct record *record;
	double seconds;

	if (!gets_asks_id(roster))
		return false;
	if (wait->kind == WAIT_EMAIL)
		return roster_email_due_locked(roster, wait->id);
	return wait->kind == WAIT_RECORD &&
	       known_peek_locked(roster, wait->id, &record, &seconds) == KNOWN_NOTHING;
}

/* ---- records that are no longer listed ---- */

static void forget_locked(struct roster *roster, struct gone *gone)
{
	HASH_DEL(roster->gone, gone); /* NOLINT(clang-analyzer-unix.Malloc) */
	free(gone->key);
	free(gone);
}

void gone_free_locked(struct roster *roster)
{
	struct gone *gone, *next;

	HASH_ITER(hh, roster->gone, gone, next)
		forget_locked(roster, gone);
}

void gone_lacks_locked(struct roster *roster, const struct record *record)
{
	const char *key = record_key(record);
	struct gone *gone;

	if (!gets_asks_id(roster))
		return;
	HASH_FIND_STR(roster->gone, record->id, gone);
	if (gone)
		forget_locked(roster, gone);
	gone = calloc(1, sizeof(*gone) + strlen(record->id) + 1);
	if (!gone)
		return;
	memcpy(gone->id, record->id, strlen(record->id) + 1);
	gone->key = key ? strdup(key) : NULL;
	/* the first in the table is the oldest */
	if (HASH_COUNT(roster->gone) >= GONE_MAX)
		forget_locked(roster, roster->gone);
	HASH_ADD_STR(roster->gone, id, gone);
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
	struct overlay *entry;
	struct gone *gone;
	bool knew;

	pthread_mutex_lock(&roster->lock);
	HASH_FIND_STR(roster->overlay, id, entry);
	HASH_FIND_STR(roster->gone, id, gone);
	knew = entry && entry->generation <= at ? entry->record != NULL
						: gone || (old && snapshot_find(old, id));
	pthread_mutex_unlock(&roster->lock);
	return knew;
}

void gone_listed_locked(struct roster *roster, const struct snapshot *new)
{
	struct gone *gone, *next;

	HASH_ITER(hh, roster->gone, gone, next) {
		if (snapshot_find(new, gone->id))
			forget_locked(roster, gone);
	}
}

/* Does GONE, by what was known of them last, have an email of KEY, and has nobody asked for them
 * since? */
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

bool roster_email_due_locked(struct roster *roster, const char *email)
{
	char *key = roster->gone ? address_key(email) : NULL;
	struct gone *gone, *next;
	bool due = false;

	/* without memory, they are asked for */
	HASH_ITER(hh, roster->gone, gone, next) {
		due = due || !key || is_due_locked(roster, gone, key);
	}
	free(key);
	return due || illegible_due_locked(roster, email);
}

/* Who of those with EMAIL is due: their ids in a new array, NULL: no memory. */
static json_t *find_due(struct roster *roster, const char *email)
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
		forget_locked(roster, gone);
	HASH_FIND_STR(roster->overlay, id, entry);
	if (entry && !entry->record)
		entry->proven = true;
	pthread_mutex_unlock(&roster->lock);
}

int fetch_email(struct flight *flight)
{
	json_t *ids = find_due(flight->roster, flight->id), *id;
	int error = ids ? 0 : call_fail(&flight->call, ENOMEM, "no memory");
	size_t i;

	json_array_foreach(ids, i, id) {
		/* whether they are there or not is known then */
		flight->asked = json_string_value(id);
		error = fetch_record(flight);
		if (error && error != -ENOENT)
			break;
		flight->call.error = 0;
		flight->call.words[0] = '\0';
		error = 0;
	}
	json_decref(ids);
	return error ? error : fetch_illegible(flight);
}

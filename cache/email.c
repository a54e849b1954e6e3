/*
 * email.c - who has an email, as far as a roster knows (a part of roster.h).
 *
 * A whole roster tells by its index; what was written since wins over it. Where the vendor can find
 * people by email, one look-up needs no whole roster: what it found goes to the overlay, like each
 * record that was fetched alone, and the email is remembered as asked for. Only one is: the next
 * one brings the whole roster (flight.c). It knows nothing of names or files.
 */
#define ROSTERFS_ROSTER_PRIVATE
#include "cache/roster_state.h"

#include "cache/lag.h"
#include "vendors/address.h"
#include "vendors/clock.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- what is known ---- */

/* Add those with KEY of ROSTER's snapshot, but for whom the overlay has something newer. 0 or
 * -ENOMEM. */
static int add_from_snapshot(struct snapshot_builder *builder, struct roster *roster,
			     const char *key)
{
	const struct snapshot_emails *emails = snapshot_emails(roster->snapshot);
	struct record *const *with;
	size_t count;

	if (!emails)
		return -ENOMEM;
	with = snapshot_with_email(emails, key, &count);
	for (size_t i = 0; i < count; i++) {
		const struct overlay *entry;

		HASH_FIND_STR(roster->overlay, with[i]->id, entry);
		if (entry && (entry->record || entry->deleted))
			continue;
		if (snapshot_add(builder, record_get(with[i])))
			return -ENOMEM;
	}
	return 0;
}

struct snapshot *roster_with_email_locked(struct roster *roster, const char *email, double began)
{
	struct timespec fetched = roster->asked.when;
	char *key = address_key(email);
	struct snapshot_builder builder;
	int error = key ? 0 : -ENOMEM;

	snapshot_begin(&builder, NULL);
	if (!error && roster->snapshot && began <= 0) {
		fetched = roster->snapshot->fetched;
		error = add_from_snapshot(&builder, roster, key);
	}
	for (struct overlay *entry = roster->overlay; entry && !error; entry = entry->hh.next) {
		const struct record *record = entry->record;

		if (!record || !record_key(record) || strcasecmp(record_key(record), key) != 0)
			continue;
		if (entry->doubt || entry->began >= began)
			error = snapshot_add(&builder, record_get(entry->record));
	}
	free(key);
	if (!error)
		return snapshot_end(&builder, fetched);
	snapshot_reset(&builder);
	return NULL;
}

/* The seconds for which it is known who has EMAIL; *BEGAN as roster_with_email_locked takes it. */
static double left_locked(const struct roster *roster, const char *email, double *began)
{
	const struct asked *asked = &roster->asked;

	*began = 0;
	if (roster_whole_fresh_locked(roster))
		return roster_snapshot_left_locked(roster);
	if (!asked->email || strcasecmp(asked->email, email) != 0)
		return 0;
	*began = asked->began;
	return roster_limited_locked(roster, asked->began, asked->since, asked->ends);
}

struct snapshot *roster_fresh_email_locked(struct roster *roster, const char *email,
					   double *seconds)
{
	double began, left = left_locked(roster, email, &began);
	struct snapshot *found;

	*seconds = 0;
	if (left <= 0)
		return NULL;
	found = roster_with_email_locked(roster, email, began);
	/* That there is nobody holds no longer than for an id. */
	if (found && !found->count && began > 0) {
		double absent = roster->asked.since + ABSENT_SECONDS - clock_seconds();

		left = absent < left ? absent : left;
	}
	if (found && left <= 0) {
		snapshot_put(found);
		return NULL;
	}
	*seconds = left;
	return found;
}

void roster_index_emails(struct roster *roster)
{
	struct snapshot *snapshot = NULL;

	pthread_mutex_lock(&roster->lock);
	if (roster->snapshot)
		snapshot = snapshot_get(roster->snapshot);
	pthread_mutex_unlock(&roster->lock);
	if (snapshot)
		snapshot_emails(snapshot);
	snapshot_put(snapshot);
}

struct snapshot *roster_peek_email(struct roster *roster, const char *email, double *seconds)
{
	struct snapshot *found;

	roster_index_emails(roster);
	pthread_mutex_lock(&roster->lock);
	found = roster_fresh_email_locked(roster, email, seconds);
	pthread_mutex_unlock(&roster->lock);
	return found;
}

/* ---- asking the vendor ---- */

/* ROW was found in FLIGHT. 0 or a negative errno, with words in its call. */
static int put_found(struct flight *flight, json_t *row, struct timespec when)
{
	const struct collection *users = flight->roster->collection;
	char buffer[24];
	const char *id = collection_id(users, row, buffer);
	struct record *record;

	if (!id)
		return call_fail(&flight->call, EREMOTEIO, "what was found has no id");
	if (roster_was_deleted(flight->roster, &flight->call, id, row))
		return 0;
	lag_correct(flight->roster->lag, id, row, LAG_READ, NULL, NULL);
	record = record_new(users, id, row, when);
	if (!record)
		return call_fail(&flight->call, ENOMEM, "no memory");
	record->row = true;
	fetch_put(flight, id, record);
	record_put(record);
	return 0;
}

/* From now on it is known who has FLIGHT's email. */
static int note_asked(struct flight *flight, struct timespec when)
{
	struct asked *asked = &flight->roster->asked;
	char *email = strdup(flight->id);

	if (!email)
		return call_fail(&flight->call, ENOMEM, "no memory");
	pthread_mutex_lock(&flight->roster->lock);
	free(asked->email);
	asked->email = email;
	asked->began = flight->began;
	asked->since = clock_seconds();
	asked->ends = flight->call.good_until;
	asked->when = when;
	pthread_mutex_unlock(&flight->roster->lock);
	return 0;
}

int fetch_email(struct flight *flight)
{
	struct roster *roster = flight->roster;
	struct timespec when;
	json_t *found = NULL, *row;
	size_t i;
	int error = roster->collection->find(&flight->call, roster->account, flight->id, &found);

	clock_gettime(CLOCK_REALTIME, &when);
	if (error)
		return error;
	json_array_foreach(found, i, row) {
		error = put_found(flight, row, when);
		if (error)
			break;
	}
	if (!error)
		presence_complete_email(flight, found);
	json_decref(found);
	return error ? error : note_asked(flight, when);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * roster_email.c - who has an email, as far as a roster knows (a part of roster.h).
 *
 * Only a whole roster tells, by its index; what was written or fetched alone since wins over it.
 * A vendor's own filters are not used: one that finds nobody proves nothing, because its idea of
 * equal emails is not ours (Elastic Path's eq tells capitals from small letters). It knows nothing
 * of names or files.
 */
#define ROSTERFS_ROSTER_PRIVATE
#include "cache/roster/roster_email.h"

#include "cache/record/record.h"
#include "cache/record/snapshot.h"
#include "cache/roster/known.h"
#include "cache/roster/whole.h"
#include "cache/roster/roster_state.h"

#include "vendors/base/address.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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
		if (entry && (entry->record || entry->deleted || entry->proven))
			continue;
		if (snapshot_add(builder, record_get(with[i])))
			return -ENOMEM;
	}
	return 0;
}

struct snapshot *whole_with_email_locked(struct roster *roster, const char *email)
{
	char *key = address_key(email);
	struct snapshot_builder builder;
	int error = key ? 0 : -ENOMEM;

	snapshot_begin(&builder, NULL);
	if (!error)
		error = add_from_snapshot(&builder, roster, key);
	for (struct overlay *entry = roster->overlay; entry && !error; entry = entry->hh.next) {
		const struct record *record = entry->record;

		if (record && record_key(record) && strcasecmp(record_key(record), key) == 0)
			error = snapshot_add(&builder, record_get(entry->record));
	}
	free(key);
	if (!error)
		return snapshot_end(&builder, roster->snapshot->fetched);
	snapshot_reset(&builder);
	return NULL;
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

void whole_index_emails(struct roster *roster)
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

struct snapshot *roster_email_peek(struct roster *roster, const char *email, double *seconds)
{
	struct snapshot *found;

	whole_index_emails(roster);
	pthread_mutex_lock(&roster->lock);
	found = roster_email_fresh_locked(roster, email, seconds);
	pthread_mutex_unlock(&roster->lock);
	return found;
}

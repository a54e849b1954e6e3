/* SPDX-License-Identifier: Apache-2.0 */
/*
 * roster_email.c - see roster_email.h.
 *
 * Only the index of a whole roster shows which users have an email; what was written or fetched
 * alone since wins over it. A vendor's own filters are not used: an empty result proves nothing,
 * because its idea of equal emails is not ours (Elastic Path's eq is case-sensitive).
 */
#define ROSTERFS_ROSTER_PRIVATE
#include "cache/roster/roster_email.h"

#include "cache/roster/gone.h"
#include "cache/roster/illegible.h"
#include "cache/roster/known.h"
#include "cache/roster/roster_state.h"
#include "cache/roster/whole.h"

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

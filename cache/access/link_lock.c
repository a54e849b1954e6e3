/* SPDX-License-Identifier: Apache-2.0 */
/*
 * link_lock.c - see link_lock.h.
 */
#include "cache/access/link_lock.h"

#include "cache/record/write_lock.h"
#include "cache/roster/publish.h"
#include "cache/roster/roster.h"
#include "cache/roster/store.h"

#include <errno.h>

/* Return the roster whose record is locked before a link of ROSTER, or NULL. A mount alone needs
 * none: what it publishes is in the order in which the vendor answered. */
static struct roster *locked_first(struct roster *roster)
{
	struct roster *statuses = roster_statuses(roster);

	return statuses && roster_store(statuses) != store_local() ? statuses : NULL;
}

int link_lock(struct roster *roster, struct call *call, const char *id)
{
	struct roster *statuses = locked_first(roster);
	int error = statuses ? write_lock_take(roster_write_lock(statuses), call, id) : 0;

	if (error)
		return error;
	error = write_lock_take(roster_write_lock(roster), call, id);
	if (error && statuses)
		write_lock_release(roster_write_lock(statuses), id);
	return error;
}

int link_lock_check(struct roster *roster, struct call *call, const char *id)
{
	struct roster *statuses = locked_first(roster);
	int error = statuses ? write_lock_check(roster_write_lock(statuses), call, id) : 0;
	int other = error && error != -EAGAIN
			? 0
			: write_lock_check(roster_write_lock(roster), call, id);

	return other ? other : error;
}

void link_lock_tell(struct roster *roster, const char *id, bool made)
{
	struct roster *statuses = locked_first(roster);

	if (!statuses)
		return;
	if (made)
		publish_status(statuses, id, false);
	publish_doubt(statuses, id);
}

void link_unlock(struct roster *roster, const char *id)
{
	struct roster *statuses = locked_first(roster);

	write_lock_release(roster_write_lock(roster), id);
	if (statuses)
		write_lock_release(roster_write_lock(statuses), id);
}

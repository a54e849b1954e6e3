/* SPDX-License-Identifier: Apache-2.0 */
/*
 * self_guard.c - see self_guard.h.
 */
#include "cache/update/self_guard.h"

#include "cache/record/snapshot.h"
#include "cache/roster/answer.h"
#include "cache/roster/roster.h"
#include "cache/roster/wait.h"
#include "cache/roster/whole.h"
#include "vendors/base/call.h"
#include "vendors/base/log.h"
#include "vendors/base/status_words.h"
#include "vendors/http/basis.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <string.h>

/*
 * Log if ID comes from the config only, and the newest list has no such user: it protects no user.
 */
static void warn_of_self(struct call *call, struct roster *roster, const char *id)
{
	const char *configured = account_value(roster_account(roster), "self_id");
	struct snapshot *snapshot;
	double seconds;

	if (!configured || strcmp(configured, id) != 0)
		return;
	snapshot = whole_snapshot(roster, &seconds);
	if (snapshot && !snapshot_find(snapshot, id))
		log_call(call, "self_id is %s, but no such user is in the list", id);
	snapshot_put(snapshot);
}

/* Return true if the keys of ROSTER's account belong to a user. */
static bool has_owner(struct roster *roster)
{
	const struct vendor *vendor = roster_account(roster)->vendor;

	return vendor->self || vendor->self_request;
}

int self_guard_check(struct call *call, struct roster *roster, const char *id, const char *status)
{
	struct wait wait = {.kind = WAIT_SELF, .call = call};
	int error;

	/* the vendor's keys belong to no user */
	if (!has_owner(roster))
		return 0;
	/* the request for self may have to wait for the place that the GET has kept for the PUT */
	if (!answer_knows_self(roster))
		basis_release(call);
	error = wait_sync(roster, &wait);
	if (error == -ENODATA)
		error = call_fail(call, CALL_FORBIDDEN,
				  "the vendor does not say which user the keys in section [%s] "
				  "belong to, so that rosterfs might lock itself out; set self_id "
				  "there",
				  roster_account(roster)->name);
	else if (!error && strcmp(wait.self, id) == 0 && strcmp(status, STATUS_ACTIVE) != 0)
		error =
		    call_fail(call, CALL_FORBIDDEN,
			      "this is the user that rosterfs' own key belongs to: the key would "
			      "stop working");
	if (!error)
		warn_of_self(call, roster, wait.self);
	wait_clear(&wait);
	return error;
}

void self_guard_learn(struct call *call, struct roster *roster)
{
	struct wait wait = {.kind = WAIT_SELF, .call = call};

	if (!has_owner(roster) || answer_knows_self(roster))
		return;
	wait_sync(roster, &wait);
	wait_clear(&wait);
	call_clear(call);
}

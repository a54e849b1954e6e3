/* SPDX-License-Identifier: Apache-2.0 */
/*
 * self.c - see self.h.
 *
 * What the vendor says takes precedence. The setting self_id is for vendors that do not tell: it
 * was typed into the config, so it counts only if the vendor says nothing else. It must not know
 * what the id is used for.
 */
#include "vendors/rest/self.h"

#include "vendors/rest/account.h"
#include "vendors/vendor.h"
#include "vendors/base/call.h"
#include "vendors/base/log.h"

#include <string.h>

int self_find(struct call *call, struct account *account, char **id)
{
	const char *configured = account_value(account, "self_id");
	int error;

	if (!account->vendor->self)
		return call_fail(call, CALL_NOT_TOLD, "the keys belong to no user");
	error = account->vendor->self(call, account, id);
	if (!error && configured && strcmp(configured, *id) != 0)
		log_call(call,
			 "self_id is %s, but the vendor says that the key belongs to user %s: "
			 "correct self_id, or remove it",
			 configured, *id);
	if (!error || call->verdict != CALL_NOT_TOLD)
		return error;
	log_call(call, "the vendor does not tell whose the key is: %s", call->words);
	if (!configured)
		return error;
	call_clear(call);
	*id = strdup(configured);
	return *id ? 0 : call_no_memory(call);
}

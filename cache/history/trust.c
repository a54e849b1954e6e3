/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trust.c - see trust.h.
 */
#include "cache/history/trust.h"

#include "vendors/base/call.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

bool trust_is_given(const struct account *account, const struct rule_request *request)
{
	return account->trust || !(account->vendor->memory || (request && request->memory));
}

int trust_check(struct call *call, const struct account *account,
		const struct rule_request *request)
{
	if (trust_is_given(account, request))
		return 0;
	return call_fail(call, CALL_READ_ONLY,
			 "%s of %s is from memory, so nothing is sent by it: compare it with the "
			 "vendor's documents, then set trust = yes in section [%s]",
			 account->vendor->memory ? "the description"
						 : "this part of the description",
			 account->vendor->type, account->name);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transact.c - see transact.h.
 *
 * A transaction may give a user access, so that it is subject to read-only, dry run and the audit
 * log, like a change.
 */
#include "cache/update/transact.h"

#include "cache/document/render.h"
#include "cache/history/attempt.h"
#include "cache/history/guard.h"
#include "cache/update/input.h"
#include "vendors/base/call.h"
#include "vendors/base/log.h"
#include "vendors/json/json_heap.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

#include <errno.h>

/*
 * Send the request TEXT. Returns 0 and the vendor's response (NULL in a dry run), or a negative
 * errno.
 */
static int transact_ask(struct attempt *attempt, const char *text, size_t length, json_t **reply)
{
	const struct transaction *transaction = attempt->account->vendor->transaction;
	struct call *call = attempt->call;
	json_t *request;
	int error = guard_writable(attempt->guard, call, attempt->account);

	if (error)
		return error;
	request = input_parse(call, text, length);
	if (!request)
		return -EINVAL;
	error = input_check_text(call, request);
	if (!error)
		error = attempt_send(attempt);
	if (!error && guard_dry_run(attempt->guard))
		log_call(call, "dry run: nothing sent; it would be POST %s", transaction->path);
	else if (!error)
		error = transaction->run(call, attempt->account, request, reply);
	json_decref(request);
	return error;
}

int transact_send(struct call *call, struct account *account, struct guard *guard, const char *text,
		  size_t length, char **answer, size_t *answer_length)
{
	struct attempt attempt;
	json_t *reply = NULL;
	int error;

	*answer = NULL;
	*answer_length = 0;
	/* a request has a password, and a response a token */
	json_heap_wipe(true);
	attempt_begin_account(&attempt, call, guard, account, "transaction");
	error = transact_ask(&attempt, text, length, &reply);
	attempt_end(&attempt, error);
	if (!error && reply) {
		*answer = render_string(reply, answer_length);
		error = *answer ? 0 : call_no_memory(call);
	}
	json_decref(reply);
	json_heap_wipe(false);
	return error;
}

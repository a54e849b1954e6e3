/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_token.c - access tokens. Input: "TYPE#N" (accounts.h), and responses (replies.h): to the
 * request for a token, to a request that uses it, and so on after a 401.
 *
 * What is no token is refused with words; what is one becomes part of a header and of nothing else
 * (replies.c), and is in no message from then on.
 */
#include "tests/fuzz/accounts.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/replies.h"

#include "vendors/base/call.h"
#include "vendors/http/http.h"
#include "vendors/rest/account.h"
#include "vendors/rest/exchange.h"

static void ask(struct account *account, enum exchange_subject subject)
{
	struct http_request request = {.method = "GET", .path = "/me", .repeatable = true};
	struct http_reply reply = {0};
	struct call call;
	int error;

	call_init(&call, "acme");
	error = exchange(&call, account, subject, &request, &reply);
	FUZZ_CHECK(error <= 0);
	if (error)
		FUZZ_CHECK(call.words[0] && call.verdict != CALL_OK);
	else
		FUZZ_CHECK(reply.status / 100 == 2);
	accounts_check(account, call.words, false);
	http_reply_clear(&reply);
	exchange_done(&request);
	call_destroy(&call);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_begin(data, size);
	bool quoted = accounts_quoted(input.text);
	struct account *account = accounts_take(fuzz_line(&input), false);

	if (account && !quoted) {
		replies_begin(input.rest);
		replies.token = ACCOUNTS_TOKEN;
		ask(account, EXCHANGE_RECORD);
		ask(account, EXCHANGE_LIST);
		accounts_check_log(account, false);
		replies_end();
	}
	free(input.text);
	return 0;
}

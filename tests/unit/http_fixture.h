/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_fixture.h - what test_http.c and test_retry.c share: a server, an http thread and an account
 * for each test.
 */
#ifndef TESTS_UNIT_HTTP_FIXTURE_H
#define TESTS_UNIT_HTTP_FIXTURE_H

#include "tests/unit/http_server.h"
#include "vendors/base/call.h"
#include "vendors/http/http.h"
#include "vendors/base/log.h"
#include "vendors/rest/account.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>
#include <cmocka.h>

#define KEY "s3cr3t-key-4711"
/* Limits against hanging are that many times as long with sanitizers. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SCALE 6
#elif __has_feature(address_sanitizer)
#define SCALE 3
#endif
#endif
#ifndef SCALE
#if defined(__SANITIZE_THREAD__)
#define SCALE 6
#elif defined(__SANITIZE_ADDRESS__)
#define SCALE 3
#else
#define SCALE 1
#endif
#endif
/* What does not wait takes milliseconds, and less than AT_ONCE_MS on a machine that is busy. What
 * it must be told from takes PATIENCE seconds. */
#define AT_ONCE_MS ((int64_t)10000 * SCALE)
#define PATIENCE 100
#define HTTP_TEST(test)                                                                            \
	cmocka_unit_test_setup_teardown(test, http_fixture_setup, http_fixture_teardown)

struct http_fixture {
	struct http_server server;
	struct http *http;
	struct account account;
	struct account other; /* for a test that needs a second one; http_add it first */
	struct call call;
	struct http_reply reply;
};

static inline int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline int http_fixture_setup(void **state)
{
	struct http_fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	assert_true(http_server_start(&fixture->server, 0));
	fixture->http = http_new();
	assert_non_null(fixture->http);
	fixture->account.name = (char *)(size_t) "acme";
	fixture->account.endpoint.name = fixture->account.name;
	fixture->account.endpoint.base_url = fixture->server.url;
	fixture->account.endpoint.parallel = 4;
	fixture->account.endpoint.timeout = PATIENCE;
	fixture->account.endpoint.retry_budget = PATIENCE;
	assert_int_equal(http_add(fixture->http, &fixture->account.endpoint), 0);
	call_init(&fixture->call, "acme");
	*state = fixture;
	return 0;
}

static inline int http_fixture_teardown(void **state)
{
	struct http_fixture *fixture = *state;

	http_reply_clear(&fixture->reply);
	http_free(fixture->http);
	http_server_stop(&fixture->server);
	call_destroy(&fixture->call);
	log_free();
	free(fixture);
	return 0;
}

static inline struct http_request get(const char *path)
{
	return (struct http_request){.method = "GET", .path = path, .repeatable = true};
}

static inline struct http_request post(const char *path)
{
	return (
	    struct http_request){.method = "POST", .path = path, .body = "{}", .body_length = 2};
}

static inline int perform(struct http_fixture *fixture, struct http_request request)
{
	http_reply_clear(&fixture->reply);
	return http_perform(&fixture->call, &fixture->account.endpoint, &request, &fixture->reply);
}

static inline int requests(struct http_fixture *fixture)
{
	return http_server_count(&fixture->server, &fixture->server.requests);
}

/* A perform in a thread of its own. */
struct waiter {
	struct account *account;
	struct call call;
	struct http_reply reply;
	struct http_request request;
	int result;
	pthread_t thread;
};

/* This thread is that of a waiter. */
static _Thread_local bool http_fixture_waits;

static inline void *wait_run(void *arg)
{
	struct waiter *waiter = arg;

	http_fixture_waits = true;
	waiter->result = http_perform(&waiter->call, &waiter->account->endpoint, &waiter->request,
				      &waiter->reply);
	return NULL;
}

static inline void waiter_send(struct waiter *waiter, struct account *account,
			       struct http_request request)
{
	memset(waiter, 0, sizeof(*waiter));
	waiter->account = account;
	waiter->request = request;
	call_init(&waiter->call, request.path);
	assert_int_equal(pthread_create(&waiter->thread, NULL, wait_run, waiter), 0);
}

static inline void waiter_start(struct waiter *waiter, struct account *account, const char *path)
{
	waiter_send(waiter, account, get(path));
}

static inline void waiter_end(struct waiter *waiter)
{
	pthread_join(waiter->thread, NULL);
	http_reply_clear(&waiter->reply);
	call_destroy(&waiter->call);
}

/* Run COUNT transfers of PATH at once; returns how many brought a 200. */
static inline int run_many(struct http_fixture *fixture, const char *path, int count)
{
	struct transfer *transfers[64] = {0};
	struct http_request request = get(path);
	int good = 0;

	for (int i = 0; i < count; i++) {
		transfers[i] = http_start(&fixture->call, &fixture->account.endpoint, &request);
		assert_non_null(transfers[i]);
	}
	for (int left = count; left; left--) {
		int i = http_wait_any(&fixture->call, transfers, (size_t)count);

		assert_in_range(i, 0, count - 1);
		good += http_reply(transfers[i])->status == 200;
		http_drop(transfers[i], false);
		transfers[i] = NULL;
	}
	return good;
}

#endif

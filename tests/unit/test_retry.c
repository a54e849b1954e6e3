/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_retry.c - which requests are sent again, when, and when that ends.
 *
 * Against the small server of http_server.h. Budgets are one or two seconds. What must not be late
 * is allowed AT_ONCE_MS more, as the machine may be busy.
 */
#include "tests/unit/http_fixture.h"
#include "vendors/http/http_state.h"

static void test_throttled(void **state)
{
	struct http_fixture *fixture = *state;
	struct http_stats stats;
	int64_t begun = now_ms();

	fixture->account.endpoint.retry_budget = PATIENCE;
	http_server_order(&fixture->server, 1, 429, "Retry-After", "1");
	assert_int_equal(run_many(fixture, "/fail", 4), 4);
	assert_in_range(now_ms() - begun, 1000, 1000 + AT_ONCE_MS);
	http_stats(&fixture->account.endpoint, &stats);
	assert_int_equal(stats.throttled, 1);
	assert_int_equal(stats.retries, 1);
	/* a POST that met a 429 was not applied */
	http_server_order(&fixture->server, 2, 429, NULL, NULL);
	assert_int_equal(perform(fixture, post("/fail")), 0);
	assert_int_equal(fixture->reply.status, 200);
	begun = now_ms();
	http_server_order(&fixture->server, 1, 429, "X-RateLimit-Retry-After", "1");
	assert_int_equal(perform(fixture, get("/fail")), 0);
	assert_int_equal(fixture->reply.status, 200);
	assert_in_range(now_ms() - begun, 1000, 1000 + AT_ONCE_MS);
}

/* Half as many after a 429, one more after each round, but what was too many is tried late. */
static void test_halved(void **state)
{
	struct http_fixture *fixture = *state;

	assert_int_equal(http_allowed(&fixture->account.endpoint), 4);
	http_server_order(&fixture->server, 1, 429, NULL, NULL);
	assert_int_equal(perform(fixture, get("/fail")), 0);
	assert_int_equal(fixture->reply.status, 200);
	assert_int_equal(http_allowed(&fixture->account.endpoint), 2);
	fixture->server.most_running = 0;
	http_server_together(&fixture->server, 2);
	assert_int_equal(run_many(fixture, "/slow", 4), 4);
	assert_in_range(fixture->server.most_running, 2, 3);
	assert_int_equal(http_allowed(&fixture->account.endpoint), 3);
	for (int i = 0; i < 4; i++)
		assert_int_equal(run_many(fixture, "/ok", 10), 10);
	assert_int_equal(http_allowed(&fixture->account.endpoint), 3);
	assert_int_equal(run_many(fixture, "/ok", 10), 10);
	assert_int_equal(http_allowed(&fixture->account.endpoint), 4);
}

/* While nobody gets an answer, one at a time asks, and less and less often. */
static void test_one_goes_ahead(void **state)
{
	struct http_fixture *fixture = *state;
	int64_t begun = now_ms();

	fixture->account.endpoint.retry_budget = 2;
	http_server_order(&fixture->server, 1000, 429, NULL, NULL);
	assert_int_equal(run_many(fixture, "/fail", 4), 0);
	/* two seconds each, and all together where they were sent together; else they queue */
	assert_in_range(now_ms() - begun, 1900, 2 * AT_ONCE_MS);
	assert_in_range(requests(fixture), 2, 60);
	assert_int_equal(http_allowed(&fixture->account.endpoint), 1);
	http_server_order(&fixture->server, 0, 429, NULL, NULL);
	assert_int_equal(run_many(fixture, "/slow", 4), 4);
}

static void test_throttled_long(void **state)
{
	struct http_fixture *fixture = *state;
	int64_t begun = now_ms();
	char date[64];
	time_t when = time(NULL) + 3600;
	struct tm parts;

	fixture->account.endpoint.retry_budget = PATIENCE;
	/* of a change that may have been made, only that one is told: it must be looked up */
	http_server_order(&fixture->server, 1, 503, "Retry-After", date);
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&when, &parts));
	assert_int_equal(perform(fixture, post("/fail")), 0);
	assert_int_equal(fixture->reply.status, 503);
	http_server_order(&fixture->server, 1, 429, "Retry-After", "1000");
	assert_int_equal(perform(fixture, get("/fail")), 0);
	assert_int_equal(fixture->reply.status, 429);
	assert_int_equal(fixture->reply.length, 2);
	/* the others do not knock either */
	assert_int_equal(perform(fixture, get("/ok")), 0);
	assert_int_equal(fixture->reply.status, 429);
	assert_false(fixture->reply.sent);
	assert_int_equal(requests(fixture), 2);
	assert_true(now_ms() - begun < AT_ONCE_MS);
}

static void test_5xx(void **state)
{
	struct http_fixture *fixture = *state;

	http_server_order(&fixture->server, 2, 500, NULL, NULL);
	assert_int_equal(perform(fixture, get("/fail")), 0);
	assert_int_equal(fixture->reply.status, 200);
	assert_string_equal(fixture->reply.body, "hello");
	assert_int_equal(requests(fixture), 3);
	http_server_order(&fixture->server, 1, 501, NULL, NULL);
	assert_int_equal(perform(fixture, get("/fail")), 0);
	assert_int_equal(fixture->reply.status, 501);
	http_server_order(&fixture->server, 1, 503, NULL, NULL);
	assert_int_equal(perform(fixture, post("/fail")), 0);
	assert_int_equal(fixture->reply.status, 503);
	assert_int_equal(requests(fixture), 5);
	fixture->account.endpoint.retry_budget = 0;
	http_server_order(&fixture->server, 1, 502, NULL, NULL);
	assert_int_equal(perform(fixture, get("/fail")), 0);
	assert_int_equal(fixture->reply.status, 502);
	assert_int_equal(requests(fixture), 6);
}

static void test_lost(void **state)
{
	struct http_fixture *fixture = *state;
	struct waiter waiter;

	/* on a kept connection, where curl alone would send the POST again */
	assert_int_equal(perform(fixture, get("/ok")), 0);
	assert_int_equal(perform(fixture, post("/drop")), -EREMOTEIO);
	assert_true(fixture->reply.sent);
	assert_int_equal(fixture->reply.status, 0);
	assert_int_equal(requests(fixture), 2);
	assert_non_null(strstr(fixture->reply.words, "lost"));
	assert_int_equal(perform(fixture, post("/short")), -EREMOTEIO);
	assert_null(fixture->reply.body);
	assert_int_equal(requests(fixture), 3);
	/* a GET is sent until the budget ends */
	waiter_start(&waiter, &fixture->account, "/drop");
	while (requests(fixture) <= 4)
		usleep(1000);
	pthread_mutex_lock(&fixture->http->lock);
	fixture->account.endpoint.retry_budget = 0;
	pthread_mutex_unlock(&fixture->http->lock);
	pthread_join(waiter.thread, NULL);
	assert_int_equal(waiter.result, -EREMOTEIO);
	http_reply_clear(&waiter.reply);
	call_destroy(&waiter.call);
	assert_int_equal(perform(fixture, get("/ok")), 0);
}

/* The longest time in which nothing moved. */
static int64_t move_on(struct http_fixture *fixture)
{
	int64_t longest = 0, last = now_ms();

	for (int i = 0; i < 4; i++) {
		usleep(300000);
		http_progress(&fixture->account.endpoint);
		longest = now_ms() - last > longest ? now_ms() - last : longest;
		last = now_ms();
	}
	return longest;
}

static void test_progress(void **state)
{
	struct http_fixture *fixture = *state;
	int64_t begun, took = 0, longest = 1000;

	fixture->account.endpoint.retry_budget = 1;
	http_server_order(&fixture->server, 100000, 503, NULL, NULL);
	/* where the machine stood still for as long as the budget, it was right to give up: once
	 * more */
	while (longest > 800) {
		struct waiter waiter;

		begun = now_ms();
		waiter_start(&waiter, &fixture->account, "/fail");
		longest = move_on(fixture);
		waiter_end(&waiter);
		took = now_ms() - begun;
		assert_int_equal(waiter.result, 0);
		assert_true(took < 2200 + AT_ONCE_MS);
	}
	assert_true(took >= 2100);
}

/* ---- no connection ---- */

static void test_refused(void **state)
{
	struct http_fixture *fixture = *state;
	struct http_request request = get("/ok");
	struct account *gone = &fixture->other;
	char url[64];
	struct http_reserved port = {0};
	int64_t begun;

	assert_true(http_server_reserve(&port));
	snprintf(url, sizeof(url), "http://127.0.0.1:%u", port.number);
	*gone = fixture->account;
	gone->endpoint.base_url = url;
	gone->endpoint.retry_budget = 1;
	assert_int_equal(http_add(fixture->http, &gone->endpoint), 0);
	request.headers[0] = (struct http_header){"X-Key", KEY};
	request.header_count = 1;
	request.user = "user-" KEY;
	request.password = "password-" KEY;
	begun = now_ms();
	assert_int_equal(http_perform(&fixture->call, &gone->endpoint, &request, &fixture->reply),
			 -ECONNREFUSED);
	assert_in_range(now_ms() - begun, 900, 1000 + AT_ONCE_MS);
	snprintf(url, sizeof(url), "could not connect to 127.0.0.1 port %u: Connection refused",
		 port.number);
	assert_string_equal(fixture->reply.words, url);
	assert_false(fixture->reply.sent);
	close(port.socket);
}

/* A POST that certainly did not go out is sent again. */
static void test_refused_first(void **state)
{
	struct http_fixture *fixture = *state;
	struct account *gone = &fixture->other;
	struct http_reserved port = {0};
	struct http_server later;
	struct http_stats stats;
	struct waiter waiter;
	char url[64];

	assert_true(http_server_reserve(&port));
	snprintf(url, sizeof(url), "http://127.0.0.1:%u", port.number);
	*gone = fixture->account;
	gone->endpoint.base_url = url;
	assert_int_equal(http_add(fixture->http, &gone->endpoint), 0);
	waiter_send(&waiter, gone, post("/ok"));
	do {
		usleep(1000);
		http_stats(&gone->endpoint, &stats);
	} while (!stats.retries);
	assert_true(http_server_start(&later, port.number));
	pthread_join(waiter.thread, NULL);
	assert_int_equal(waiter.result, 0);
	assert_int_equal(waiter.reply.status, 200);
	assert_int_equal(http_server_count(&later, &later.requests), 1);
	http_reply_clear(&waiter.reply);
	call_destroy(&waiter.call);
	http_server_stop(&later);
	close(port.socket);
}

static void test_timeout(void **state)
{
	struct http_fixture *fixture = *state;
	int64_t begun = now_ms();

	fixture->account.endpoint.timeout = 1;
	fixture->account.endpoint.retry_budget = 0;
	assert_int_equal(perform(fixture, get("/stall")), -ETIMEDOUT);
	assert_in_range(now_ms() - begun, 900, 1000 + AT_ONCE_MS);
	assert_true(fixture->reply.sent);
	assert_non_null(strstr(fixture->reply.words, "within 1 s"));
	/* those who queue behind a dead vendor hear of it in that time too */
	fixture->account.endpoint.parallel = 1;
	begun = now_ms();
	assert_int_equal(run_many(fixture, "/stall", 12), 0);
	assert_in_range(now_ms() - begun, 900, 1000 + AT_ONCE_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    HTTP_TEST(test_throttled),      HTTP_TEST(test_halved),  HTTP_TEST(test_one_goes_ahead),
	    HTTP_TEST(test_throttled_long), HTTP_TEST(test_5xx),     HTTP_TEST(test_lost),
	    HTTP_TEST(test_progress),       HTTP_TEST(test_refused), HTTP_TEST(test_refused_first),
	    HTTP_TEST(test_timeout),
	};

	return cmocka_run_group_tests_name("retry", tests, NULL, NULL);
}

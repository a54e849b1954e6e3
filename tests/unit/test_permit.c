/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_permit.c - how many requests an endpoint has in flight, where a permit says so.
 */
#include "vendors/http/permit.h"

#include "tests/unit/http_fixture.h"

struct noted {
	struct permit permit; /* first */
	atomic_int wants, lifts;
	atomic_llong told;
};

static void note_wants(struct permit *permit)
{
	atomic_fetch_add(&((struct noted *)permit)->wants, 1);
}

static void note_told(struct permit *permit, int64_t milliseconds)
{
	struct noted *noted = (struct noted *)permit;

	atomic_fetch_add(&noted->lifts, milliseconds == 0);
	if (milliseconds)
		atomic_store(&noted->told, milliseconds);
}

static void noted_init(struct noted *noted, struct http_fixture *fixture, unsigned share)
{
	memset(noted, 0, sizeof(*noted));
	noted->permit.wants = note_wants;
	noted->permit.told = note_told;
	noted->permit.share = share;
	noted->permit.until = INT64_MAX;
	http_permit_set(&fixture->account.endpoint, &noted->permit);
}

/* Wait until VALUE is EXPECTED. */
static void comes(atomic_uint *value, unsigned expected)
{
	for (int i = 0; i < PATIENCE * 1000 && atomic_load(value) != expected; i++)
		usleep(1000);
	assert_int_equal(atomic_load(value), expected);
}

/* Start COUNT requests that are not answered until the server stops or they are dropped. */
static void start_stalled(struct http_fixture *fixture, struct transfer **transfers, size_t count)
{
	struct http_request request = get("/stall");

	for (size_t i = 0; i < count; i++) {
		transfers[i] = http_start(&fixture->call, &fixture->account.endpoint, &request);
		assert_non_null(transfers[i]);
	}
}

static void test_share_is_kept(void **state)
{
	struct http_fixture *fixture = *state;
	static struct noted noted; /* the queue uses it until the end */

	noted_init(&noted, fixture, 2);
	assert_int_equal(run_many(fixture, "/ok", 40), 40);
	assert_true(fixture->server.most_running <= 2);
	comes(&noted.permit.flying, 0);
	comes(&noted.permit.wanted, 0);
	http_permit_set(&fixture->account.endpoint, NULL);
}

static void test_nothing_without_a_share(void **state)
{
	struct http_fixture *fixture = *state;
	struct transfer *transfers[6];
	static struct noted noted; /* the queue uses it until the end */

	noted_init(&noted, fixture, 0);
	start_stalled(fixture, transfers, 6);
	/* never more than `parallel` */
	comes(&noted.permit.wanted, 4);
	assert_true(atomic_load(&noted.wants) > 0);
	assert_int_equal(noted.permit.flying, 0);
	assert_int_equal(requests(fixture), 0);
	atomic_store(&noted.permit.share, 3);
	http_permit(&fixture->account.endpoint);
	comes(&noted.permit.flying, 3);
	/* a smaller share ends nothing */
	atomic_store(&noted.permit.share, 1);
	http_permit(&fixture->account.endpoint);
	assert_int_equal(noted.permit.flying, 3);
	for (size_t i = 0; i < 6; i++)
		http_drop(transfers[i], true);
	comes(&noted.permit.flying, 0);
	comes(&noted.permit.wanted, 0);
	http_permit_set(&fixture->account.endpoint, NULL);
}

static void test_share_ends(void **state)
{
	struct http_fixture *fixture = *state;
	struct transfer *transfers[2];
	static struct noted noted; /* the queue uses it until the end */

	noted_init(&noted, fixture, 4);
	atomic_store(&noted.permit.until, 1);
	start_stalled(fixture, transfers, 2);
	comes(&noted.permit.wanted, 2);
	assert_int_equal(noted.permit.flying, 0);
	atomic_store(&noted.permit.until, INT64_MAX);
	http_permit(&fixture->account.endpoint);
	comes(&noted.permit.flying, 2);
	http_drop(transfers[0], true);
	http_drop(transfers[1], true);
	comes(&noted.permit.wanted, 0);
	http_permit_set(&fixture->account.endpoint, NULL);
}

/* What is in flight falls to the share: then the rest can be given to others. */
static void test_landing_is_told(void **state)
{
	struct http_fixture *fixture = *state;
	struct transfer *transfers[2];
	static struct noted noted; /* the queue uses it until the end */
	int before;

	noted_init(&noted, fixture, 2);
	start_stalled(fixture, transfers, 2);
	comes(&noted.permit.flying, 2);
	atomic_store(&noted.permit.share, 1);
	http_permit(&fixture->account.endpoint);
	before = atomic_load(&noted.wants);
	http_drop(transfers[0], true);
	comes(&noted.permit.flying, 1);
	assert_true(atomic_load(&noted.wants) > before);
	http_drop(transfers[1], true);
	comes(&noted.permit.flying, 0);
	http_permit_set(&fixture->account.endpoint, NULL);
}

static void test_waits_are_told(void **state)
{
	struct http_fixture *fixture = *state;
	static struct noted noted; /* the queue uses it until the end */
	char words[256];

	noted_init(&noted, fixture, 4);
	fixture->account.endpoint.retry_budget = 1;
	http_server_order(&fixture->server, 1, 429, "Retry-After", "500");
	perform(fixture, get("/fail"));
	assert_int_equal(fixture->reply.status, 429);
	assert_int_equal(noted.told, 500000);
	http_hold(&fixture->account.endpoint, words, sizeof(words));
	assert_true(words[0]);
	http_lift(&fixture->account.endpoint);
	assert_int_equal(noted.lifts, 1);
	assert_int_equal(perform(fixture, get("/fail")), 0);
	http_permit_set(&fixture->account.endpoint, NULL);
}

/* What another process was asked is waited for here, and not told again. */
static void test_wait_of_another(void **state)
{
	struct http_fixture *fixture = *state;
	static struct noted noted; /* the queue uses it until the end */
	char words[256];

	noted_init(&noted, fixture, 4);
	fixture->account.endpoint.retry_budget = 1;
	http_wait(&fixture->account.endpoint, 500000);
	http_hold(&fixture->account.endpoint, words, sizeof(words));
	assert_true(words[0]);
	fixture->account.endpoint.timeout = 1;
	perform(fixture, get("/ok"));
	assert_int_equal(fixture->reply.status, 429);
	assert_int_equal(requests(fixture), 0);
	assert_int_equal(noted.told, 0);
	http_wait(&fixture->account.endpoint, 0);
	http_hold(&fixture->account.endpoint, words, sizeof(words));
	assert_false(words[0]);
	assert_int_equal(perform(fixture, get("/ok")), 0);
	assert_int_equal(noted.lifts, 0);
	http_permit_set(&fixture->account.endpoint, NULL);
}

/* What waits for the vendor's time keeps no share from others. */
static void test_held_wants_nothing(void **state)
{
	struct http_fixture *fixture = *state;
	struct transfer *transfers[2];
	static struct noted noted; /* the queue uses it until the end */

	noted_init(&noted, fixture, 4);
	http_wait(&fixture->account.endpoint, 20000);
	start_stalled(fixture, transfers, 2);
	usleep(20000);
	assert_int_equal(noted.permit.wanted, 0);
	http_wait(&fixture->account.endpoint, 0);
	/* one goes ahead */
	comes(&noted.permit.flying, 1);
	assert_int_equal(noted.permit.wanted, 1);
	http_drop(transfers[0], true);
	http_drop(transfers[1], true);
	comes(&noted.permit.wanted, 0);
	http_permit_set(&fixture->account.endpoint, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    HTTP_TEST(test_share_is_kept),      HTTP_TEST(test_nothing_without_a_share),
	    HTTP_TEST(test_share_ends),         HTTP_TEST(test_landing_is_told),
	    HTTP_TEST(test_waits_are_told),     HTTP_TEST(test_wait_of_another),
	    HTTP_TEST(test_held_wants_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

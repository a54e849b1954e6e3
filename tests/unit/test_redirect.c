/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_redirect.c - vendors/http: redirects, headers of responses, and what a vendor's table says
 * of limits.
 */
#include "tests/unit/http_fixture.h"

#include "vendors/rest/words.h"
#include "vendors/rules.h"

static struct MHD_Response *text_response(const char *text)
{
	return MHD_create_response_from_buffer(strlen(text), (void *)(size_t)text,
					       MHD_RESPMEM_MUST_COPY);
}

static struct MHD_Response *moved(const char *where, unsigned code, unsigned *status)
{
	struct MHD_Response *response = text_response("moved");

	MHD_add_response_header(response, "Location", where);
	*status = code;
	return response;
}

static struct MHD_Response *answer(void *arg, struct MHD_Connection *connection, const char *method,
				   const char *path, const char *body, unsigned *status)
{
	struct http_fixture *fixture = arg;
	const char *key = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "X-Key");
	const char *query = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "k");
	struct MHD_Response *response;
	char text[128];
	unsigned code;

	(void)method;
	(void)body;
	if (sscanf(path, "/moved/%u", &code) == 1)
		return moved("/users/", code, status);
	if (strcmp(path, "/elsewhere") == 0)
		return moved("http://localhost:9/users", 302, status);
	if (strcmp(path, "/port") == 0) {
		snprintf(text, sizeof(text), "http://127.0.0.1:%u/users/",
			 (fixture->server.port + 1u) & 65535u);
		return moved(text, 302, status);
	}
	if (strcmp(path, "/user") == 0) {
		snprintf(text, sizeof(text), "http://u:p@127.0.0.1:%u/users/",
			 fixture->server.port);
		return moved(text, 302, status);
	}
	if (strcmp(path, "/absolute") == 0) {
		snprintf(text, sizeof(text), "HTTP://127.0.0.1:%u/users/", fixture->server.port);
		return moved(text, 301, status);
	}
	if (strcmp(path, "/loop") == 0)
		return moved("loop", 302, status);
	if (strcmp(path, "/users/") == 0) {
		snprintf(text, sizeof(text), "key=%s query=%s", key ? key : "-",
			 query ? query : "-");
		response = text_response(text);
		MHD_add_response_header(response, "X-Total", "230");
		MHD_add_response_header(response, "Link", "<a>; rel=\"next\"");
		MHD_add_response_header(response, "Link", "<b>; rel=\"last\"");
		return response;
	}
	return NULL;
}

static int set_up(void **state)
{
	struct http_fixture *fixture;

	assert_int_equal(http_fixture_setup(state), 0);
	fixture = *state;
	fixture->server.script = answer;
	fixture->server.script_arg = fixture;
	return 0;
}

static int perform_with_key(struct http_fixture *fixture, const char *path)
{
	struct http_request request = get(path);

	request.headers[request.header_count++] = (struct http_header){"X-Key", KEY};
	request.query = "k=secret";
	return perform(fixture, request);
}

static void test_followed(void **state)
{
	static const char *const paths[] = {"/moved/301", "/moved/302", "/moved/303",
					    "/moved/307", "/moved/308", "/absolute"};
	struct http_fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		assert_int_equal(perform_with_key(fixture, paths[i]), 0);
		assert_int_equal(fixture->reply.status, 200);
		/* the proofs of identity stay */
		assert_string_equal(fixture->reply.body, "key=" KEY " query=secret");
	}
	assert_int_equal(requests(fixture), 12);
	/* they are not in the log's line */
	assert_string_equal(fixture->call.request, "GET /absolute");
}

static void test_not_followed(void **state)
{
	static const char *const paths[] = {"/elsewhere", "/port", "/user"};
	struct http_fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		assert_int_equal(perform_with_key(fixture, paths[i]), 0);
		assert_int_equal(fixture->reply.status, 302);
	}
	assert_int_equal(requests(fixture), 3);
	assert_int_equal(perform(fixture, post("/moved/307")), 0);
	assert_int_equal(fixture->reply.status, 307);
	/* five times, and no more */
	assert_int_equal(perform_with_key(fixture, "/loop"), 0);
	assert_int_equal(fixture->reply.status, 302);
	assert_int_equal(requests(fixture), 4 + 6);
}

static void test_headers(void **state)
{
	struct http_fixture *fixture = *state;

	assert_int_equal(perform(fixture, get("/users/")), 0);
	assert_non_null(strstr(fixture->reply.headers, "X-Total: 230\n"));
	assert_non_null(strstr(fixture->reply.headers, "Link: <a>; rel=\"next\"\n"));
	assert_non_null(strstr(fixture->reply.headers, "Link: <b>; rel=\"last\"\n"));
	http_server_order(&fixture->server, 1, 403, "X-Why", "quota");
	assert_int_equal(perform(fixture, get("/fail")), 0);
	assert_non_null(strstr(fixture->reply.headers, "X-Why: quota\n"));
	assert_null(strstr(fixture->reply.headers, "X-Total"));
}

/* Of a 429: what it asks to wait, which is far more than the budget for retries. */
static void test_waits(void **state)
{
	static const char *const waits[][2] = {
	    {"Retry-After", "10000"},          {"X-Retry-After", "10000"},
	    {"X-RateLimit-Reset", "9999.5"},   {"RateLimit-Reset", "10000"},
	    {"X-Rate-Limit-Reset", "9999.75"}, {"X-RateLimit-Reset-After", "9999.25"},
	};
	struct http_fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(waits) / sizeof(*waits); i++) {
		http_server_order(&fixture->server, 1, 429, waits[i][0], waits[i][1]);
		assert_int_equal(perform(fixture, get("/fail")), 0);
		assert_int_equal(fixture->reply.status, 429);
		assert_in_range(fixture->reply.told, 9999000, 10000000);
		http_lift(&fixture->account.endpoint);
	}
}

static void test_limited(void **state)
{
	static const struct value quota[] = {{VALUE_TEXT, "quota"}, {0}};
	static const struct rule_errors errors = {
	    .limited_when = {{SOURCE_HEADER, "X-Why"}, quota}};
	struct http_fixture *fixture = *state;
	struct http_stats stats;

	http_server_order(&fixture->server, 1, 403, "X-Why", "quota");
	assert_int_equal(perform(fixture, get("/fail")), 0);
	assert_int_equal(fixture->reply.status, 403);

	words_install(&fixture->account.endpoint, &errors);
	http_server_order(&fixture->server, 1, 403, "X-Why", "other");
	assert_int_equal(perform(fixture, get("/fail")), 0);
	assert_int_equal(fixture->reply.status, 403);
	/* as a 429: a change is sent again as well */
	http_server_order(&fixture->server, 1, 403, "X-Why", "quota");
	assert_int_equal(perform(fixture, post("/fail")), 0);
	assert_int_equal(fixture->reply.status, 200);
	http_stats(&fixture->account.endpoint, &stats);
	assert_int_equal(stats.throttled, 1);
	/* a success is one */
	http_server_order(&fixture->server, 1, 201, "X-Why", "quota");
	assert_int_equal(perform(fixture, post("/fail")), 0);
	assert_int_equal(fixture->reply.status, 201);
}

static void test_asked_wait(void **state)
{
	static const struct value quota[] = {{VALUE_ANY, NULL}, {0}};
	static const struct rule_errors errors = {.limited_when = {{SOURCE_HEADER, "X-Wait"},
								   quota},
						  .retry_after = {SOURCE_HEADER, "X-Wait"}};
	struct http_fixture *fixture = *state;
	char epoch[32];

	words_install(&fixture->account.endpoint, &errors);
	snprintf(epoch, sizeof(epoch), "%lld000", (long long)time(NULL) + 10000);
	for (int i = 0; i < 2; i++) {
		http_server_order(&fixture->server, 1, 403, "X-Wait", i ? epoch : "10000");
		assert_int_equal(perform(fixture, get("/fail")), 0);
		assert_int_equal(fixture->reply.status, 429);
		assert_int_equal(fixture->reply.came, 403);
		assert_in_range(fixture->reply.told, 10000000 - AT_ONCE_MS, 10001000);
		http_lift(&fixture->account.endpoint);
	}
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, http_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_followed), TEST(test_not_followed), TEST(test_headers),
	    TEST(test_waits),    TEST(test_limited),      TEST(test_asked_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

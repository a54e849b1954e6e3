/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_request.c - vendors/rest/request.h: requests made from rules, without a network.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "vendors/base/call.h"
#include "vendors/base/vault.h"
#include "vendors/json/exact_parse.h"
#include "vendors/rest/account.h"
#include "vendors/rest/request.h"
#include "vendors/vendor.h"

static const struct setting settings[] = {
    {.name = "org", .type = SETTING_TEXT},
    {.name = "key", .type = SETTING_SECRET},
    {.name = NULL},
};
static const struct rule_header api_headers[] = {{"Accept", "application/x; v=2"},
						 {"X-Org", "{org}"},
						 {NULL, NULL}};
static const struct rule_api apis[] = {{.name = "", .headers = api_headers},
				       {.name = "files"},
				       {.name = NULL}};
static const struct vendor vendor = {.type = "test", .settings = settings, .apis = apis};

struct scene {
	struct account *account;
	struct call call;
	struct request request;
	json_t *id, *each, *changes, *record, *shown;
	struct request_values values;
};

static json_t *parse(const char *text)
{
	json_t *value = exact_parse(text, strlen(text), EXACT_PARSE_ANY, NULL);

	assert_non_null(value);
	return value;
}

static int set_up(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	scene->account = account_new("acme", &vendor);
	assert_non_null(scene->account);
	scene->account->values[0] = vault_copy("a/c me");
	scene->account->values[1] = vault_copy("s3cr3t&4711");
	call_init(&scene->call, "acme");
	scene->id = parse("17");
	scene->each = parse("\"\"");
	scene->changes = parse("{\"name\":\"N\",\"profile\":{\"x\":1.50}}");
	scene->record = parse("{\"id\":17,\"name\":\"N\",\"profile\":{\"x\":1.50,\"y\":null}}");
	scene->shown = parse("{\"mail\":{\"work\":\"m+1@x.example\"},\"v\":18446744073709551616}");
	scene->values = (struct request_values){.id = "17",
						.own_id = scene->id,
						.parent = "p/1",
						.member = "m?2",
						.email = "a b@x.example",
						.changes = scene->changes,
						.record = scene->record,
						.shown = scene->shown,
						.page = "3",
						.offset = "200",
						.size = "100",
						.each = scene->each};
	*state = scene;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *scene = *state;

	account_free(scene->account);
	call_destroy(&scene->call);
	json_decref(scene->id);
	json_decref(scene->each);
	json_decref(scene->changes);
	json_decref(scene->record);
	json_decref(scene->shown);
	free(scene);
	return 0;
}

static int make(struct scene *scene, const struct rule_request *rule)
{
	return request_make(&scene->call, scene->account, rule, &scene->values, &scene->request);
}

static void test_paths(void **state)
{
	static const char *const cases[][2] = {
	    {"/users/{id}.json", "/users/17.json"},
	    {"/{org}/{parent}/m/{member}", "/a%2Fc%20me/p%2F1/m/m%3F2"},
	    {"/users?name={email}&page={page}&o={offset}&n={size}",
	     "/users?name=a%20b%40x.example&page=3&o=200&n=100"},
	    {"/users?status={each}&after={cursor}", "/users?status="},
	    {"/users/{/mail/work}?v={/v}", "/users/m%2B1%40x.example?v=18446744073709551616"},
	};
	struct scene *scene = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct rule_request rule = {.method = "GET", .path = cases[i][0]};

		assert_int_equal(make(scene, &rule), 0);
		assert_string_equal(scene->request.http.path, cases[i][1]);
		assert_null(scene->request.http.shown);
		assert_true(scene->request.http.repeatable);
		request_clear(&scene->request);
	}
}

static void test_bodies(void **state)
{
	static const struct {
		const char *body, *result, *type;
	} cases[] = {
	    {"{\"user\":{changes}}", "{\"user\":{\"name\":\"N\",\"profile\":{\"x\":1.50}}}",
	     "application/x"},
	    {"{\"id\":{id},\"s\":\"{id}\",\"a\":{record/profile},\"b\":{record/none}}",
	     "{\"id\":17,\"s\":\"17\",\"a\":{\"x\":1.50,\"y\":null}}", "application/x"},
	    {"{\"page\":{page},\"cursor\":{cursor},\"each\":{each},\"v\":{/v}}",
	     "{\"page\":3,\"each\":\"\",\"v\":18446744073709551616}", "application/x"},
	    {"{\"key\":\"{key}\"}", "{\"key\":\"s3cr3t&4711\"}", "application/x"},
	    {"key={key}&email={email}", "key=s3cr3t%264711&email=a+b%40x.example",
	     "application/x-www-form-urlencoded"},
	};
	struct scene *scene = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct rule_request rule = {.method = "POST",
						  .path = "/users",
						  .body = cases[i].body,
						  .content_type = "application/x"};

		assert_int_equal(make(scene, &rule), 0);
		assert_string_equal(scene->request.http.body, cases[i].result);
		assert_int_equal(scene->request.http.body_length, strlen(cases[i].result));
		assert_string_equal(scene->request.http.content_type, cases[i].type);
		assert_false(scene->request.http.repeatable);
		request_clear(&scene->request);
	}
}

static void test_id_in_body(void **state)
{
	static const struct rule_request rule = {.method = "POST",
						 .path = "/users/{id}",
						 .body = "{changes/profile}",
						 .id_member = "/data/id"};
	struct scene *scene = *state;

	assert_int_equal(make(scene, &rule), 0);
	assert_string_equal(scene->request.http.body, "{\"x\":1.50,\"data\":{\"id\":17}}");
	assert_null(json_object_get(json_object_get(scene->changes, "profile"), "data"));
	request_clear(&scene->request);
}

static void test_headers(void **state)
{
	static const struct rule_header own[] = {{"accept", "text/x"},
						 {"X-Version", "{/v}"},
						 {NULL, NULL}};
	static const struct rule_header bad[] = {{"X-Name", "{/none}"}, {NULL, NULL}};
	const struct rule_request rule = {.method = "GET", .path = "/users", .headers = own};
	const struct rule_request other = {.method = "GET", .path = "/users", .api = 1};
	const struct rule_request wrong = {.method = "GET", .path = "/users", .headers = bad};
	struct scene *scene = *state;
	const struct http_header *headers = scene->request.http.headers;

	assert_int_equal(make(scene, &rule), 0);
	assert_int_equal(scene->request.http.header_count, 3);
	assert_int_equal(scene->request.http.plain_headers, 3);
	assert_string_equal(headers[0].name, "X-Org");
	assert_string_equal(headers[0].value, "a/c me");
	assert_string_equal(headers[1].value, "text/x");
	assert_string_equal(headers[2].value, "18446744073709551616");
	request_clear(&scene->request);

	assert_int_equal(make(scene, &other), 0);
	assert_int_equal(scene->request.http.header_count, 0);
	assert_int_equal(scene->request.http.api, 1);
	request_clear(&scene->request);

	assert_int_equal(make(scene, &wrong), -EINVAL);
	assert_string_equal(scene->call.words, "GET /users: X-Name cannot be made: there is no "
					       "value for {/none}");
	request_clear(&scene->request);
}

static void test_secret_in_path(void **state)
{
	static const struct rule_request rule = {.method = "GET",
						 .path = "/users?k={key}&n={size}"};
	struct scene *scene = *state;

	assert_int_equal(make(scene, &rule), -EPERM);
	assert_non_null(strstr(scene->call.words, "secret_in_url = yes in section [acme]"));
	request_clear(&scene->request);
	scene->account->secret_in_url = true;
	assert_int_equal(make(scene, &rule), 0);
	assert_string_equal(scene->request.http.path, "/users?k=s3cr3t%264711&n=100");
	assert_string_equal(scene->request.http.shown, "/users?k=***&n=100");
	request_clear(&scene->request);
}

static void test_missing(void **state)
{
	static const struct rule_request path = {.method = "GET", .path = "/users/{nothing}"};
	static const struct rule_request body = {.method = "PUT",
						 .path = "/users",
						 .body = "{\"a\":\"x{cursor}\"}"};
	struct scene *scene = *state;

	assert_int_equal(make(scene, &path), -EINVAL);
	assert_non_null(strstr(scene->call.words, "there is no value for {nothing}"));
	request_clear(&scene->request);
	assert_int_equal(make(scene, &body), -EINVAL);
	assert_non_null(strstr(scene->call.words, "there is no value for {cursor}"));
	request_clear(&scene->request);
	scene->values.id = "";
	assert_int_equal(make(scene,
			      &(struct rule_request){.method = "DELETE", .path = "/users/{id}"}),
			 -EINVAL);
	request_clear(&scene->request);
}

static void test_alternative(void **state)
{
	static const struct rule_request second = {.method = "POST", .path = "/users/{id}"};
	static const struct rule_request first = {.method = "PUT",
						  .path = "/users/{id}",
						  .alternative = &second,
						  .alternative_bit = 5};
	struct scene *scene = *state;

	assert_int_equal(make(scene, &first), 0);
	assert_ptr_equal(scene->request.rule, &first);
	request_clear(&scene->request);
	request_prefer_alternative(scene->account, &second);
	assert_int_equal(make(scene, &first), 0);
	assert_string_equal(scene->request.http.method, "PUT");
	request_clear(&scene->request);
	request_prefer_alternative(scene->account, &first);
	assert_int_equal(make(scene, &first), 0);
	assert_ptr_equal(scene->request.rule, &second);
	assert_string_equal(scene->request.http.method, "POST");
	request_clear(&scene->request);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_paths),          TEST(test_bodies),  TEST(test_id_in_body),
	    TEST(test_headers),        TEST(test_missing), TEST(test_alternative),
	    TEST(test_secret_in_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

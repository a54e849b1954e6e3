/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_login.c - vendors/rest/login.h and exchange.h: proofs of identity and tokens by rules,
 * against a server that knows which tokens are valid.
 */
#include "tests/unit/http_fixture.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "vendors/base/vault.h"
#include "vendors/json/exact_parse.h"
#include "vendors/rest/exchange.h"
#include "vendors/rest/login.h"
#include "vendors/rest/request.h"
#include "vendors/vendor.h"

#define SECRET "s3cr3t&/4711"

/* ---- the vendor ---- */

static const struct setting settings[] = {
    {.name = "user", .type = SETTING_TEXT},
    {.name = "key", .type = SETTING_SECRET},
    {.name = "port", .type = SETTING_TEXT},
    {.name = NULL},
};
static const struct rule_header bearer[] = {{"X-Key", "Token {access_token}"}, {NULL, NULL}};
static const struct rule_header plain[] = {{"Authorization", "SSWS {key}"}, {NULL, NULL}};
static const struct rule_header query[] = {{"api_key", "{key}"}, {NULL, NULL}};
static const struct rule_save save[] = {{"site", {SOURCE_BODY, "/site/id"}}, {NULL, {0}}};

static const struct rule_request with_secret = {.method = "POST",
						.path = "/token",
						.body = "grant_type=client_credentials&s={key}"};
static const struct rule_request with_refresh = {.method = "POST",
						 .path = "/token",
						 .body = "{\"refresh\":\"{refresh_token}\"}"};
static const struct rule_request elsewhere = {.method = "POST",
					      .path = "http://127.0.0.1:{port}/token",
					      .body = "s={key}"};

static struct rule_token token;
static struct rule_api apis[3];
static struct rule_errors errors;
static struct vendor vendor;

/* What responses say about the life of a token, and whether it is over in a second. */
#define LIVES 13
#define EPOCH 11 /* these two are set by the test */
static struct {
	char text[40];
	bool milliseconds, over;
} lives[LIVES] = {
    {"2", false, true},
    {"36000", false, false},
    {"\"36000\"", false, false},
    {"2000", true, true},
    {"36000000", true, false},
    {"1000000001", false, true},
    {"1000000000001", false, true},
    {"\"2001-01-01T00:00:00Z\"", false, true},
    {"\"2901-01-01T00:00:00.5+01:00\"", false, false},
    {"\"soon\"", false, false},
    {"null", false, false},
};

/* ---- the server ---- */

struct scene {
	struct http_server server;
	struct http *http;
	struct account *account;
	struct call call;
	struct http_reply reply;
	char folder[64], file[96];

	pthread_mutex_t lock;  /* of what follows */
	unsigned asked;        /* for tokens */
	unsigned issued;       /* valid is the last token: "tok-ISSUED" */
	unsigned refresh;      /* valid is "ref-REFRESH" */
	unsigned refuse;       /* so many requests for a token are refused */
	unsigned lives[LIVES]; /* how often each was asked for */
	char seen[512];        /* method, path, headers and body of the last request, in one line */
	char asked_with[256];
};

static struct MHD_Response *text_response(const char *text)
{
	return MHD_create_response_from_buffer(strlen(text), (void *)(size_t)text,
					       MHD_RESPMEM_MUST_COPY);
}

static struct MHD_Response *give_token(struct scene *scene, const char *body, unsigned *status)
{
	char wanted[32], text[256];

	snprintf(wanted, sizeof(wanted), "ref-%u\"", scene->refresh);
	snprintf(scene->asked_with, sizeof(scene->asked_with), "%s", body);
	scene->asked++;
	if (scene->refuse || (strstr(body, "ref-") && !strstr(body, wanted))) {
		scene->refuse -= scene->refuse > 0;
		*status = 400;
		snprintf(text, sizeof(text),
			 "{\"error\":\"invalid_grant\",\"error_description\":\"not %s\"}",
			 strstr(body, "ref-") ? strstr(body, "ref-") : SECRET);
		return text_response(text);
	}
	snprintf(text, sizeof(text),
		 "{\"data\":{\"token\":\"tok-%u\"},\"site\":{\"id\":42},\"refresh\":\"ref-%u\"}",
		 ++scene->issued, ++scene->refresh);
	return text_response(text);
}

static enum MHD_Result add_query(void *arg, enum MHD_ValueKind kind, const char *key,
				 const char *value)
{
	char *seen = arg;

	(void)kind;
	snprintf(seen + strlen(seen), 512 - strlen(seen), "&%s=%s", key, value ? value : "");
	return MHD_YES;
}

static struct MHD_Response *answer(void *arg, struct MHD_Connection *connection, const char *method,
				   const char *path, const char *body, unsigned *status)
{
	struct scene *scene = arg;
	const char *key = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "X-Key");
	const char *proof = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
							"Authorization");
	struct MHD_Response *response;
	char valid[32], text[200];

	pthread_mutex_lock(&scene->lock);
	snprintf(scene->seen, sizeof(scene->seen), "%s %s key=%s proof=%s", method, path,
		 key ? key : "-", proof ? proof : "-");
	MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, add_query, scene->seen);
	snprintf(valid, sizeof(valid), "Token tok-%u", scene->issued);
	if (strcmp(path, "/token") == 0) {
		response = give_token(scene, body, status);
	} else if (strncmp(path, "/life/", 6) == 0) {
		size_t life = strtoul(path + 6, NULL, 10);

		scene->lives[life]++;
		snprintf(text, sizeof(text), "{\"token\":\"tok\",\"life\":%s}", lives[life].text);
		response = text_response(text);
	} else if (strcmp(path, "/quote") == 0) {
		*status = 400;
		snprintf(text, sizeof(text), "{\"message\":\"refused: %s\"}",
			 proof ? proof
			 : key ? key
			       : "nothing");
		response = text_response(text);
	} else if (strcmp(path, "/ok-false") == 0) {
		response = text_response("{\"ok\":false,\"why\":{\"text\":\"user_not_found\"}}");
	} else if (key && strncmp(key, "Token ", 6) == 0 && strcmp(key, valid) != 0) {
		*status = 401;
		response = text_response("{\"message\":\"no\"}");
	} else {
		response = text_response("{}");
	}
	pthread_mutex_unlock(&scene->lock);
	return response;
}

/* ---- scenes ---- */

static int set_up(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	memset(&errors, 0, sizeof(errors));
	memset(apis, 0, sizeof(apis));
	token = (struct rule_token){.request = &with_secret, .token = {SOURCE_BODY, "/data/token"}};
	apis[0] = (struct rule_api){.name = "", .auth_headers = bearer, .token = &token};
	vendor = (struct vendor){.type = "test",
				 .settings = settings,
				 .apis = apis,
				 .errors = &errors};
	pthread_mutex_init(&scene->lock, NULL);
	assert_true(http_server_start(&scene->server, 0));
	scene->server.script = answer;
	scene->server.script_arg = scene;
	strcpy(scene->folder, "/tmp/test_login.XXXXXX");
	assert_non_null(mkdtemp(scene->folder));
	snprintf(scene->file, sizeof(scene->file), "%s/refresh", scene->folder);
	call_init(&scene->call, "acme");
	*state = scene;
	return 0;
}

/* Make the account, once the vendor's table is as the test wants it. */
static void open_account(struct scene *scene)
{
	char why[200] = "", port[16];

	scene->account = account_new("acme", &vendor);
	assert_non_null(scene->account);
	scene->account->values[0] = vault_copy("u@x.example");
	scene->account->values[1] = vault_copy(SECRET);
	(void)snprintf(port, sizeof(port), "%u", scene->server.port);
	scene->account->values[2] = vault_copy(port);
	assert_non_null(scene->account->values[2]);
	scene->account->endpoint.base_url = strdup(scene->server.url);
	for (unsigned i = 1; i < account_api_count(&vendor); i++)
		account_endpoint(scene->account, i)->base_url = strdup(scene->server.url);
	scene->account->endpoint.timeout = 5 * SCALE;
	scene->account->endpoint.retry_budget = 1;
	scene->http = http_new();
	assert_non_null(scene->http);
	if (login_open(scene->http, scene->account, why, sizeof(why)))
		fail_msg("%s", why);
}

static void close_account(struct scene *scene)
{
	http_reply_clear(&scene->reply);
	http_free(scene->http);
	account_free(scene->account);
}

static int tear_down(void **state)
{
	struct scene *scene = *state;

	close_account(scene);
	http_server_stop(&scene->server);
	call_destroy(&scene->call);
	(void)unlink(scene->file);
	assert_int_equal(rmdir(scene->folder), 0);
	pthread_mutex_destroy(&scene->lock);
	log_free();
	free(scene);
	return 0;
}

/* Send METHOD PATH to api API. Returns what exchange returns. */
static int ask(struct scene *scene, const char *path, unsigned api)
{
	const struct rule_request rule = {.method = "GET", .path = path, .api = api};
	struct request request;
	int error = request_make(&scene->call, scene->account, &rule, NULL, &request);

	http_reply_clear(&scene->reply);
	if (!error)
		error = exchange(&scene->call, scene->account, EXCHANGE_LIST, &request.http,
				 &scene->reply);
	request_clear(&request);
	return error;
}

static void write_refresh(struct scene *scene, const char *text)
{
	FILE *file = fopen(scene->file, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(scene->file, 0600), 0);
}

static void assert_file(struct scene *scene, const char *text)
{
	char line[64] = "";
	struct stat status;
	FILE *file = fopen(scene->file, "r");

	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	assert_int_equal(fstat(fileno(file), &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	(void)fclose(file);
	assert_string_equal(line, text);
}

/* ---- proofs without tokens ---- */

static void test_headers(void **state)
{
	struct scene *scene = *state;

	apis[0] = (struct rule_api){.name = "", .auth_headers = plain};
	open_account(scene);
	assert_int_equal(ask(scene, "/users", 0), 0);
	assert_string_equal(scene->seen, "GET /users key=- proof=SSWS " SECRET);
	assert_int_equal(ask(scene, "/quote", 0), -EINVAL);
	assert_null(strstr(scene->call.words, "4711"));
	assert_non_null(strstr(scene->call.words, "refused: SSWS ****"));
}

static void test_basic(void **state)
{
	struct scene *scene = *state;

	apis[0] = (struct rule_api){.name = "", .user = "{user}/token", .password = "{key}"};
	open_account(scene);
	assert_int_equal(ask(scene, "/users", 0), 0);
	/* u@x.example/token:s3cr3t&/4711 */
	assert_string_equal(scene->seen, "GET /users key=- proof=Basic "
					 "dUB4LmV4YW1wbGUvdG9rZW46czNjcjN0Ji80NzEx");
	assert_int_equal(ask(scene, "/quote", 0), -EINVAL);
	assert_null(strstr(scene->call.words, "dUB4"));
	assert_non_null(strstr(scene->call.words, "refused: Basic ****"));
}

static void test_query(void **state)
{
	struct scene *scene = *state;

	apis[0] = (struct rule_api){.name = "", .auth_query = query};
	open_account(scene);
	assert_int_equal(ask(scene, "/users?page=1", 0), -EPERM);
	assert_int_equal(scene->server.requests, 0);
	scene->account->secret_in_url = true;
	assert_int_equal(ask(scene, "/users?page=1", 0), 0);
	assert_string_equal(scene->seen, "GET /users key=- proof=-&page=1&api_key=" SECRET);
	assert_string_equal(scene->call.request, "GET /users?page=1");
	assert_int_equal(ask(scene, "/users", 0), 0);
	assert_string_equal(scene->seen, "GET /users key=- proof=-&api_key=" SECRET);
}

static void test_several_apis(void **state)
{
	struct scene *scene = *state;

	apis[0] = (struct rule_api){.name = "", .auth_headers = plain};
	apis[1] = (struct rule_api){.name = "files", .user = "u", .password = "p"};
	open_account(scene);
	assert_int_equal(ask(scene, "/users", 0), 0);
	assert_non_null(strstr(scene->seen, "proof=SSWS"));
	assert_int_equal(ask(scene, "/files", 1), 0);
	assert_string_equal(scene->seen, "GET /files key=- proof=Basic dTpw");
}

static void test_fail_when(void **state)
{
	static const struct value no[] = {{VALUE_FALSE, NULL}, {0}};
	static const struct source words[] = {{SOURCE_BODY, "/why/text"}, {0}};
	struct scene *scene = *state;

	apis[0] = (struct rule_api){.name = "", .auth_headers = plain};
	open_account(scene);
	assert_int_equal(ask(scene, "/ok-false", 0), 0);
	errors.message = words;
	errors.fail_when = (struct condition){{SOURCE_BODY, "/ok"}, no};
	assert_int_not_equal(ask(scene, "/ok-false", 0), 0);
	assert_int_equal(scene->call.verdict, CALL_REFUSED);
	assert_string_equal(scene->call.words, "the vendor says: user_not_found");
	assert_int_equal(ask(scene, "/users", 0), 0);
}

/* ---- tokens ---- */

static void test_token(void **state)
{
	struct scene *scene = *state;

	open_account(scene);
	assert_int_equal(ask(scene, "/users", 0), 0);
	assert_int_equal(ask(scene, "/users", 0), 0);
	assert_string_equal(scene->seen, "GET /users key=Token tok-1 proof=-");
	assert_int_equal(scene->asked, 1);
	assert_string_equal(scene->asked_with, "grant_type=client_credentials&s=s3cr3t%26%2F4711");
	/* the vendor forgets the token */
	scene->issued = 7;
	assert_int_equal(ask(scene, "/users", 0), 0);
	assert_int_equal(scene->asked, 2);
	assert_string_equal(scene->seen, "GET /users key=Token tok-8 proof=-");
	/* words do not have the token, nor the secret that it was asked for with */
	assert_int_equal(ask(scene, "/quote", 0), -EINVAL);
	assert_null(strstr(scene->call.words, "tok-8"));
	scene->issued = 20;
	scene->refuse = 1;
	assert_int_not_equal(ask(scene, "/users", 0), 0);
	assert_int_equal(scene->call.verdict, CALL_TOKEN_REFUSED);
	assert_non_null(strstr(scene->call.words, "no token: the vendor says: invalid_grant"));
	assert_null(strstr(scene->call.words, "4711"));
}

static void test_token_basic(void **state)
{
	struct scene *scene = *state;
	char seen[512];

	token.user = "{user}";
	token.password = "{key}";
	scene->refuse = 1;
	open_account(scene);
	assert_int_not_equal(ask(scene, "/users", 0), 0);
	memcpy(seen, scene->seen, sizeof(seen));
	/* without [auth] */
	assert_string_equal(seen, "POST /token key=- proof=Basic "
				  "dUB4LmV4YW1wbGU6czNjcjN0Ji80NzEx");
}

static void test_token_elsewhere(void **state)
{
	struct scene *scene = *state;

	token.request = &elsewhere;
	open_account(scene);
	assert_string_equal(scene->account->logins[0].base_url, scene->server.url);
	assert_int_equal(ask(scene, "/users", 0), 0);
	assert_string_equal(scene->seen, "GET /users key=Token tok-1 proof=-");
}

static void test_token_insecure(void **state)
{
	static const struct rule_request request = {.method = "POST",
						    .path = "http://login.example/token"};
	struct scene *scene = *state;
	struct account *account;
	struct http *http = http_new();
	char why[200] = "";

	open_account(scene);
	token.request = &request;
	account = account_new("other", &vendor);
	account->endpoint.base_url = strdup(scene->server.url);
	assert_int_equal(login_open(http, account, why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "http:// is allowed for loopback only"));
	http_free(http);
	account_free(account);
}

static void test_expiry(void **state)
{
	struct scene *scene = *state;
	static struct rule_token rules[LIVES];
	static struct rule_request requests[LIVES];
	static char paths[LIVES][16];
	static struct rule_api many[LIVES + 1];

	snprintf(lives[EPOCH].text, sizeof(lives[EPOCH].text), "%lld",
		 (long long)time(NULL) + 36000);
	snprintf(lives[EPOCH + 1].text, sizeof(lives[EPOCH].text), "%lld000",
		 (long long)time(NULL) + 36000);
	for (size_t i = 0; i < LIVES; i++) {
		snprintf(paths[i], sizeof(paths[i]), "/life/%zu", i);
		requests[i] = (struct rule_request){.method = "POST", .path = paths[i]};
		rules[i] = (struct rule_token){.request = &requests[i],
					       .token = {SOURCE_BODY, "token"},
					       .expires = {SOURCE_BODY, "life"},
					       .expires_ms = lives[i].milliseconds};
		many[i] = (struct rule_api){.name = paths[i],
					    .auth_headers = bearer,
					    .token = &rules[i]};
	}
	vendor.apis = many;
	open_account(scene);
	for (unsigned i = 0; i < LIVES; i++)
		assert_int_equal(ask(scene, "/quote", i), -EINVAL);
	/* a token whose end is past is used for a second all the same */
	usleep(1200000);
	for (unsigned i = 0; i < LIVES; i++) {
		assert_int_equal(ask(scene, "/quote", i), -EINVAL);
		if (scene->lives[i] != (lives[i].over ? 2 : 1))
			fail_msg("%s: asked for %u times", lives[i].text, scene->lives[i]);
	}
}

static void test_saved(void **state)
{
	struct scene *scene = *state;

	token.save = save;
	open_account(scene);
	/* the token is asked for because of the path */
	assert_int_equal(ask(scene, "/sites/{site}/users", 0), 0);
	assert_string_equal(scene->seen, "GET /sites/42/users key=Token tok-1 proof=-");
	assert_int_equal(scene->asked, 1);
}

static void test_no_token(void **state)
{
	struct scene *scene = *state;

	token.token.name = "/data/missing";
	open_account(scene);
	assert_int_not_equal(ask(scene, "/users", 0), 0);
	assert_int_equal(scene->call.verdict, CALL_MALFORMED);
	assert_non_null(strstr(scene->call.words, "no usable token at /data/missing"));
}

static void test_refresh(void **state)
{
	struct scene *scene = *state;

	token.request = &with_refresh;
	token.refresh = (struct source){SOURCE_BODY, "/refresh"};
	open_account(scene);
	assert_int_not_equal(ask(scene, "/users", 0), 0);
	assert_non_null(strstr(scene->call.words, "refresh_token_file in section [acme]"));
	scene->account->refresh_token_file = strdup(scene->file);
	write_refresh(scene, "ref-0\n");
	assert_int_equal(ask(scene, "/users", 0), 0);
	assert_string_equal(scene->asked_with, "{\"refresh\":\"ref-0\"}");
	assert_file(scene, "ref-1\n");
	scene->issued = 50;
	assert_int_equal(ask(scene, "/users", 0), 0);
	assert_string_equal(scene->asked_with, "{\"refresh\":\"ref-1\"}");
	assert_file(scene, "ref-2\n");
	/* others can read it */
	assert_int_equal(chmod(scene->file, 0644), 0);
	scene->issued = 60;
	assert_int_not_equal(ask(scene, "/users", 0), 0);
	assert_non_null(strstr(scene->call.words, "chmod go-r"));
}

/* Another mount renews the token while this one is being refused. */
static void *other_mount(void *arg)
{
	struct scene *scene = arg;

	for (int turn = 0; turn < PATIENCE * 100; turn++) {
		unsigned asked;

		pthread_mutex_lock(&scene->lock);
		asked = scene->asked;
		if (asked)
			write_refresh(scene, "ref-9\n");
		pthread_mutex_unlock(&scene->lock);
		if (asked)
			return NULL;
		usleep(10000);
	}
	return arg;
}

static void test_refresh_of_two(void **state)
{
	struct scene *scene = *state;
	void *failed = NULL;
	pthread_t thread;

	token.request = &with_refresh;
	token.refresh = (struct source){SOURCE_BODY, "/refresh"};
	open_account(scene);
	scene->account->refresh_token_file = strdup(scene->file);
	write_refresh(scene, "ref-8\n");
	scene->refresh = 9;
	assert_int_equal(pthread_create(&thread, NULL, other_mount, scene), 0);
	assert_int_equal(ask(scene, "/users", 0), 0);
	pthread_join(thread, &failed);
	assert_null(failed);
	assert_int_equal(scene->asked, 2);
	assert_file(scene, "ref-10\n");
}

static void test_refresh_refused(void **state)
{
	struct scene *scene = *state;

	token.request = &with_refresh;
	token.refresh = (struct source){SOURCE_BODY, "/refresh"};
	open_account(scene);
	scene->account->refresh_token_file = strdup(scene->file);
	write_refresh(scene, "ref-8\n");
	assert_int_not_equal(ask(scene, "/users", 0), 0);
	assert_int_equal(scene->call.verdict, CALL_TOKEN_REFUSED);
	assert_null(strstr(scene->call.words, "ref-8"));
	assert_file(scene, "ref-8\n");
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_headers),      TEST(test_basic),           TEST(test_query),
	    TEST(test_several_apis), TEST(test_fail_when),       TEST(test_token),
	    TEST(test_token_basic),  TEST(test_token_elsewhere), TEST(test_token_insecure),
	    TEST(test_expiry),       TEST(test_saved),           TEST(test_no_token),
	    TEST(test_refresh),      TEST(test_refresh_of_two),  TEST(test_refresh_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

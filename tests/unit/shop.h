/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shop.h - an Elastic Path store of a few lines, on loopback, for test_elasticpath.c and
 * test_buyer.c.
 *
 * It answers what it was told to answer, gives out tokens (t1, t2...) and writes down what it was
 * asked, to the letter: the sandbox would forgive or refuse what a test here wants to see.
 */
#ifndef TESTS_UNIT_SHOP_H
#define TESTS_UNIT_SHOP_H

#include "vendors/base/call.h"
#include "vendors/http/http.h"
#include "vendors/base/log.h"
#include "vendors/rest/account.h"
#include "vendors/rest/collection.h"
#include "vendors/vendor.h"
#include "vendors/vendors.h"

#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <microhttpd.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define SHOP_MOST 32
#define SETTINGS "/v2/settings/account-authentication"
#define MEMBERS "/v2/account-members"
#define SHOP(test) cmocka_unit_test_setup_teardown(test, shop_setup, shop_teardown)

/* The oldest that fits and has times left is given; none: 404. */
struct shop_answer {
	const char *request; /* "GET /v2/accounts": the beginning of method and escaped URL */
	unsigned status;
	const char *body;
	int times;
};

struct shop_asked {
	char *url; /* "GET /v2/accounts?...", escaped */
	char *body;
	char bearer[40];
};

struct shop {
	struct MHD_Daemon *daemon;
	pthread_mutex_t lock;
	struct shop_answer answers[SHOP_MOST];
	size_t answer_count;
	struct shop_asked asked[SHOP_MOST]; /* but for tokens */
	size_t asked_count;
	int tokens;

	struct http *http;
	struct account *account;
	struct call call;
};

static inline enum MHD_Result shop_send(struct MHD_Connection *connection, unsigned status,
					const char *body)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(strlen(body),
									(void *)(size_t)body,
									MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result = MHD_queue_response(connection, status, response);

	MHD_destroy_response(response);
	return result;
}

static inline enum MHD_Result shop_token(struct shop *shop, struct MHD_Connection *connection,
					 const struct shop_asked *asked)
{
	char body[100];

	pthread_mutex_lock(&shop->lock);
	snprintf(body, sizeof(body), "{\"access_token\": \"%s-t%d\", \"expires_in\": 3600}",
		 strstr(asked->body, "=implicit") ? "implicit" : "admin", ++shop->tokens);
	pthread_mutex_unlock(&shop->lock);
	return shop_send(connection, 200, body);
}

static inline enum MHD_Result shop_answer(struct shop *shop, struct MHD_Connection *connection,
					  struct shop_asked *asked)
{
	struct shop_answer answer = {.status = 404,
				     .body = "{\"errors\": [{\"title\": \"Not there\"}]}"};
	const char *bearer = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
							 "Authorization");

	snprintf(asked->bearer, sizeof(asked->bearer), "%s", bearer ? bearer : "");
	pthread_mutex_lock(&shop->lock);
	for (size_t i = 0; i < shop->answer_count; i++) {
		struct shop_answer *known = &shop->answers[i];

		if (known->times &&
		    strncmp(asked->url, known->request, strlen(known->request)) == 0) {
			known->times -= known->times > 0;
			answer = *known;
			break;
		}
	}
	if (shop->asked_count < SHOP_MOST) {
		shop->asked[shop->asked_count++] = *asked;
		*asked = (struct shop_asked){0};
	}
	pthread_mutex_unlock(&shop->lock);
	return shop_send(connection, answer.status, answer.body);
}

/* The escaped URL is told here alone; what is returned becomes the request's state. */
static inline void *shop_begin(void *arg, const char *url, struct MHD_Connection *connection)
{
	struct shop_asked *asked = calloc(1, sizeof(*asked));

	(void)arg;
	(void)connection;
	asked->url = strdup(url);
	return asked;
}

static inline enum MHD_Result shop_request(void *arg, struct MHD_Connection *connection,
					   const char *path, const char *method,
					   const char *version, const char *data, size_t *length,
					   void **state)
{
	struct shop_asked *asked = *state;
	char *url = NULL;

	(void)version;
	if (!asked->body) { /* the first call: the headers are there */
		asked->body = strdup("");
		if (asprintf(&url, "%s %s", method, asked->url) >= 0) {
			free(asked->url);
			asked->url = url;
		}
		return MHD_YES;
	}
	if (*length) {
		size_t old = strlen(asked->body);

		asked->body = realloc(asked->body, old + *length + 1);
		memcpy(asked->body + old, data, *length);
		asked->body[old + *length] = '\0';
		*length = 0;
		return MHD_YES;
	}
	if (strcmp(path, "/oauth/access_token") == 0)
		return shop_token(arg, connection, asked);
	return shop_answer(arg, connection, asked);
}

static inline void shop_done(void *arg, struct MHD_Connection *connection, void **state,
			     enum MHD_RequestTerminationCode code)
{
	struct shop_asked *asked = *state;

	(void)arg;
	(void)connection;
	(void)code;
	if (asked) {
		free(asked->url);
		free(asked->body);
	}
	free(asked);
	*state = NULL;
}

static inline void shop_set(struct account *account, const char *name, const char *value)
{
	for (size_t i = 0; account->vendor->settings[i].name; i++) {
		if (strcmp(account->vendor->settings[i].name, name) == 0)
			account->values[i] = strdup(value);
	}
}

static inline int shop_setup(void **state)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	struct shop *shop = calloc(1, sizeof(*shop));

	assert_non_null(shop);
	pthread_mutex_init(&shop->lock, NULL);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	shop->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL,
					shop_request, shop, MHD_OPTION_SOCK_ADDR, &address,
					MHD_OPTION_NOTIFY_COMPLETED, shop_done, shop,
					MHD_OPTION_URI_LOG_CALLBACK, shop_begin, shop,
					MHD_OPTION_END);
	assert_non_null(shop->daemon);
	shop->account = account_new("shop", vendors_find("elasticpath"));
	assert_non_null(shop->account);
	assert_true(asprintf(&shop->account->endpoint.base_url, "http://127.0.0.1:%u",
			     MHD_get_daemon_info(shop->daemon, MHD_DAEMON_INFO_BIND_PORT)->port) >
		    0);
	shop_set(shop->account, "client_id", "client");
	shop_set(shop->account, "client_secret", "s3cr3t-4711");
	shop->account->endpoint.timeout = shop->account->endpoint.retry_budget = 5;
	shop->http = http_new();
	assert_non_null(shop->http);
	assert_int_equal(http_add(shop->http, &shop->account->endpoint), 0);
	call_init(&shop->call, "shop/test");
	*state = shop;
	return 0;
}

static inline int shop_teardown(void **state)
{
	struct shop *shop = *state;

	http_free(shop->http);
	account_free(shop->account);
	call_destroy(&shop->call);
	MHD_stop_daemon(shop->daemon);
	for (size_t i = 0; i < shop->asked_count; i++) {
		free(shop->asked[i].url);
		free(shop->asked[i].body);
	}
	pthread_mutex_destroy(&shop->lock);
	log_free();
	free(shop);
	return 0;
}

/* From now on, TIMES (-1: always), what begins with REQUEST is answered so. */
static inline void shop_says(struct shop *shop, int times, const char *request, unsigned status,
			     const char *body)
{
	pthread_mutex_lock(&shop->lock);
	assert_true(shop->answer_count < SHOP_MOST);
	shop->answers[shop->answer_count++] = (struct shop_answer){.request = request,
								   .status = status,
								   .body = body,
								   .times = times};
	pthread_mutex_unlock(&shop->lock);
}

/* Request number INDEX (from 0) began so. */
static inline void assert_asked(const struct shop *shop, size_t index, const char *request)
{
	assert_true(index < shop->asked_count);
	if (strncmp(shop->asked[index].url, request, strlen(request)) != 0)
		fail_msg("asked %s, not %s", shop->asked[index].url, request);
}

static inline json_t *parse(const char *text)
{
	json_t *value = json_loads(text, 0, NULL);

	assert_non_null(value);
	return value;
}

/* The body of request number INDEX is that. */
static inline void assert_body(const struct shop *shop, size_t index, const char *text)
{
	json_t *sent, *wanted = parse(text);

	assert_true(index < shop->asked_count);
	sent = parse(shop->asked[index].body);
	if (!json_equal(sent, wanted))
		fail_msg("sent %s, not %s", shop->asked[index].body, text);
	json_decref(sent);
	json_decref(wanted);
}

static inline void assert_text(const json_t *object, const char *path, const char *wanted)
{
	const char *text = json_string_value(collection_value(object, path));

	assert_non_null(text);
	assert_string_equal(text, wanted);
}

/* Forget what was answered and asked. */
static inline void shop_clear(struct shop *shop)
{
	pthread_mutex_lock(&shop->lock);
	for (size_t i = 0; i < shop->asked_count; i++) {
		free(shop->asked[i].url);
		free(shop->asked[i].body);
	}
	shop->asked_count = shop->answer_count = 0;
	pthread_mutex_unlock(&shop->lock);
}

#endif

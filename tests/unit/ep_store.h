/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ep_store.h - a minimal Elastic Path store on loopback, for the tests of vendors/elasticpath.
 *
 * It answers what the test told it to answer, issues tokens (t1, t2...) and records each request to
 * the letter. The sandbox would accept or refuse what these tests want to see.
 */
#ifndef TESTS_UNIT_EP_STORE_H
#define TESTS_UNIT_EP_STORE_H

#include "vendors/base/call.h"
#include "vendors/base/vault.h"
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

#define EP_STORE_MAX 32
#define SETTINGS "/v2/settings/account-authentication"
#define MEMBERS "/v2/account-members"
#define STORE_TEST(test) cmocka_unit_test_setup_teardown(test, ep_store_setup, ep_store_teardown)

/* The oldest that fits and has times left is given; none: 404. */
struct ep_store_answer {
	const char *request; /* "GET /v2/accounts": the beginning of method and escaped URL */
	unsigned status;
	const char *body;
	int times;
};

struct ep_store_asked {
	char *url; /* "GET /v2/accounts?...", escaped */
	char *body;
	char bearer[40];
};

struct ep_store {
	struct MHD_Daemon *daemon;
	pthread_mutex_t lock;
	struct ep_store_answer answers[EP_STORE_MAX];
	size_t answer_count;
	struct ep_store_asked asked[EP_STORE_MAX]; /* except for tokens */
	size_t asked_count;
	int tokens;

	struct http *http;
	struct account *account;
	struct call call;
};

static inline enum MHD_Result ep_store_send(struct MHD_Connection *connection, unsigned status,
					    const char *body)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(strlen(body),
									(void *)(size_t)body,
									MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result = MHD_queue_response(connection, status, response);

	MHD_destroy_response(response);
	return result;
}

static inline enum MHD_Result ep_store_token(struct ep_store *store,
					     struct MHD_Connection *connection,
					     const struct ep_store_asked *asked)
{
	char body[100];

	pthread_mutex_lock(&store->lock);
	snprintf(body, sizeof(body), "{\"access_token\": \"%s-t%d\", \"expires_in\": 3600}",
		 strstr(asked->body, "=implicit") ? "implicit" : "admin", ++store->tokens);
	pthread_mutex_unlock(&store->lock);
	return ep_store_send(connection, 200, body);
}

static inline enum MHD_Result ep_store_answer(struct ep_store *store,
					      struct MHD_Connection *connection,
					      struct ep_store_asked *asked)
{
	struct ep_store_answer answer = {.status = 404,
					 .body = "{\"errors\": [{\"title\": \"Not there\"}]}"};
	const char *bearer = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
							 "Authorization");

	snprintf(asked->bearer, sizeof(asked->bearer), "%s", bearer ? bearer : "");
	pthread_mutex_lock(&store->lock);
	for (size_t i = 0; i < store->answer_count; i++) {
		struct ep_store_answer *known = &store->answers[i];

		if (known->times &&
		    strncmp(asked->url, known->request, strlen(known->request)) == 0) {
			known->times -= known->times > 0;
			answer = *known;
			break;
		}
	}
	if (store->asked_count < EP_STORE_MAX) {
		store->asked[store->asked_count++] = *asked;
		*asked = (struct ep_store_asked){0};
	}
	pthread_mutex_unlock(&store->lock);
	return ep_store_send(connection, answer.status, answer.body);
}

/* The escaped URL is told here alone; what is returned becomes the request's state. */
static inline void *ep_store_begin(void *arg, const char *url, struct MHD_Connection *connection)
{
	struct ep_store_asked *asked = calloc(1, sizeof(*asked));

	(void)arg;
	(void)connection;
	asked->url = strdup(url);
	return asked;
}

static inline enum MHD_Result ep_store_request(void *arg, struct MHD_Connection *connection,
					       const char *path, const char *method,
					       const char *version, const char *data,
					       size_t *length, void **state)
{
	struct ep_store_asked *asked = *state;
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
		return ep_store_token(arg, connection, asked);
	return ep_store_answer(arg, connection, asked);
}

static inline void ep_store_done(void *arg, struct MHD_Connection *connection, void **state,
				 enum MHD_RequestTerminationCode code)
{
	struct ep_store_asked *asked = *state;

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

static inline void ep_store_set(struct account *account, const char *name, const char *value)
{
	for (size_t i = 0; account->vendor->settings[i].name; i++) {
		if (strcmp(account->vendor->settings[i].name, name) == 0)
			account->values[i] = vault_copy(value);
	}
}

static inline int ep_store_setup(void **state)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	struct ep_store *store = calloc(1, sizeof(*store));

	assert_non_null(store);
	pthread_mutex_init(&store->lock, NULL);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	store->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL,
					 ep_store_request, store, MHD_OPTION_SOCK_ADDR, &address,
					 MHD_OPTION_NOTIFY_COMPLETED, ep_store_done, store,
					 MHD_OPTION_URI_LOG_CALLBACK, ep_store_begin, store,
					 MHD_OPTION_END);
	assert_non_null(store->daemon);
	store->account = account_new("store", vendors_find("elasticpath"));
	assert_non_null(store->account);
	assert_true(asprintf(&store->account->endpoint.base_url, "http://127.0.0.1:%u",
			     MHD_get_daemon_info(store->daemon, MHD_DAEMON_INFO_BIND_PORT)->port) >
		    0);
	ep_store_set(store->account, "client_id", "client");
	ep_store_set(store->account, "client_secret", "s3cr3t-4711");
	store->account->endpoint.timeout = store->account->endpoint.retry_budget = 5;
	store->http = http_new();
	assert_non_null(store->http);
	assert_int_equal(http_add(store->http, &store->account->endpoint), 0);
	call_init(&store->call, "store/test");
	*state = store;
	return 0;
}

static inline int ep_store_teardown(void **state)
{
	struct ep_store *store = *state;

	http_free(store->http);
	account_free(store->account);
	call_destroy(&store->call);
	MHD_stop_daemon(store->daemon);
	for (size_t i = 0; i < store->asked_count; i++) {
		free(store->asked[i].url);
		free(store->asked[i].body);
	}
	pthread_mutex_destroy(&store->lock);
	log_free();
	free(store);
	return 0;
}

/* From now on, TIMES (-1: always), what begins with REQUEST is answered so. */
static inline void ep_store_says(struct ep_store *store, int times, const char *request,
				 unsigned status, const char *body)
{
	pthread_mutex_lock(&store->lock);
	assert_true(store->answer_count < EP_STORE_MAX);
	store->answers[store->answer_count++] = (struct ep_store_answer){.request = request,
									 .status = status,
									 .body = body,
									 .times = times};
	pthread_mutex_unlock(&store->lock);
}

/* Request number INDEX (from 0) began so. */
static inline void assert_asked(const struct ep_store *store, size_t index, const char *request)
{
	assert_true(index < store->asked_count);
	if (strncmp(store->asked[index].url, request, strlen(request)) != 0)
		fail_msg("asked %s, not %s", store->asked[index].url, request);
}

static inline json_t *parse(const char *text)
{
	json_t *value = json_loads(text, 0, NULL);

	assert_non_null(value);
	return value;
}

/* The body of request number INDEX is that. */
static inline void assert_body(const struct ep_store *store, size_t index, const char *text)
{
	json_t *sent, *wanted = parse(text);

	assert_true(index < store->asked_count);
	sent = parse(store->asked[index].body);
	if (!json_equal(sent, wanted))
		fail_msg("sent %s, not %s", store->asked[index].body, text);
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
static inline void ep_store_clear(struct ep_store *store)
{
	pthread_mutex_lock(&store->lock);
	for (size_t i = 0; i < store->asked_count; i++) {
		free(store->asked[i].url);
		free(store->asked[i].body);
	}
	store->asked_count = store->answer_count = 0;
	pthread_mutex_unlock(&store->lock);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scene.h - what test_http.c and test_retry.c share: a server, an http thread and an account a
 * test.
 */
#ifndef TESTS_UNIT_SCENE_H
#define TESTS_UNIT_SCENE_H

#include "tests/unit/web.h"
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
#define SCENE(test) cmocka_unit_test_setup_teardown(test, scene_setup, scene_teardown)

struct scene {
	struct web web;
	struct http *http;
	struct account account;
	struct account other; /* for a test that needs a second one; http_add it first */
	struct call call;
	struct http_reply reply;
};

static inline int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline int scene_setup(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	assert_non_null(scene);
	assert_true(web_start(&scene->web, 0));
	scene->http = http_new();
	assert_non_null(scene->http);
	scene->account.name = (char *)(size_t) "acme";
	scene->account.endpoint.name = scene->account.name;
	scene->account.endpoint.base_url = scene->web.url;
	scene->account.endpoint.parallel = 4;
	scene->account.endpoint.timeout = 5;
	scene->account.endpoint.retry_budget = 5;
	assert_int_equal(http_add(scene->http, &scene->account.endpoint), 0);
	call_init(&scene->call, "acme");
	*state = scene;
	return 0;
}

static inline int scene_teardown(void **state)
{
	struct scene *scene = *state;

	http_reply_clear(&scene->reply);
	http_free(scene->http);
	web_stop(&scene->web);
	call_destroy(&scene->call);
	log_free();
	free(scene);
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

static inline int perform(struct scene *scene, struct http_request request)
{
	http_reply_clear(&scene->reply);
	return http_perform(&scene->call, &scene->account.endpoint, &request, &scene->reply);
}

static inline int requests(struct scene *scene)
{
	return web_count(&scene->web, &scene->web.requests);
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

static inline void *wait_run(void *arg)
{
	struct waiter *waiter = arg;

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
static inline int run_many(struct scene *scene, const char *path, int count)
{
	struct transfer *transfers[64] = {0};
	struct http_request request = get(path);
	int good = 0;

	for (int i = 0; i < count; i++) {
		transfers[i] = http_start(&scene->call, &scene->account.endpoint, &request);
		assert_non_null(transfers[i]);
	}
	for (int left = count; left; left--) {
		int i = http_wait_any(&scene->call, transfers, (size_t)count);

		assert_in_range(i, 0, count - 1);
		good += http_reply(transfers[i])->status == 200;
		http_drop(transfers[i], false);
		transfers[i] = NULL;
	}
	return good;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * paging_scene.h - a collection whose list is described by rules, and a sink that checks its rows,
 * for tests with paging_server.h.
 */
#ifndef ROSTERFS_TEST_PAGING_SCENE_H
#define ROSTERFS_TEST_PAGING_SCENE_H

#include "tests/unit/paging_server.h"
#include "vendors/base/call.h"
#include "vendors/base/log.h"
#include "vendors/http/http.h"
#include "vendors/list/list.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define ROWS_MAX 4096
#define SIZE 100

struct scene {
	struct list_sink sink; /* the first member */
	struct paging_server server;
	struct http *http;
	struct account account;
	struct call call;

	bool seen[ROWS_MAX];
	char status[ROWS_MAX]; /* the first letter of the status, '-': none, '?': null */
	size_t rows, unreadable;
	int resets;
	size_t progress;
};

static enum paging scene_paging;
static struct rule_request scene_first, scene_next;
static struct rule_list scene_rules;
static struct collection scene_users;

static enum paging paging_of(const struct account *account)
{
	(void)account;
	return scene_paging;
}

static int authorize(struct call *call, struct account *account, struct http_request *request)
{
	(void)call, (void)account, (void)request;
	return 0;
}

static const struct setting settings[] = {{.name = NULL}};
static const struct vendor vendor = {.type = "server",
				     .settings = settings,
				     .authorize = authorize};

static int scene_add(struct list_sink *sink, const char *id, json_t *record)
{
	struct scene *scene = (struct scene *)sink;
	size_t row = strtoul(id, NULL, 10);
	json_t *status = json_object_get(record, "status");

	assert_true(row < ROWS_MAX);
	if (scene->seen[row])
		return -EEXIST;
	scene->seen[row] = true;
	scene->status[row] = (char)(json_is_string(status) ? *json_string_value(status)
				    : status               ? '?'
							   : '-');
	scene->rows++;
	return 0;
}

static int scene_unreadable(struct list_sink *sink, const char *id, json_t *record)
{
	struct scene *scene = (struct scene *)sink;

	scene->unreadable++;
	return scene_add(sink, id, record);
}

static void scene_forget(struct scene *scene)
{
	memset(scene->seen, 0, sizeof(scene->seen));
	scene->rows = scene->unreadable = 0;
}

static void scene_reset(struct list_sink *sink)
{
	struct scene *scene = (struct scene *)sink;

	scene_forget(scene);
	scene->resets++;
}

static void scene_progress(struct list_sink *sink, unsigned pages, size_t rows, unsigned total)
{
	(void)pages;
	(void)total;
	((struct scene *)sink)->progress = rows;
}

/* Describe the list by rules: HOW it is paged, and the number of its FIRST page. */
static void scene_describe(enum how how, long long first)
{
	static const char *const id_keys[] = {"id", NULL};
	static const char *const users[] = {"/users/*", NULL};
	static const struct field fields[] = {{NULL, 0}};
	static const char *const paths[] = {
	    [BY_PAGE] = "/users?page={page}&limit={size}",
	    [BY_OFFSET] = "/users?offset={offset}&limit={size}",
	    [BY_CURSOR] = "/users?cursor={cursor}&limit={size}",
	    [BY_NUMBER] = "/users?cursor={cursor}&limit={size}",
	    [BY_HEADER] = "/users?cursor={cursor}&limit={size}",
	    [BY_LAST] = "/users?cursor={cursor}&limit={size}",
	    [BY_URL] = "/users?limit={size}",
	    [BY_LINK] = "/users?limit={size}",
	    [WHOLE] = "/users",
	};
	static const enum paging pagings[] = {
	    [BY_PAGE] = PAGING_NUMBER,   [BY_OFFSET] = PAGING_OFFSET, [BY_CURSOR] = PAGING_CURSOR,
	    [BY_NUMBER] = PAGING_CURSOR, [BY_HEADER] = PAGING_CURSOR, [BY_LAST] = PAGING_CURSOR,
	    [BY_URL] = PAGING_URL,       [BY_LINK] = PAGING_URL,      [WHOLE] = PAGING_NONE,
	};

	scene_paging = pagings[how];
	scene_first = (struct rule_request){.method = "GET", .path = paths[how]};
	scene_next = (struct rule_request){.method = "POST"};
	scene_rules = (struct rule_list){.first = &scene_first,
					 .rows = users,
					 .start = first,
					 .link = how == BY_LINK};
	if (how == BY_HEADER)
		scene_rules.next_source = (struct source){SOURCE_HEADER, "x-next"};
	else if (how == BY_LAST)
		scene_rules.next_source = (struct source){SOURCE_LAST, "/id"};
	else if (how == BY_CURSOR || how == BY_NUMBER || how == BY_URL)
		scene_rules.next_source = (struct source){SOURCE_BODY, "/next"};
	scene_users = (struct collection){.name = "users",
					  .listing = &scene_rules,
					  .page_size = SIZE,
					  .id_keys = id_keys,
					  .fields = fields,
					  .paging = paging_of};
}

/* Let the server have ROWS rows, paged as HOW, its first page FIRST, and describe its list so. */
static void scene_play(struct scene *scene, enum how how, long long first, size_t rows)
{
	struct paging_server *server = &scene->server;
	struct http_stats stats;

	/* what was asked for beyond the end of the list before comes to its own end */
	do {
		usleep(500);
		http_stats(&scene->account.endpoint, &stats);
	} while (stats.in_flight);
	scene_forget(scene);
	scene->resets = 0;
	call_clear(&scene->call);
	pthread_mutex_lock(&server->lock);
	server->how = how;
	server->first = first;
	server->rows = rows;
	server->size = how == WHOLE ? ROWS_MAX : 25;
	server->cap = server->at = server->torn = 0;
	server->quirk = NO_QUIRK;
	server->times = -1;
	server->lie = 0;
	server->tells = server->counts = server->more = server->bare = false;
	server->statuses = server->shows_status = server->loses = false;
	server->link_end = server->url_form = NULL;
	server->requests = server->most_running = 0;
	pthread_mutex_unlock(&server->lock);
	scene->account.endpoint.parallel = 8;
	atomic_store(&scene->account.alternatives, 0);
	scene_describe(how, first);
}

/* The server tells the total, and the rules have it as a hint, or as CERTAIN. */
static inline void scene_total(struct scene *scene, bool certain)
{
	static const struct source total[] = {{SOURCE_BODY, "/total"}, {SOURCE_NONE, NULL}};

	pthread_mutex_lock(&scene->server.lock);
	scene->server.tells = true;
	pthread_mutex_unlock(&scene->server.lock);
	if (certain)
		scene_rules.records = total;
	else
		scene_rules.total = total;
}

static int scene_walk(struct scene *scene)
{
	return list_walk(&scene->call, &scene->account, &scene_users, NULL, &scene->sink);
}

/* Walk the list, which must be complete. */
static inline void scene_complete(struct scene *scene)
{
	int error = scene_walk(scene);

	if (error)
		print_message("%s\n", scene->call.words);
	assert_int_equal(error, 0);
	assert_int_equal(scene->rows, scene->server.rows);
}

/* Walk the list, which must fail with WORDS in the message. */
static inline void scene_fails(struct scene *scene, const char *words)
{
	assert_int_equal(scene_walk(scene), -EREMOTEIO);
	if (!strstr(scene->call.words, words))
		print_message("%s\n", scene->call.words);
	assert_non_null(strstr(scene->call.words, words));
	assert_true(paging_requests(&scene->server) < 200);
}

static int scene_setup(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	assert_non_null(scene);
	scene->sink = (struct list_sink){.add = scene_add,
					 .unreadable = scene_unreadable,
					 .reset = scene_reset,
					 .progress = scene_progress};
	assert_true(paging_start(&scene->server));
	scene->http = http_new();
	assert_non_null(scene->http);
	scene->account.name = (char *)(size_t) "acme";
	scene->account.endpoint.name = scene->account.name;
	scene->account.vendor = &vendor;
	assert_true(asprintf(&scene->account.endpoint.base_url, "%s/api", scene->server.url) > 0);
	scene->account.endpoint.parallel = 8;
	scene->account.max_users = 1000000;
	scene->account.endpoint.timeout = 20;
	scene->account.endpoint.retry_budget = 20;
	assert_int_equal(http_add(scene->http, &scene->account.endpoint), 0);
	call_init(&scene->call, "acme");
	*state = scene;
	return 0;
}

static int scene_teardown(void **state)
{
	struct scene *scene = *state;

	http_free(scene->http);
	paging_stop(&scene->server);
	call_destroy(&scene->call);
	log_free();
	free(scene->account.endpoint.base_url);
	free(scene);
	return 0;
}

#define PAGED(test) cmocka_unit_test_setup_teardown(test, scene_setup, scene_teardown)

#endif

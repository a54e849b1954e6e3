/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_list.c - list_walk and list_walk_all over real HTTP: many lists at once, in one thread.
 *
 * What a page means is test_walk.c's and the mount tests' affair. Here: each list's rows come in
 * order and to its own sink, the account's limit holds for all together, what goes wrong in one
 * list is told apart, and nothing is left behind.
 */
#include "tests/unit/list_server.h"
#include "vendors/base/call.h"
#include "vendors/http/http.h"
#include "vendors/base/log.h"
#include "vendors/rest/account.h"
#include "vendors/list/list.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define LISTER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

/* A sink that checks the order. */
struct pile {
	struct list_sink sink;
	size_t list;
	size_t rows;
	int resets;
	unsigned pages; /* as progress has them */
	unsigned total;
	struct call *cancel; /* cancelled after the first row */
};

struct scene {
	struct list_server server;
	struct http *http;
	struct account account;
	struct call call;
	struct pile piles[LISTS_MAX];
	struct list_part parts[LISTS_MAX];
	char names[LISTS_MAX][8];
};

/* ---- the vendor ---- */

static enum paging paging;
static int renewals;

static enum paging paging_of(const struct account *account)
{
	(void)account;
	return paging;
}

static int authorize(struct call *call, struct account *account, struct http_request *request)
{
	(void)call, (void)account;
	request->serial = (uint64_t)renewals;
	return 0;
}

static int renew(struct call *call, struct account *account, uint64_t serial)
{
	(void)call, (void)account;
	renewals += serial == (uint64_t)renewals;
	return 0;
}

static const struct setting settings[] = {{.name = NULL}};
static const struct vendor vendor = {.type = "server",
				     .settings = settings,
				     .authorize = authorize,
				     .renew = renew};
static const char *const id_keys[] = {"id", NULL};
static const struct field fields[] = {{NULL, 0}};

static struct collection lists = {
    .name = "rows",
    .list_path = "/lists/{parent}",
    .item_path = "/lists/{parent}/",
    .list_key = "rows",
    .item_key = "row",
    .records_key = "total",
    .page_size = PAGE,
    .id_keys = id_keys,
    .fields = fields,
    .paging = paging_of,
};

/* ---- the sinks ---- */

static int pile_add(struct list_sink *sink, const char *id, json_t *record)
{
	struct pile *pile = (struct pile *)sink;
	char expected[40];

	snprintf(expected, sizeof(expected), "%zu-%zu", pile->list, pile->rows);
	assert_true(json_is_object(record));
	if (strcmp(id, expected) != 0)
		return -EEXIST; /* a row out of order is one that came before */
	pile->rows++;
	if (pile->cancel)
		call_cancel(pile->cancel);
	return 0;
}

static void pile_reset(struct list_sink *sink)
{
	struct pile *pile = (struct pile *)sink;

	pile->rows = 0;
	pile->resets++;
}

static void pile_progress(struct list_sink *sink, unsigned pages, size_t rows, unsigned total)
{
	struct pile *pile = (struct pile *)sink;

	assert_int_equal(rows, pile->rows);
	pile->pages = pages;
	pile->total = total;
}

static int setup(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	assert_non_null(scene);
	assert_true(list_server_start(&scene->server));
	scene->http = http_new();
	assert_non_null(scene->http);
	scene->account.name = (char *)(size_t) "acme";
	scene->account.endpoint.name = scene->account.name;
	scene->account.vendor = &vendor;
	scene->account.endpoint.base_url = scene->server.url;
	scene->account.endpoint.parallel = 8;
	scene->account.max_users = 1000000;
	scene->account.endpoint.timeout = 20;
	scene->account.endpoint.retry_budget = 20;
	assert_int_equal(http_add(scene->http, &scene->account.endpoint), 0);
	call_init(&scene->call, "acme");
	for (size_t i = 0; i < LISTS_MAX; i++) {
		snprintf(scene->names[i], sizeof(scene->names[i]), "%zu", i);
		scene->piles[i].sink = (struct list_sink){.add = pile_add,
							  .reset = pile_reset,
							  .progress = pile_progress};
		scene->piles[i].list = i;
		scene->parts[i].parent = scene->names[i];
		scene->parts[i].sink = &scene->piles[i].sink;
	}
	paging = PAGING_NUMBER;
	lists.offset_ceiling = 0;
	renewals = 0;
	*state = scene;
	return 0;
}

static int teardown(void **state)
{
	struct scene *scene = *state;

	http_free(scene->http);
	list_server_stop(&scene->server);
	call_destroy(&scene->call);
	log_free();
	free(scene);
	return 0;
}

static int list_all(struct scene *scene, size_t count)
{
	return list_walk_all(&scene->call, &scene->account, &lists, scene->parts, count);
}

/* What was asked for beyond the end of a list comes to its own end. */
static void settle(struct scene *scene)
{
	struct http_stats stats;

	do {
		usleep(1000);
		http_stats(&scene->account.endpoint, &stats);
	} while (stats.in_flight);
	list_server_order(&scene->server, NULL);
}

static int requests(struct scene *scene)
{
	return list_server_count(&scene->server, &scene->server.requests);
}

static int most_running(struct scene *scene)
{
	return list_server_count(&scene->server, &scene->server.most_running);
}

static int asked(struct scene *scene, size_t list)
{
	return list_server_count(&scene->server, &scene->server.asked[list]);
}

/* ---- tests ---- */

static void test_no_list(void **state)
{
	struct scene *scene = *state;

	assert_int_equal(list_all(scene, 0), 0);
	assert_int_equal(requests(scene), 0);
}

static void test_one_list(void **state)
{
	const size_t sizes[] = {0, 1, 99, 100, 101, 800, 1950, 3200};
	struct scene *scene = *state;

	for (size_t i = 0; i < 2 * sizeof(sizes) / sizeof(*sizes); i++) {
		struct pile *pile = &scene->piles[0];

		paging = i % 2 ? PAGING_OFFSET : PAGING_NUMBER;
		settle(scene);
		scene->server.rows[0] = sizes[i / 2];
		pile->rows = 0;
		assert_int_equal(list_walk(&scene->call, &scene->account, &lists, "0", &pile->sink),
				 0);
		assert_int_equal(pile->rows, sizes[i / 2]);
		assert_true(requests(scene) <= (int)(sizes[i / 2] + PAGE - 1) / PAGE + 7);
		assert_true(most_running(scene) <= 8);
	}
}

/* Lists of all sizes; the limit holds for all of them together. */
static void test_many_lists(void **state)
{
	const unsigned parallels[] = {1, 2, 8, 64};
	struct scene *scene = *state;

	scene->server.total = true;
	for (size_t i = 0; i < 40; i++)
		scene->server.rows[i] = i * 37 % 450;
	for (size_t round = 0; round < 4; round++) {
		int pages = 0;

		scene->account.endpoint.parallel = parallels[round];
		scene->server.delay = 4;
		settle(scene);
		scene->server.together = round < 3 ? (int)parallels[round] : 0;
		for (size_t i = 0; i < 40; i++)
			scene->piles[i].rows = 0;
		assert_int_equal(list_all(scene, 40), 0);
		for (size_t i = 0; i < 40; i++) {
			size_t rows = scene->server.rows[i];

			assert_int_equal(scene->piles[i].rows, rows);
			assert_int_equal(scene->piles[i].resets, 0);
			assert_false(scene->parts[i].cut);
			pages += rows ? (int)((rows + PAGE - 1) / PAGE) : 1;
			if (rows)
				assert_int_equal(scene->piles[i].pages, (rows + PAGE - 1) / PAGE);
			/* if the vendor tells how many there are */
			if (scene->piles[i].total)
				assert_int_equal(scene->piles[i].total, scene->piles[i].pages);
		}
		/* with a total that proves right there is no request too many */
		assert_int_equal(requests(scene), pages);
		assert_true(most_running(scene) <= (int)parallels[round]);
		if (round < 3) /* the queue was made for 8 */
			assert_int_equal(most_running(scene), parallels[round]);
	}
}

/* One list that is walked again voids no other list's rows. */
static void test_one_restarts(void **state)
{
	struct scene *scene = *state;

	for (size_t i = 0; i < 10; i++)
		scene->server.rows[i] = 350;
	list_server_order(&scene->server, &(struct mishap){.list = 4, .start = 200, .times = 1});
	assert_int_equal(list_all(scene, 10), 0);
	for (size_t i = 0; i < 10; i++) {
		assert_int_equal(scene->piles[i].rows, 350);
		assert_int_equal(scene->piles[i].resets, i == 4);
	}
}

/* All or none: an error in one list is everybody's, and says whose it is. */
static void test_one_fails(void **state)
{
	struct scene *scene = *state;

	scene->server.delay = 20;
	for (size_t i = 0; i < 20; i++)
		scene->server.rows[i] = 250;
	list_server_order(&scene->server, &(struct mishap){.list = 7, .status = 404, .times = -1});
	assert_int_equal(list_all(scene, 20), -EREMOTEIO);
	assert_int_equal(scene->call.error, EREMOTEIO);
	assert_int_equal(scene->call.status, 404);
	assert_string_equal(scene->call.request, "GET /lists/7?page=1&count=100");
	assert_false(scene->parts[7].cut);
	/* what had been asked for is not waited for, and the rest is not asked for */
	assert_true(asked(scene, 19) == 0);
}

/* An errors of pages that no vendor promised, behind the end, is nothing. */
static void test_errors_behind_the_end(void **state)
{
	struct scene *scene = *state;

	lists.offset_ceiling = 1000;
	scene->server.rows[0] = 300;
	list_server_order(&scene->server, &(struct mishap){.list = 0,
							   .start = 300,
							   .beyond = true,
							   .status = 400,
							   .times = -1});
	assert_int_equal(list_all(scene, 1), 0);
	assert_int_equal(scene->piles[0].rows, 300);
	assert_int_equal(scene->call.error, 0);
	assert_false(scene->parts[0].cut);
}

/* Where the vendor lists no further, the sink has what there is, in order, and is told. */
static void test_ceiling(void **state)
{
	struct scene *scene = *state;

	paging = PAGING_OFFSET;
	lists.offset_ceiling = 500;
	scene->server.rows[0] = scene->server.rows[1] = 900;
	list_server_order(&scene->server, &(struct mishap){.list = 0,
							   .start = 400,
							   .beyond = true,
							   .status = 400,
							   .times = -1});
	assert_int_equal(list_all(scene, 2), -EREMOTEIO);
	assert_true(scene->parts[0].cut);
	assert_false(scene->parts[1].cut);
	assert_int_equal(scene->piles[0].rows, 500);
	assert_non_null(strstr(scene->call.words, "no more than its first 500 rows"));
}

/* A certain total tells it with the first page; one that just fits is walked. */
static void test_ceiling_told_by_the_total(void **state)
{
	struct scene *scene = *state;

	paging = PAGING_OFFSET;
	lists.offset_ceiling = 500;
	scene->server.total = true;
	scene->server.rows[0] = 601;
	assert_int_equal(list_all(scene, 1), -EREMOTEIO);
	assert_true(scene->parts[0].cut);
	assert_int_equal(requests(scene), 1);
	assert_non_null(strstr(scene->call.words, "no more than its first 500 rows"));
	scene->parts[0].cut = false;
	scene->piles[0].rows = 0;
	scene->server.rows[0] = 600;
	assert_int_equal(list_all(scene, 1), 0);
	assert_int_equal(scene->piles[0].rows, 600);
	assert_int_equal(requests(scene), 1 + 6);
}

/* Each page that is refused for an old token is asked for once more. */
static void test_renewal(void **state)
{
	struct scene *scene = *state;

	for (size_t i = 0; i < 10; i++)
		scene->server.rows[i] = 250;
	list_server_order(&scene->server,
			  &(struct mishap){.list = 3, .start = 100, .status = 401, .times = 1});
	assert_int_equal(list_all(scene, 10), 0);
	assert_int_equal(renewals, 1);
	assert_int_equal(scene->piles[3].rows, 250);
	list_server_order(&scene->server,
			  &(struct mishap){.list = 3, .start = 100, .status = 401, .times = -1});
	for (size_t i = 0; i < 10; i++)
		scene->piles[i].rows = 0;
	assert_int_equal(list_all(scene, 10), -EKEYREJECTED);
	assert_int_equal(renewals, 2);
}

static void test_cancelled(void **state)
{
	struct scene *scene = *state;

	scene->server.delay = 20;
	for (size_t i = 0; i < 40; i++)
		scene->server.rows[i] = 1000;
	scene->piles[2].cancel = &scene->call;
	assert_int_equal(list_all(scene, 40), -EINTR);
	assert_non_null(strstr(scene->call.words, "interrupted while the rows were listed"));
	assert_true(asked(scene, 39) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    LISTER(test_no_list),    LISTER(test_one_list),
	    LISTER(test_many_lists), LISTER(test_one_restarts),
	    LISTER(test_one_fails),  LISTER(test_errors_behind_the_end),
	    LISTER(test_ceiling),    LISTER(test_ceiling_told_by_the_total),
	    LISTER(test_renewal),    LISTER(test_cancelled),
	};

	return cmocka_run_group_tests_name("list", tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_paging_rules.c - lists that are described by rules, over real HTTP: where rows, URLs and
 * cursors are, ceilings, deleted rows, several passes, and rows that are read again.
 */
#include "tests/unit/paging_scene.h"

#include "vendors/http/basis.h"
#include "vendors/list/row.h"

static const struct value values_true[] = {{VALUE_TRUE, NULL}, {VALUE_END, NULL}};

static bool asked(struct scene *scene, const char *line)
{
	int requests = paging_requests(&scene->server);

	for (int i = 0; i < requests && i < LOG_MAX; i++) {
		if (strcmp(scene->server.log[i], line) == 0)
			return true;
	}
	return false;
}

/* ---- requests ---- */

/* A first request and another one for all further pages, both POST. */
static void test_list_next(void **state)
{
	struct scene *scene = *state;

	scene_play(scene, BY_CURSOR, 0, 250);
	scene_first = (struct rule_request){.method = "POST",
					    .path = "/list",
					    .body = "{\"limit\": {size}, \"all\": true}"};
	scene_next.path = "/list/continue";
	scene_next.body = "{\"cursor\": {cursor}}";
	scene_rules.next = &scene_next;
	scene->server.size = SIZE;
	scene_complete(scene);
	assert_int_equal(paging_requests(&scene->server), 3);
	assert_non_null(strstr(scene->server.log[0], "POST /api/list {"));
	assert_null(strstr(scene->server.log[0], "cursor"));
	assert_non_null(strstr(scene->server.log[1], "POST /api/list/continue {"));
	assert_non_null(strstr(scene->server.log[1], "c100"));
	assert_non_null(strstr(scene->server.log[2], "c200"));
	/* after a restart, the first request comes first again */
	scene->server.requests = 0;
	scene->server.quirk = LOOPS;
	scene->server.at = 2;
	scene->server.times = 1;
	scene_forget(scene);
	scene_complete(scene);
	assert_int_equal(scene->resets, 1);
	assert_non_null(strstr(scene->server.log[3], "POST /api/list {"));
}

static void test_first_request_has_no_cursor(void **state)
{
	struct scene *scene = *state;

	scene_play(scene, BY_CURSOR, 0, 250);
	scene_complete(scene);
	assert_true(asked(scene, "GET /api/users "));
	assert_true(asked(scene, "GET /api/users cursor=c200 "));
}

/* The second way, after a 405 to the first, is tried once and then kept. */
static void test_alternative(void **state)
{
	static struct rule_request post = {.method = "POST",
					   .path = "/users",
					   .body = "{\"offset\": {offset}, \"limit\": {size}}"};
	struct scene *scene = *state;

	for (int chained = 0; chained < 2; chained++) {
		scene_play(scene, chained ? BY_CURSOR : BY_OFFSET, 0, 850);
		if (chained)
			post.body = "{\"cursor\": {cursor}, \"limit\": {size}}";
		scene_first.alternative = &post;
		scene_first.alternative_bit = 3;
		scene->server.quirk = NO_GET;
		scene_total(scene, true);
		scene_complete(scene);
		assert_int_equal(atomic_load(&scene->account.alternatives), 1 << 3);
		assert_int_equal(paging_requests(&scene->server), 10);
	}
	scene_first.alternative = NULL;
	atomic_store(&scene->account.alternatives, 0);
	assert_int_equal(scene_walk(scene), -EOPNOTSUPP);
}

/* ---- where the next page is ---- */

static void test_urls(void **state)
{
	struct scene *scene = *state;
	char absolute[128];
	const char *const forms[] = {absolute, "/api%s", ".%s", "?"};

	snprintf(absolute, sizeof(absolute), "%s/api/sub%%s", scene->server.url);
	for (size_t i = 0; i < 4; i++) {
		scene_play(scene, BY_URL, 0, 450);
		scene->server.url_form = forms[i];
		scene_complete(scene);
		assert_int_equal(paging_requests(&scene->server), 5);
	}
}

static void test_foreign_origin(void **state)
{
	static const enum how hows[] = {BY_URL, BY_LINK};
	struct scene *scene = *state;

	for (size_t i = 0; i < 2; i++) {
		scene_play(scene, hows[i], 0, 450);
		scene->server.quirk = FOREIGN;
		scene_fails(scene,
			    "it names another origin than base_url: http://127.0.0.1:9/api/");
		assert_int_equal(paging_requests(&scene->server), 1);
		scene_play(scene, hows[i], 0, 450);
		scene->server.quirk = FOREIGN;
		scene_rules.any_origin = true;
		scene_complete(scene);
		assert_int_equal(paging_requests(&scene->server), 5);
	}
	scene_play(scene, BY_URL, 0, 450);
	scene->server.url_form = "gopher://127.0.0.1%s";
	scene_fails(scene, "the URL of the next page (/next) can't be used");
}

/* A link to the next page that is marked as one without results is none. */
static void test_link_without_results(void **state)
{
	struct scene *scene = *state;

	scene_play(scene, BY_LINK, 0, 400);
	scene->server.link_end = "; results=\"false\"; cursor=\"0:400:0\"";
	scene_complete(scene);
	assert_int_equal(paging_requests(&scene->server), 4);
}

/* A vendor that is described as one without pages, and names a next page. */
static void test_unexpected_link(void **state)
{
	struct scene *scene = *state;

	scene_play(scene, BY_LINK, 0, 400);
	scene_paging = PAGING_NONE;
	scene_fails(scene, "the vendor tells of more than the 100 rows");
}

/* For pages by number, what names the next page is only a hint. */
static void test_next_of_pages(void **state)
{
	struct scene *scene = *state;

	scene_play(scene, BY_PAGE, 1, 450);
	scene_rules.next_source = (struct source){SOURCE_BODY, "/more"};
	scene->server.more = true;
	scene->account.endpoint.parallel = 1;
	scene_complete(scene);
	assert_int_equal(paging_requests(&scene->server), 5);
}

/* ---- rows ---- */

static void test_missing_rows(void **state)
{
	static const enum quirk quirks[] = {LACKS_ROWS, NULL_ROWS};
	struct scene *scene = *state;

	for (size_t i = 0; i < 2; i++) {
		for (enum how how = 0; how < HOWS; how++) {
			scene_play(scene, how, 0, 450);
			scene->server.quirk = quirks[i];
			scene->server.at = how == WHOLE ? 0 : 2;
			scene_fails(scene, how == WHOLE ? "page 1 of the users holds no list"
							: "page 3 of the users holds no list");
			scene_play(scene, how, 0, 0);
			scene->server.quirk = quirks[i];
			scene_rules.no_rows_is_empty = true;
			scene_complete(scene);
		}
	}
	/* something else is never an empty list */
	scene_play(scene, BY_PAGE, 0, 0);
	scene->server.quirk = ODD_ROWS;
	scene_rules.no_rows_is_empty = true;
	scene_fails(scene, "page 1 of the users holds no list \"/users/*\"");
}

static void test_places_of_rows(void **state)
{
	static const char *const bare[] = {"/*", NULL}, *const whole[] = {"/users", NULL};
	static const char *const second[] = {"/people/*", "/users/*", NULL};
	struct scene *scene = *state;

	scene_play(scene, BY_OFFSET, 0, 450);
	scene->server.bare = true;
	scene_rules.rows = bare;
	scene_complete(scene);
	scene_play(scene, BY_OFFSET, 0, 450);
	scene_rules.rows = second;
	scene_complete(scene);
	/* an object has no elements */
	scene_play(scene, BY_OFFSET, 0, 450);
	scene_rules.rows = bare;
	scene_fails(scene, "page 1 of the users holds no list \"/*\"; it has \"users\"");
	/* a list is no row */
	scene_play(scene, BY_OFFSET, 0, 450);
	scene_rules.rows = whole;
	scene_fails(scene, "row 1 is no object with \"id\"; it is a list: rows must end with /*");
	scene_play(scene, BY_OFFSET, 0, 450);
	scene->server.bare = true;
	scene_fails(scene, "holds no list \"/users/*\"; it is itself a list: rows = /*");
}

static void test_row_without_id(void **state)
{
	struct scene *scene = *state;

	for (enum how how = 0; how < WHOLE; how++) {
		scene_play(scene, how, 0, 450);
		scene->server.quirk = NO_ID;
		scene->server.at = 1;
		scene_fails(scene, "page 2 of the users: row 1 has no \"id\"; it has \"name\"");
	}
}

static void test_row_not_json(void **state)
{
	struct scene *scene = *state;

	scene_play(scene, BY_CURSOR, 0, 450);
	scene->server.quirk = NOT_JSON;
	scene->server.at = 1;
	scene_complete(scene);
	assert_int_equal(scene->unreadable, 1);
	/* by the last row, what comes next would be a guess */
	scene_play(scene, BY_LAST, 0, 450);
	scene->server.quirk = NOT_JSON;
	scene->server.at = 1;
	scene_fails(scene, "page 2 of the users is not JSON");
}

static void test_cut(void **state)
{
	struct scene *scene = *state;

	for (enum how how = 0; how < HOWS; how++) {
		scene_play(scene, how, 0, 50);
		scene_rules.cut = (struct condition){{SOURCE_BODY, "/truncated"}, values_true};
		scene_complete(scene);
		scene_forget(scene);
		scene->server.quirk = CUT;
		scene_fails(scene, "says that the list is cut (/truncated)");
	}
}

/* Deleted rows are not handed on, and count for paging. */
static void test_gone(void **state)
{
	struct scene *scene = *state;

	for (enum how how = 0; how < HOWS; how++) {
		scene_play(scene, how, 0, 450);
		scene_users.gone_when = (struct condition){{SOURCE_BODY, "/deleted"}, values_true};
		scene->server.quirk = GONE;
		scene_total(scene, true);
		assert_int_equal(scene_walk(scene), 0);
		assert_int_equal(scene->rows, 225);
		assert_true(scene->seen[0] && !scene->seen[1]);
		assert_int_equal(scene->progress, 450);
	}
	/* a page of deleted rows that comes again and again */
	scene_play(scene, BY_OFFSET, 0, 450);
	scene_users.gone_when = (struct condition){{SOURCE_BODY, "/deleted"}, values_true};
	scene->server.quirk = STANDS_STILL;
	scene->server.rows = 450;
	scene->server.quirk = ALL_GONE;
	scene->server.at = 2;
	scene_fails(scene, "brings only rows that came before");
}

/* ---- ceilings ---- */

static void test_ceiling(void **state)
{
	struct scene *scene = *state;

	for (enum how how = 0; how < HOWS; how++) {
		/* fewer rows */
		scene_play(scene, how, 0, 450);
		scene_users.offset_ceiling = 500;
		scene_complete(scene);
		/* the total tells with the first page */
		for (int certain = 0; certain < 2 && how != WHOLE; certain++) {
			scene_play(scene, how, 0, 850);
			scene_users.offset_ceiling = 500;
			scene_total(scene, certain);
			scene_fails(scene, "no more than its first 500 users, and there are more");
			assert_true(scene->progress <= 450);
		}
		/* the list stops there, or counts no further */
		scene_play(scene, how, 0, 500);
		scene_users.offset_ceiling = 500;
		scene_fails(scene, "no more than its first 500 users, and there may be more");
		scene_play(scene, how, 0, 500);
		scene_users.offset_ceiling = 500;
		scene_total(scene, false);
		scene_fails(scene, "no more than its first 500 users, and there may be more");
		if (how == WHOLE)
			continue;
		scene_play(scene, how, 0, 500);
		scene_users.offset_ceiling = 500;
		scene_total(scene, true);
		scene_complete(scene);
		/* there are more after all */
		scene_play(scene, how, 0, 700);
		scene_users.offset_ceiling = 500;
		scene_fails(scene, "no more than its first 500 users, and there are more");
		/* pages past it are refused */
		scene_play(scene, how, 0, 700);
		scene_users.offset_ceiling = 500;
		scene->server.quirk = REFUSES;
		scene->server.at = how == BY_LAST ? 499 : 500;
		scene_fails(scene, "no more than its first 500 users, and there are more");
	}
	/* below it, a refusal is what it is */
	scene_play(scene, BY_OFFSET, 0, 700);
	scene_users.offset_ceiling = 500;
	scene->server.quirk = REFUSES;
	scene->server.at = 200;
	assert_int_equal(scene_walk(scene), -EINVAL);
}

/* ---- rows that are read again ---- */

static void test_row(void **state)
{
	static const enum how hows[] = {BY_PAGE, BY_OFFSET, BY_CURSOR, BY_URL, WHOLE};
	struct scene *scene = *state;

	for (size_t i = 0; i < sizeof(hows) / sizeof(*hows); i++) {
		struct row_spot spot = {0};
		struct basis basis;
		json_t *record = NULL;

		scene_play(scene, hows[i], 1, 450);
		scene_total(scene, true);
		basis_begin(&basis, 0);
		scene->call.basis = &basis;
		assert_int_equal(row_read(&scene->call, &scene->account, &scene_users, NULL, "333",
					  true, &spot, &record),
				 0);
		assert_string_equal(json_string_value(json_object_get(record, "id")), "333");
		/* a page alone, after the walk; or the walk */
		assert_int_equal(paging_requests(&scene->server),
				 hows[i] == WHOLE                             ? 2
				 : hows[i] == BY_PAGE || hows[i] == BY_OFFSET ? 6
									      : 5);
		assert_true(basis.answered && basis.asked <= basis.answered);
		json_decref(record);
		record = NULL;
		scene->server.rows = 200;
		assert_int_equal(row_read(&scene->call, &scene->account, &scene_users, NULL, "333",
					  true, &spot, &record),
				 -ENOENT);
		basis_release(&scene->call);
		scene->call.basis = NULL;
	}
}

/* The spot is past the end, which the vendor answers with 404. */
static void test_row_behind_the_end(void **state)
{
	struct row_spot spot = {.page = 4, .before = 400, .size = 100};
	struct scene *scene = *state;
	json_t *record = NULL;

	scene_play(scene, BY_PAGE, 1, 200);
	scene->server.quirk = ENDS_WITH_404;
	scene->server.at = 1000;
	assert_int_equal(row_read(&scene->call, &scene->account, &scene_users, NULL, "150", false,
				  &spot, &record),
			 0);
	assert_int_equal(spot.page, 1);
	json_decref(record);
}

/* A POST that lists is a read on which a change can rest. */
static void test_row_by_post(void **state)
{
	struct scene *scene = *state;
	struct row_spot spot = {0};
	struct basis basis;
	json_t *record = NULL;

	scene_play(scene, BY_CURSOR, 0, 250);
	scene_first = (struct rule_request){.method = "POST",
					    .path = "/list",
					    .body = "{\"cursor\": {cursor}, \"limit\": {size}}"};
	basis_begin(&basis, 0);
	scene->call.basis = &basis;
	assert_int_equal(row_read(&scene->call, &scene->account, &scene_users, NULL, "3", true,
				  &spot, &record),
			 0);
	assert_true(basis.answered);
	json_decref(record);
	basis_release(&scene->call);
	scene->call.basis = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    PAGED(test_list_next),
	    PAGED(test_first_request_has_no_cursor),
	    PAGED(test_alternative),
	    PAGED(test_urls),
	    PAGED(test_foreign_origin),
	    PAGED(test_link_without_results),
	    PAGED(test_unexpected_link),
	    PAGED(test_next_of_pages),
	    PAGED(test_missing_rows),
	    PAGED(test_places_of_rows),
	    PAGED(test_row_without_id),
	    PAGED(test_row_not_json),
	    PAGED(test_cut),
	    PAGED(test_gone),
	    PAGED(test_ceiling),
	    PAGED(test_row),
	    PAGED(test_row_behind_the_end),
	    PAGED(test_row_by_post),
	};

	return cmocka_run_group_tests_name("paging rules", tests, NULL, NULL);
}

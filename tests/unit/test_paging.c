/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_paging.c - lists that are described by rules, over real HTTP, in each way of paging: how
 * they end, and what goes wrong on the way.
 */
#include "tests/unit/paging_scene.h"

static bool is_chained(enum how how)
{
	return how != BY_PAGE && how != BY_OFFSET && how != WHOLE;
}

static int pages_of(size_t rows, size_t size)
{
	return rows ? (int)((rows + size - 1) / size) : 1;
}

/* Requests for a chained list: by the last row, only an empty page is the end. */
static int requests_of(enum how how, size_t rows, size_t size)
{
	return pages_of(rows, size) + (how == BY_LAST && rows);
}

/* Each way, with lists of all lengths, and a cap on the size of a page. */
static void test_every_length(void **state)
{
	static const size_t lengths[] = {0, 1, 29, 30, 99, 100, 101, 250, 1000};
	static const size_t caps[] = {0, 30};
	struct scene *scene = *state;

	for (enum how how = 0; how < HOWS; how++) {
		for (size_t i = 0; i < 2 * sizeof(lengths) / sizeof(*lengths); i++) {
			size_t cap = caps[i % 2], size = cap ? cap : SIZE;
			int requests;

			scene_play(scene, how, 0, lengths[i / 2]);
			scene->server.cap = how == WHOLE ? 0 : cap;
			scene_complete(scene);
			assert_int_equal(scene->resets, 0);
			assert_int_equal(scene->progress, scene->server.rows);
			requests = paging_requests(&scene->server);
			if (is_chained(how)) {
				assert_int_equal(requests, requests_of(how, lengths[i / 2], size));
				assert_int_equal(scene->server.most_running, 1);
			} else if (how == WHOLE) {
				assert_int_equal(requests, 1);
			} else {
				assert_true(requests <= pages_of(lengths[i / 2], size) + 8);
			}
		}
	}
}

/* Numbers of first pages and rows that vendors have. */
static void test_first_page(void **state)
{
	static const long long firsts[] = {0, 1, 5};
	struct scene *scene = *state;

	for (size_t i = 0; i < 6; i++) {
		scene_play(scene, i % 2 ? BY_OFFSET : BY_PAGE, firsts[i / 2], 450);
		scene_total(scene, true);
		scene_complete(scene);
		assert_int_equal(paging_requests(&scene->server), 5);
	}
}

/* With a total that fits there is no request too many, whatever it is. */
static void test_total_fits(void **state)
{
	struct scene *scene = *state;

	for (enum how how = 0; how < HOWS; how++) {
		for (int certain = 0; certain < 2; certain++) {
			scene_play(scene, how, 1, 730);
			scene_total(scene, certain);
			scene_complete(scene);
			assert_int_equal(scene->resets, 0);
			assert_int_equal(paging_requests(&scene->server),
					 how == WHOLE ? 1 : requests_of(how, 730, SIZE));
		}
	}
}

/* More than there is: the list may be short. Less: it was a number of something else. */
static void test_total_lies(void **state)
{
	struct scene *scene = *state;

	for (enum how how = 0; how < HOWS; how++) {
		for (int certain = 0; certain < 2; certain++) {
			scene_play(scene, how, 0, 730);
			scene_total(scene, certain);
			scene->server.lie = 7;
			scene_fails(scene, how == WHOLE ? "tells of more than the 730 rows"
							: "tells of 737 rows, but its pages hold");
			scene_play(scene, how, 0, 730);
			scene_total(scene, certain);
			scene->server.lie = -7;
			scene_complete(scene);
		}
	}
}

/* A count of the rows of each page is no total. */
static void test_total_of_page(void **state)
{
	struct scene *scene = *state;

	for (enum how how = 0; how < HOWS; how++) {
		scene_play(scene, how, 0, 730);
		scene_total(scene, false);
		scene->server.counts = true;
		scene_complete(scene);
	}
}

/* A page that comes twice: once, the list is read again; always, it is an error. */
static void test_repeated_page(void **state)
{
	struct scene *scene = *state;

	for (enum how how = 0; how < WHOLE; how++) {
		scene_play(scene, how, 0, 450);
		scene->server.quirk = REPEATS;
		scene->server.at = 2;
		scene->server.times = 1;
		if (how == BY_LAST) /* it names a page that was named before */
			scene->server.more = false;
		scene_complete(scene);
		assert_int_equal(scene->resets, 1);
		scene_play(scene, how, 0, 450);
		scene->server.quirk = REPEATS;
		scene->server.at = 2;
		scene_fails(scene, "page 3 brings only rows that came before");
		assert_int_equal(scene->resets, 2);
	}
}

/* Each page is the first one: never a list of one page. */
static void test_paging_ignored(void **state)
{
	struct scene *scene = *state;

	for (enum how how = 0; how < WHOLE; how++) {
		for (int tells = 0; tells < 3; tells++) {
			scene_play(scene, how, 0, 450);
			if (tells)
				scene_total(scene, false);
			scene->server.counts = tells == 2;
			scene->server.quirk = STANDS_STILL;
			scene_fails(scene, "brings only rows that came before");
		}
	}
}

/*
 * Past the end some SCIM servers return the first page. If nothing else tells the end, that is it
 * only if the count fits and the vendor does not ignore offsets.
 */
static void test_first_page_again(void **state)
{
	static const size_t lengths[] = {1, 2, 40, 99, 100, 101, 450};
	struct scene *scene = *state;

	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		scene_play(scene, BY_OFFSET, 1, lengths[i]);
		scene->server.quirk = WRAPS;
		scene_total(scene, false);
		scene_complete(scene);
		assert_int_equal(scene->resets, 0);
		assert_true(paging_requests(&scene->server) <= pages_of(lengths[i], SIZE) + 2);
	}
	/* without a count it could be anything */
	scene_play(scene, BY_OFFSET, 1, 40);
	scene->server.quirk = WRAPS;
	scene_fails(scene, "brings only rows that came before");
	/* a count of the rows of the page, and offsets that are ignored */
	scene_play(scene, BY_OFFSET, 1, 40);
	scene->server.rows = 450;
	scene->server.cap = 40;
	scene->server.quirk = STANDS_STILL;
	scene_total(scene, false);
	scene->server.counts = true;
	scene_fails(scene, "brings only rows that came before");
}

/* A 404 past the end is the end; elsewhere it is an error. */
static void test_404(void **state)
{
	static const size_t lengths[] = {1, 40, 100, 300, 450};
	struct scene *scene = *state;

	for (size_t i = 0; i < 2 * sizeof(lengths) / sizeof(*lengths); i++) {
		scene_play(scene, i % 2 ? BY_OFFSET : BY_PAGE, 1, lengths[i / 2]);
		scene->server.quirk = ENDS_WITH_404;
		scene->server.at = 1000;
		scene_complete(scene);
		assert_int_equal(scene->resets, 0);
	}
	for (enum how how = 0; how < HOWS; how++) {
		scene_play(scene, how, 0, 450);
		scene->server.quirk = ENDS_WITH_404;
		scene->server.at = 0;
		scene_fails(scene, "the vendor says");
		assert_int_equal(scene->call.status, 404);
		if (how == WHOLE)
			continue;
		/* in the middle: the pages behind it, or the total, disprove it */
		scene_play(scene, how, 0, 450);
		scene->server.quirk = ENDS_WITH_404;
		scene->server.at = 2;
		scene_total(scene, true);
		assert_int_equal(scene_walk(scene), -EREMOTEIO);
	}
}

/* An empty page in the middle that names no next one: only a total tells. */
static void test_ends_early(void **state)
{
	struct scene *scene = *state;

	for (enum how how = 0; how < WHOLE; how++) {
		scene_play(scene, how, 0, 450);
		scene->server.quirk = STOPS;
		scene->server.at = 3;
		scene_total(scene, false);
		scene_fails(scene, is_chained(how) ? "tells of 450 rows, but its pages hold 300"
						   : "tells of 450 rows");
	}
}

static void test_cursor_loop(void **state)
{
	static const enum how hows[] = {BY_CURSOR, BY_NUMBER, BY_HEADER, BY_URL, BY_LINK};
	struct scene *scene = *state;

	for (size_t i = 0; i < sizeof(hows) / sizeof(*hows); i++) {
		scene_play(scene, hows[i], 0, 450);
		scene->server.quirk = LOOPS;
		scene->server.at = 3;
		scene_fails(scene, "page 4 names a next page that was named before");
		/* no request for a page that was read: three walks of four pages */
		assert_int_equal(paging_requests(&scene->server), 12);
		scene_play(scene, hows[i], 0, 450);
		scene->server.quirk = LOOPS;
		scene->server.at = 3;
		scene->server.times = 1;
		scene_complete(scene);
		assert_int_equal(scene->resets, 1);
		scene_play(scene, hows[i], 0, 450);
		scene->server.quirk = EMPTY_LOOP;
		scene->server.at = 2;
		scene_fails(scene, "names a next page that was named before");
	}
}

/* A page without rows that names another one is no end. */
static void test_empty_pages(void **state)
{
	struct scene *scene = *state;

	scene_play(scene, BY_CURSOR, 0, 450);
	scene->server.quirk = EMPTY_PAGES;
	scene_complete(scene);
	assert_int_equal(paging_requests(&scene->server), 9);
}

static void test_odd_cursor(void **state)
{
	struct scene *scene = *state;

	scene_play(scene, BY_CURSOR, 0, 450);
	scene->server.quirk = ODD_NEXT;
	scene->server.at = 1;
	scene_fails(scene, "page 2 of the users: /next names no next page");
}

/* By the vendor's flag, the page is the last one, whatever else it names. */
static void test_end_condition(void **state)
{
	static const struct value no[] = {{VALUE_FALSE, NULL}, {VALUE_END, NULL}};
	static const enum how hows[] = {BY_PAGE, BY_OFFSET, BY_CURSOR, BY_LAST};
	static const size_t lengths[] = {0, 40, 100, 450};
	struct scene *scene = *state;

	for (size_t i = 0; i < 16; i++) {
		scene_play(scene, hows[i / 4], 0, lengths[i % 4]);
		scene_rules.end = (struct condition){{SOURCE_BODY, "/more"}, no};
		scene->server.more = true;
		scene->account.endpoint.parallel = 1;
		scene_complete(scene);
		assert_int_equal(paging_requests(&scene->server), pages_of(lengths[i % 4], SIZE));
	}
	scene_play(scene, BY_CURSOR, 0, 450);
	scene_rules.end = (struct condition){{SOURCE_BODY, "/more"}, no};
	scene->server.more = true;
	scene->server.quirk = STOPS;
	scene->server.at = 2;
	scene_total(scene, true);
	scene_fails(scene, "tells of 450 rows, but its pages hold 200");
}

/* A request that does not say how many rows it wants. */
static void test_no_size(void **state)
{
	static const size_t lengths[] = {0, 1, 24, 25, 26, 99, 430};
	static const size_t sizes[] = {0, 25};
	struct scene *scene = *state;

	for (size_t i = 0; i < 8 * sizeof(lengths) / sizeof(*lengths); i++) {
		enum how how = i % 2 ? BY_OFFSET : BY_PAGE;
		int requests, pages;

		scene_play(scene, how, 0, lengths[i / 8]);
		scene_first.path = how == BY_PAGE ? "/users?page={page}" : "/users?offset={offset}";
		scene_users.page_size = (unsigned)sizes[i / 2 % 2];
		/* one by one, only the page behind the last one is asked for in addition: no
		   smaller one can be */
		scene->account.endpoint.parallel = i % 8 < 4 ? 1 : 8;
		scene_complete(scene);
		assert_int_equal(scene->resets, 0);
		requests = paging_requests(&scene->server);
		pages = pages_of(lengths[i / 8], 25);
		if (i % 8 < 4)
			assert_int_equal(requests, pages + (lengths[i / 8] > 0));
		else
			assert_true(requests <= pages + 8);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    PAGED(test_every_length),   PAGED(test_first_page),       PAGED(test_total_fits),
	    PAGED(test_total_lies),     PAGED(test_total_of_page),    PAGED(test_repeated_page),
	    PAGED(test_paging_ignored), PAGED(test_first_page_again), PAGED(test_404),
	    PAGED(test_ends_early),     PAGED(test_cursor_loop),      PAGED(test_empty_pages),
	    PAGED(test_odd_cursor),     PAGED(test_end_condition),    PAGED(test_no_size),
	};

	return cmocka_run_group_tests_name("paging", tests, NULL, NULL);
}

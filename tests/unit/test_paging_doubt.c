/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_paging_doubt.c - lists of which a response leaves in doubt whether they are whole, over real
 * HTTP: they are read on, or are an error; and what a vendor repeats of a secret.
 */
#include "tests/unit/paging_scene.h"

/* A total that is too small by whole pages, as where a vendor counts no further: it is no proof. */
static void test_total_of_whole_pages(void **state)
{
	struct scene *scene = *state;

	for (enum how how = BY_PAGE; how <= BY_OFFSET; how++) {
		scene_play(scene, how, 0, 730);
		scene_total(scene, false);
		scene->server.lie = -30;
		scene_complete(scene);
		scene_play(scene, how, 0, 730);
		scene_total(scene, false);
		scene->server.lie = -430;
		scene_complete(scene);
		/* a right one: one request too many, or none if the total is certain */
		for (int certain = 0; certain < 2; certain++) {
			scene_play(scene, how, 0, 700);
			scene_total(scene, certain);
			scene_complete(scene);
			assert_int_equal(scene->resets, 0);
			assert_int_equal(paging_requests(&scene->server), 8 - certain);
		}
	}
}

/* The vendor refuses to list behind the rows that its total tells of. */
static void test_refused_behind_total(void **state)
{
	struct scene *scene = *state;

	for (enum how how = BY_PAGE; how <= BY_OFFSET; how++) {
		scene_play(scene, how, 0, 700);
		scene_total(scene, false);
		scene->server.quirk = REFUSES;
		scene->server.at = 700;
		scene_complete(scene);
		scene_play(scene, how, 0, 700);
		scene_total(scene, false);
		scene->server.quirk = REFUSES;
		scene->server.at = 600;
		assert_int_equal(scene_walk(scene), -EINVAL);
	}
}

/* A page that is never there, with rows behind it: the last pass does not forget them. */
static void test_hole(void **state)
{
	static const enum quirk quirks[] = {ENDS_WITH_404, STOPS};
	struct scene *scene = *state;

	for (size_t i = 0; i < 4; i++) {
		scene_play(scene, i % 2 ? BY_OFFSET : BY_PAGE, 0, 450);
		scene->server.quirk = quirks[i / 2];
		scene->server.at = 1;
		scene_fails(scene, "there are rows behind");
		/* it was there the second time */
		scene_play(scene, i % 2 ? BY_OFFSET : BY_PAGE, 0, 450);
		scene->server.quirk = quirks[i / 2];
		scene->server.at = 1;
		scene->server.times = 1;
		scene_complete(scene);
		assert_int_equal(scene->resets, 1);
	}
}

/* A header Link that is none may name a next page all the same. */
static void test_odd_link(void **state)
{
	struct scene *scene = *state;

	scene_play(scene, BY_LINK, 0, 450);
	scene->server.link_end = "; results=\"false\"";
	scene_complete(scene);
	scene_play(scene, BY_LINK, 0, 450);
	scene->server.link_end = "; results=\"true\" more";
	scene_fails(scene, "the header Link cannot be read");
}

/* Each row has what the next page is asked for with, or `next` is wrong. */
static void test_no_last(void **state)
{
	struct scene *scene = *state;

	scene_play(scene, BY_LAST, 0, 450);
	scene_rules.next_source.name = "/uid";
	scene_fails(scene, "the last row has no \"/uid\"");
	scene_play(scene, BY_LAST, 0, 0);
	scene_rules.next_source.name = "/uid";
	scene_complete(scene);
}

/* 202: not yet; 206: a part, which only a list with pages may have. */
static void test_statuses(void **state)
{
	struct scene *scene = *state;

	for (enum how how = 0; how < HOWS; how++) {
		scene_play(scene, how, 0, 250);
		scene->server.quirk = ANSWERS;
		scene->server.at = 202;
		scene_fails(scene, "is not ready yet");
		scene_play(scene, how, 0, 250);
		scene->server.quirk = ANSWERS;
		scene->server.at = 206;
		if (how == WHOLE)
			scene_fails(scene, "is a part only");
		else
			scene_complete(scene);
	}
}

/* A vendor may repeat a secret in a cursor or URL, or as the name of a member. */
static void test_secret(void **state)
{
	static const struct setting secrets[] = {{.name = "key", .type = SETTING_SECRET},
						 {.name = NULL}};
	static const struct vendor with_key = {.type = "server",
					       .settings = secrets,
					       .authorize = authorize};
	static const char *const others[] = {"/rows/*", NULL};
	static const enum how hows[] = {BY_CURSOR, BY_URL, BY_LINK};
	struct scene *scene = *state;
	char cursor[] = "c100", member[] = "users", *values[] = {cursor, NULL};
	size_t length;
	char *lines;

	scene->account.vendor = &with_key;
	scene->account.values = values;
	for (size_t i = 0; i < 3; i++) {
		scene_play(scene, hows[i], 0, 450);
		scene->server.quirk = REFUSES;
		scene->server.at = 100;
		assert_int_equal(scene_walk(scene), -EINVAL);
		assert_non_null(strstr(scene->call.request, "cursor=****&limit=100"));
	}
	lines = log_text(&length);
	assert_non_null(strstr(lines, "cursor=****&limit=100"));
	assert_null(strstr(lines, "c100"));
	free(lines);
	values[0] = member;
	scene_play(scene, WHOLE, 0, 3);
	scene_rules.rows = others;
	scene_fails(scene, "it has \"*****\"");
	scene->account.values = NULL;
	scene->account.vendor = &vendor;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    PAGED(test_total_of_whole_pages),
	    PAGED(test_refused_behind_total),
	    PAGED(test_hole),
	    PAGED(test_odd_link),
	    PAGED(test_no_last),
	    PAGED(test_statuses),
	    PAGED(test_secret),
	};

	return cmocka_run_group_tests_name("paging_doubt", tests, NULL, NULL);
}

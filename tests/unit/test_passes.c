/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_passes.c - a list that takes several walks over real HTTP, joined by id: which status a
 * record gets, and what becomes of rows when one pass is walked again.
 */
#include "tests/unit/paging_scene.h"

#include "vendors/list/row.h"

#define TEXT(word)                                                                                 \
	{                                                                                          \
		VALUE_TEXT, word                                                                   \
	}
#define END                                                                                        \
	{                                                                                          \
		VALUE_END, NULL                                                                    \
	}

static const struct value three[] = {TEXT("active"), TEXT("inactive"), TEXT("pending"), END};
static const struct value all_first[] = {TEXT(""), TEXT("active"), TEXT("inactive"), END};
static const struct value all_last[] = {TEXT("active"), TEXT("inactive"), TEXT(""), END};

static const struct value active[] = {TEXT("active"), END};
static const struct value inactive[] = {TEXT("inactive"), {VALUE_ANY, NULL}, END};
static const struct rule_status status = {.path = "/status",
					  .active = active,
					  .inactive = inactive};

static const enum how hows[] = {BY_PAGE, BY_OFFSET, BY_CURSOR};

/* Play a list of ROWS in the passes EACH. */
static void play(struct scene *scene, enum how how, const struct value *each, size_t rows)
{
	static const char *const paths[] = {
	    [BY_PAGE] = "/users?status={each}&page={page}&limit={size}",
	    [BY_OFFSET] = "/users?status={each}&offset={offset}&limit={size}",
	    [BY_CURSOR] = "/users?status={each}&cursor={cursor}&limit={size}",
	};

	scene_play(scene, how, 0, rows);
	scene_first.path = paths[how];
	scene_rules.each = each;
	scene_users.status_key = "/status";
	scene_users.status = &status;
	scene->server.statuses = true;
}

/* Check that each record has the status STATUSES of its row, by its number modulo 3. */
static void expect(const struct scene *scene, const char *statuses)
{
	for (size_t row = 0; row < scene->server.rows; row++)
		assert_int_equal(scene->status[row], statuses[row % 3]);
}

/* Each record is in one pass, and has the status of that pass, if it is one. */
static void test_one_pass_each(void **state)
{
	struct scene *scene = *state;

	for (size_t i = 0; i < 3; i++) {
		play(scene, hows[i], three, 700);
		scene_complete(scene);
		/* "*" names no status: a GET decides */
		expect(scene, "ai-");
		assert_int_equal(scene->progress, 700);
		assert_int_equal(scene->resets, 0);
	}
	/* three cursors, one after another */
	assert_int_equal(paging_requests(&scene->server), 9);
}

/* What rows show counts more than the pass. */
static void test_shown_status(void **state)
{
	struct scene *scene = *state;

	play(scene, BY_OFFSET, all_first, 700);
	scene->server.shows_status = true;
	scene_complete(scene);
	expect(scene, "aip");
}

/* A pass over all, before or after those that tell the status. Each record is handed on once. */
static void test_joined(void **state)
{
	const struct value *const orders[] = {all_first, all_last};
	struct scene *scene = *state;

	for (size_t i = 0; i < 6; i++) {
		play(scene, hows[i / 2], orders[i % 2], 700);
		scene_complete(scene);
		expect(scene, "ai-");
	}
}

/* Two passes show two statuses: a GET decides. */
static void test_conflict(void **state)
{
	const struct value *const orders[] = {all_first, all_last, three};
	struct scene *scene = *state;

	for (size_t i = 0; i < 3; i++) {
		play(scene, BY_CURSOR, orders[i], 700);
		scene->server.torn = 30;
		scene_complete(scene);
		assert_int_equal(scene->status[30], '-');
		assert_int_equal(scene->status[33], 'a');
	}
}

/* A pass that is walked again takes back what it told, and no other pass's rows. */
static void test_pass_restarts(void **state)
{
	const struct value *const orders[] = {three, all_first, all_last};
	struct scene *scene = *state;

	for (size_t i = 0; i < 9; i++) {
		play(scene, hows[i / 3], orders[i % 3], 700);
		scene->server.quirk = REPEATS;
		scene->server.at = 1;
		scene->server.times = 2;
		scene_complete(scene);
		expect(scene, "ai-");
		/* the sink has had no rows yet */
		assert_int_equal(scene->resets, 0);
	}
}

/* A row that came only in the attempt that was given up is not in the list. */
static void test_row_taken_back(void **state)
{
	struct scene *scene = *state;

	play(scene, BY_OFFSET, three, 700);
	scene->account.endpoint.parallel = 1;
	/* of "active", page 1 comes again as page 2, and then the vendor loses its rows */
	scene->server.quirk = REPEATS;
	scene->server.at = 1;
	scene->server.times = 1;
	scene->server.torn = 4;
	scene->server.loses = true;
	assert_int_equal(scene_walk(scene), 0);
	assert_true(scene->seen[4] && scene->status[4] == 'i');
	assert_int_equal(scene->rows, 700);
}

/* Each pass must be whole. */
static void test_pass_fails(void **state)
{
	struct scene *scene = *state;

	for (size_t i = 0; i < 3; i++) {
		play(scene, hows[i], all_first, 700);
		scene->server.quirk = NO_ID;
		scene->server.at = 1;
		scene_fails(scene, "page 2 of the users: row 1 has no \"id\"");
		assert_int_equal(scene->rows, 0);
		play(scene, hows[i], three, 700);
		scene->server.quirk = STANDS_STILL;
		scene_fails(scene, "brings only rows that came before");
		assert_int_equal(scene->rows, 0);
		play(scene, hows[i], three, 700);
		scene_users.offset_ceiling = 200;
		scene_fails(scene, "no more than its first 200 users");
	}
}

/* A row that is not JSON in one pass may be in another. */
static void test_unreadable(void **state)
{
	struct scene *scene = *state;

	play(scene, BY_CURSOR, all_first, 700);
	scene->server.quirk = NOT_JSON;
	scene->server.at = 0;
	scene->server.times = 1;
	scene_complete(scene);
	assert_int_equal(scene->unreadable, 0);
	assert_int_equal(scene->status[99], 'a');
	play(scene, BY_CURSOR, three, 700);
	scene->server.quirk = NOT_JSON;
	scene->server.at = 0;
	scene_complete(scene);
	assert_int_equal(scene->unreadable, 3);
}

static void test_row(void **state)
{
	struct scene *scene = *state;

	for (size_t i = 0; i < 3; i++) {
		struct row_spot spot = {0};
		json_t *record = NULL;

		play(scene, hows[i], all_first, 700);
		assert_int_equal(row_read(&scene->call, &scene->account, &scene_users, NULL, "301",
					  true, &spot, &record),
				 0);
		assert_string_equal(json_string_value(json_object_get(record, "status")),
				    "inactive");
		json_decref(record);
	}
}

/* Values of other types reach the query, and the record, as they are. */
static void test_numbers(void **state)
{
	static const struct value numbers[] = {{VALUE_NUMBER, "1"}, {VALUE_NUMBER, "3"}, END};
	static const struct value one[] = {{VALUE_NUMBER, "1"}, END};
	static const struct value other[] = {{VALUE_NUMBER, "3"}, END};
	static const struct rule_status by_number = {.path = "/status",
						     .active = one,
						     .inactive = other};
	struct scene *scene = *state;

	play(scene, BY_OFFSET, numbers, 40);
	scene_users.status = &by_number;
	scene->server.statuses = false;
	assert_int_equal(scene_walk(scene), 0);
	assert_int_equal(scene->rows, 40);
	/* all rows were in both passes */
	expect(scene, "---");
	play(scene, BY_OFFSET, one, 40);
	scene_users.status = &by_number;
	scene->server.statuses = false;
	scene_complete(scene);
	/* a number, no text */
	expect(scene, "???");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    PAGED(test_one_pass_each), PAGED(test_shown_status),  PAGED(test_joined),
	    PAGED(test_conflict),      PAGED(test_pass_restarts), PAGED(test_row_taken_back),
	    PAGED(test_pass_fails),    PAGED(test_unreadable),    PAGED(test_row),
	    PAGED(test_numbers),
	};

	return cmocka_run_group_tests_name("passes", tests, NULL, NULL);
}

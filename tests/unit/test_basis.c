/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_basis.c - what a change rests on: the place that is kept for its write, and writes that come
 * too late.
 *
 * The vendor of held_vendor.h answers when it is told to, and time passes when it is told to.
 */
#include "tests/unit/held_vendor.h"

/* ---- tests: one setup each, with so many at once ---- */

#define PLAY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static int set_up(void **state)
{
	*state = held_setup_new(&plain_vendor, 1);
	return 0;
}

static int tear_down(void **state)
{
	held_setup_free(*state);
	return 0;
}

/* The queue takes `parallel` when it is made. */
static struct held_setup *wider(void **state, unsigned parallel)
{
	held_setup_free(*state);
	*state = held_setup_new(&plain_vendor, parallel);
	return *state;
}

/* ACTOR has read item 1 and OTHER waits for the place. */
static void hold_place(struct held_setup *setup, struct actor *actor, struct actor *other)
{
	actor_begin(actor, setup, &items, "1", 0);
	actor_begin(other, setup, &items, "2", -1);
	actor_start(actor, DEED_READ);
	held_vendor_asked(&setup->held, 0, "GET /item/1");
	actor_start(other, DEED_LOOK);
	held_setup_queued(setup, 1, 1);
	held_vendor_answer(&setup->held, 0, 200, ITEM("1"), NULL);
	actor_join(actor);
	assert_int_equal(actor->error, 0);
	held_setup_queued(setup, 1, 0);
}

/* ---- the place ---- */

static void test_write_goes_first(void **state)
{
	struct held_setup *setup = *state;
	struct actor actor, other;

	hold_place(setup, &actor, &other);
	write_one(setup, &actor, 1, 200, NULL);
	assert_int_equal(actor.outcome, VENDOR_DONE);
	look_comes(setup, &other, 2);
	actor_end(&actor);
}

/* Each of six writers comes back at once, and there are never more than two requests. */
static void test_each_write_goes_first(void **state)
{
	struct held_setup *setup = wider(state, 2);
	const char *ids[] = {"1", "2", "3", "4", "5", "6"};
	struct actor actors[6];
	char answers[6][40], what[20];

	for (size_t i = 0; i < 6; i++) {
		snprintf(answers[i], sizeof(answers[i]), "{\"item\": {\"id\": \"%s\"}}", ids[i]);
		actor_begin(&actors[i], setup, &items, ids[i], 0);
		actor_start(&actors[i], DEED_READ);
		held_setup_queued(setup, i < 2 ? 0 : (unsigned)i - 1, i < 2 ? (int)i + 1 : 2);
	}
	for (size_t i = 0; i < 6; i += 2) {
		/* requests 2i and 2i + 1 are two reads: they may have come in any order */
		while (held_vendor_count(&setup->held) < 2 * i + 2)
			usleep(1000);
		for (size_t j = i; j < i + 2; j++) {
			snprintf(what, sizeof(what), "GET /item/%s", ids[j]);
			for (size_t at = 2 * i; at < 2 * i + 2; at++) {
				if (strcmp(setup->held.requests[at].what, what) == 0)
					held_vendor_answer(&setup->held, at, 200, answers[j], NULL);
			}
			actor_join(&actors[j]);
			assert_int_equal(actors[j].error, 0);
			actor_start(&actors[j], DEED_WRITE);
			snprintf(what, sizeof(what), "PUT /item/%s", ids[j]);
			held_vendor_asked(&setup->held, i + j + 2, what);
		}
		for (size_t j = i; j < i + 2; j++) {
			held_vendor_answer(&setup->held, i + j + 2, 200, answers[j], NULL);
			actor_join(&actors[j]);
			assert_int_equal(actors[j].outcome, VENDOR_DONE);
			actor_end(&actors[j]);
		}
	}
}

static void test_place_is_released(void **state)
{
	struct held_setup *setup = *state;
	struct actor actor, other;

	hold_place(setup, &actor, &other);
	basis_release(&actor.call);
	basis_release(&actor.call);
	look_comes(setup, &other, 1);
	/* the write can still come, as long as the read is fresh */
	write_one(setup, &actor, 2, 200, NULL);
	assert_int_equal(actor.outcome, VENDOR_DONE);
	actor_end(&actor);
}

/* Work that takes more than a second does not hold up others. */
static void test_place_expires(void **state)
{
	struct held_setup *setup = *state;
	struct actor actor, other;

	hold_place(setup, &actor, &other);
	held_clock_pass(setup, BASIS_KEEP - 1);
	usleep(50000);
	held_setup_queued(setup, 1, 0);
	held_clock_pass(setup, 1);
	look_comes(setup, &other, 1);
	write_stale(&actor);
	actor_end(&actor);
}

static void test_other_request_gives_up(void **state)
{
	struct held_setup *setup = *state;
	struct actor actor, other;

	hold_place(setup, &actor, &other);
	actor_start(&actor, DEED_LOOK);
	look_comes(setup, &other, 1);
	held_vendor_asked(&setup->held, 2, "GET /item/1");
	held_vendor_answer(&setup->held, 2, 200, ITEM("1"), NULL);
	actor_join(&actor);
	write_one(setup, &actor, 3, 200, NULL);
	assert_int_equal(actor.outcome, VENDOR_DONE);
	actor_end(&actor);
}

/* Another read keeps the place anew; one that brings no record keeps none. */
static void test_read_again(void **state)
{
	struct held_setup *setup = *state;
	struct actor actor, other;

	hold_place(setup, &actor, &other);
	actor_start(&actor, DEED_READ);
	look_comes(setup, &other, 1);
	held_vendor_asked(&setup->held, 2, "GET /item/1");
	actor_begin(&other, setup, &items, "2", -1);
	actor_start(&other, DEED_LOOK);
	held_setup_queued(setup, 1, 1);
	held_vendor_answer(&setup->held, 2, 200, "<html>", NULL);
	actor_join(&actor);
	assert_int_equal(actor.error, -EREMOTEIO);
	look_comes(setup, &other, 3);
	write_stale(&actor);
	actor_end(&actor);
}

static void test_delete_takes_the_place(void **state)
{
	struct held_setup *setup = *state;
	struct actor actor, other;

	hold_place(setup, &actor, &other);
	/* it needs no fresh read */
	held_clock_pass(setup, BASIS_FRESH + 1);
	actor_start(&actor, DEED_END);
	held_vendor_asked(&setup->held, 1, "DELETE /item/1");
	held_vendor_answer(&setup->held, 1, 204, NULL, NULL);
	actor_join(&actor);
	assert_int_equal(actor.outcome, VENDOR_DONE);
	look_comes(setup, &other, 2);
	actor_end(&actor);
}

/* The end of all takes the places too. */
static void test_end_of_all(void **state)
{
	struct held_setup *setup = *state;
	struct actor actor, other;

	hold_place(setup, &actor, &other);
	http_stop(setup->http);
	actor_join(&other);
	assert_int_equal(other.error, -EINTR);
	assert_null(actor.basis.keeper);
	actor_end(&other);
	actor_end(&actor);
}

/* ---- 429 ---- */

/* A 429 to anybody gives up all places; and a write that would wait too long ends at once. */
static void test_throttle_gives_up(void **state)
{
	struct held_setup *setup = wider(state, 2);
	struct actor actor, other, third;

	actor_begin(&actor, setup, &items, "1", 0);
	actor_begin(&other, setup, &items, "2", -1);
	actor_begin(&third, setup, &items, "3", 0);
	read_one(setup, &actor, 0);
	assert_non_null(actor.basis.keeper);
	actor_start(&other, DEED_LOOK);
	held_vendor_asked(&setup->held, 1, "GET /item/2");
	held_vendor_answer(&setup->held, 1, 429, NULL, LATER("1"));
	held_setup_queued(setup, 1, 0);
	assert_null(actor.basis.keeper);
	write_stale(&actor);
	assert_int_equal(actor.call.status, 429);
	assert_int_equal(actor.call.told, 1000);
	/* one request at a time from now on, and the one that was refused is the next */
	actor_start(&third, DEED_READ);
	held_setup_queued(setup, 2, 0);
	held_clock_pass(setup, 1000);
	look_comes(setup, &other, 2);
	held_vendor_asked(&setup->held, 3, "GET /item/3");
	held_vendor_answer(&setup->held, 3, 200, ITEM("3"), NULL);
	actor_join(&third);
	assert_int_equal(third.error, 0);
	actor_end(&third);
	actor_end(&actor);
}

/* No place is kept while the vendor wants to be left alone. */
static void test_nothing_kept_in_a_pause(void **state)
{
	struct held_setup *setup = wider(state, 2);
	struct actor actor, other;

	actor_begin(&actor, setup, &items, "1", 0);
	actor_begin(&other, setup, &items, "2", -1);
	actor_start(&actor, DEED_READ);
	held_vendor_asked(&setup->held, 0, "GET /item/1");
	actor_start(&other, DEED_LOOK);
	held_vendor_asked(&setup->held, 1, "GET /item/2");
	held_vendor_answer(&setup->held, 1, 429, NULL, LATER("1"));
	held_setup_queued(setup, 1, 1);
	held_vendor_answer(&setup->held, 0, 200, ITEM("1"), NULL);
	actor_join(&actor);
	assert_null(actor.basis.keeper);
	write_stale(&actor);
	assert_int_equal(actor.call.status, 429);
	held_clock_pass(setup, 1000);
	look_comes(setup, &other, 2);
	actor_end(&actor);
}

/* A 429 that can be waited out in time is. */
static void test_throttled_write_again(void **state)
{
	struct held_setup *setup = *state;
	struct actor actor;

	actor_begin(&actor, setup, &items, "1", 0);
	read_one(setup, &actor, 0);
	actor_start(&actor, DEED_WRITE);
	held_vendor_asked(&setup->held, 1, "PUT /item/1");
	held_vendor_answer(&setup->held, 1, 429, NULL, NULL);
	held_setup_queued(setup, 1, 0);
	held_clock_pass(setup, BASIS_FRESH);
	held_vendor_asked(&setup->held, 2, "PUT /item/1");
	held_vendor_answer(&setup->held, 2, 200, ITEM("1"), NULL);
	actor_join(&actor);
	assert_int_equal(actor.outcome, VENDOR_DONE);
	/* but not beyond: it is refused, as the vendor has said */
	read_one(setup, &actor, 3);
	actor_start(&actor, DEED_WRITE);
	held_vendor_asked(&setup->held, 4, "PUT /item/1");
	held_vendor_answer(&setup->held, 4, 429, NULL, NULL);
	held_setup_queued(setup, 1, 0);
	held_clock_pass(setup, BASIS_FRESH + 1);
	actor_join(&actor);
	assert_int_equal(actor.outcome, VENDOR_REFUSED);
	assert_int_equal(actor.call.status, 429);
	assert_int_equal(held_vendor_count(&setup->held), 5);
	actor_end(&actor);
}

/* The vendor admits one request a second: the read each time, and in the end the write alone. */
static void test_one_request_a_window(void **state)
{
	struct held_setup *setup = *state;
	struct actor actor;

	actor_begin(&actor, setup, &items, "1", 0);
	read_one(setup, &actor, 0);
	for (size_t turn = 0; turn < 2; turn++) {
		write_one(setup, &actor, 2 * turn + 1, 429, LATER("1"));
		assert_int_equal(actor.outcome, VENDOR_REFUSED);
		assert_int_equal(actor.call.error, EBUSY);
		assert_int_equal(actor.call.status, 429);
		assert_int_equal(actor.call.told, 1000);
		if (turn)
			break;
		actor_start(&actor, DEED_READ);
		held_setup_queued(setup, 1, 0);
		held_clock_pass(setup, 1000);
		held_vendor_asked(&setup->held, 2, "GET /item/1");
		held_vendor_answer(&setup->held, 2, 200, ITEM("1"), NULL);
		actor_join(&actor);
		assert_int_equal(actor.error, 0);
	}
	actor.basis.ageless = true;
	actor_start(&actor, DEED_WRITE);
	held_setup_queued(setup, 1, 0);
	held_clock_pass(setup, 1000);
	held_vendor_asked(&setup->held, 4, "PUT /item/1");
	held_vendor_answer(&setup->held, 4, 429, NULL, LATER("1"));
	held_setup_queued(setup, 1, 0);
	held_clock_pass(setup, 1000);
	held_vendor_asked(&setup->held, 5, "PUT /item/1");
	held_vendor_answer(&setup->held, 5, 200, ITEM("1"), NULL);
	actor_join(&actor);
	assert_int_equal(actor.outcome, VENDOR_DONE);
	actor_end(&actor);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    PLAY(test_write_goes_first),       PLAY(test_each_write_goes_first),
	    PLAY(test_place_is_released),      PLAY(test_place_expires),
	    PLAY(test_other_request_gives_up), PLAY(test_read_again),
	    PLAY(test_delete_takes_the_place), PLAY(test_end_of_all),
	    PLAY(test_throttle_gives_up),      PLAY(test_nothing_kept_in_a_pause),
	    PLAY(test_throttled_write_again),  PLAY(test_one_request_a_window),
	};

	return cmocka_run_group_tests_name("basis", tests, NULL, NULL);
}

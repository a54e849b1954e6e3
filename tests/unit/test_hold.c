/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_hold.c - when a vendor is not asked at all: it said how long to wait, or cannot be reached.
 */
#include "tests/unit/held_vendor.h"
#include "vendors/http/hold.h"

#define PLAY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
#define LOOKS 3
#define BUDGET 86400 /* seconds */

static int set_up(void **state)
{
	struct held_setup *setup = held_setup_new(&plain_vendor, 4);

	setup->account->endpoint.retry_budget = 60;
	*state = setup;
	return 0;
}

static int tear_down(void **state)
{
	held_setup_free(*state);
	return 0;
}

static uint64_t sent(struct held_setup *setup)
{
	struct http_stats stats;

	http_stats(&setup->account->endpoint, &stats);
	return stats.requests;
}

static void look(struct held_setup *setup, struct actor *actor, const char *id)
{
	actor_begin(actor, setup, &items, id, -1);
	actor_start(actor, DEED_LOOK);
}

/* Who asks now is told at once that nobody is asked. */
static void not_asked(struct held_setup *setup, int error, const char *words)
{
	uint64_t before = sent(setup);
	struct actor actor;
	char held[512];

	look(setup, &actor, "1");
	actor_join(&actor);
	assert_int_equal(actor.error, -error);
	assert_non_null(strstr(actor.call.words, "not asked: "));
	assert_non_null(strstr(actor.call.words, words));
	assert_int_equal(sent(setup), before);
	http_hold(&setup->account->endpoint, held, sizeof(held));
	assert_non_null(strstr(held, words));
	actor_end(&actor);
}

/* ---- the vendor said how long ---- */

static void test_what_it_says(void **state)
{
	const time_t now = 1800000000;
	static const struct {
		const char *text;
		int64_t delay;
	} cases[] = {
	    {"60", 60000},
	    {"0.5", 500},
	    {"86400", 86400000},
	    {"999999999", 1000000000},
	    {"1800000090", 90000},    /* seconds since 1970 */
	    {"1800000090000", 90000}, /* milliseconds */
	    {"1799999999", 0},        /* gone by */
	    {"-1", 0},
	    {"nan", 0},
	    {"soon", 0},
	    {NULL, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(hold_delay(cases[i].text, -1, now), cases[i].delay);
	assert_int_equal(hold_delay("a date", now + 30, now), 30000);
	assert_int_equal(hold_delay("a date", now - 30, now), 0);
}

/* The time that the answers themselves took is no part of it. */
static void test_as_long_as_the_budget(void **state)
{
	struct held_setup *setup = *state;
	struct actor actor;

	look(setup, &actor, "1");
	for (size_t i = 0; i < 2; i++) {
		held_vendor_asked(&setup->held, i, "GET /item/1");
		held_clock_pass(setup, 3000);
		held_vendor_answer(&setup->held, i, i ? 503 : 429, NULL, LATER("30"));
		held_setup_queued(setup, 1, 0);
		held_clock_pass(setup, 30000);
	}
	held_vendor_asked(&setup->held, 2, "GET /item/1");
	held_vendor_answer(&setup->held, 2, 200, ITEM("1"), NULL);
	actor_join(&actor);
	assert_int_equal(actor.error, 0);
	actor_end(&actor);
	/* and one that is longer is not waited for */
	look(setup, &actor, "1");
	held_vendor_asked(&setup->held, 3, "GET /item/1");
	held_vendor_answer(&setup->held, 3, 429, NULL, LATER("61"));
	actor_join(&actor);
	assert_int_equal(actor.error, -EBUSY);
	assert_non_null(strstr(actor.call.words, "until"));
	actor_end(&actor);
}

/* All LOOKS are asked, one of them first: request INDEX is answered alone. */
static void one_goes_ahead(struct held_setup *setup, size_t index)
{
	struct actor actors[LOOKS];

	for (size_t i = 0; i < LOOKS; i++)
		look(setup, &actors[i], "1");
	held_vendor_asked(&setup->held, index, "GET /item/1");
	held_setup_queued(setup, LOOKS - 1, 1);
	held_vendor_answer(&setup->held, index, 200, ITEM("1"), NULL);
	held_setup_queued(setup, 0, LOOKS - 1);
	held_vendor_asked(&setup->held, index + LOOKS - 1, "GET /item/1");
	for (size_t i = 1; i < LOOKS; i++)
		held_vendor_answer(&setup->held, index + i, 200, ITEM("1"), NULL);
	for (size_t i = 0; i < LOOKS; i++) {
		actor_join(&actors[i]);
		assert_int_equal(actors[i].error, 0);
		actor_end(&actors[i]);
	}
}

static void refuse_for_a_day(struct held_setup *setup, size_t index, unsigned status)
{
	struct actor actor;

	look(setup, &actor, "1");
	held_vendor_asked(&setup->held, index, "GET /item/1");
	held_vendor_answer(&setup->held, index, status, NULL, LATER("86400"));
	actor_join(&actor);
	assert_int_equal(actor.call.status, status);
	assert_null(strstr(actor.call.words, "not asked"));
	actor_end(&actor);
	not_asked(setup, EBUSY, "the vendor said at ");
}

static void test_an_hour_at_the_most(void **state)
{
	struct held_setup *setup = *state;
	char held[512];

	setup->account->endpoint.parallel = 64;
	refuse_for_a_day(setup, 0, 429);
	held_clock_pass(setup, HOLD_MAX - 61000);
	not_asked(setup, EBUSY, " to wait until ");
	held_clock_pass(setup, 61001);
	one_goes_ahead(setup, 1);
	http_hold(&setup->account->endpoint, held, sizeof(held));
	assert_string_equal(held, "");
	/* a 503 closes the vendor like a 429, and somebody who knows better opens it */
	refuse_for_a_day(setup, 1 + LOOKS, 503);
	http_lift(&setup->account->endpoint);
	one_goes_ahead(setup, 2 + LOOKS);
}

/* A change that may have been made is looked up, whatever the vendor said. */
static void test_change_in_doubt(void **state)
{
	struct held_setup *setup = *state;
	struct actor actor;

	actor_begin(&actor, setup, &items, "1", 0);
	read_one(setup, &actor, 0);
	write_one(setup, &actor, 1, 503, LATER("86400"));
	assert_int_equal(actor.outcome, VENDOR_UNKNOWN);
	read_one(setup, &actor, 2);
	actor_end(&actor);
}

/* ---- it cannot be reached ---- */

static bool has_ended(struct actor *actor)
{
	return pthread_tryjoin_np(actor->thread, NULL) == 0;
}

/* Let time pass until ACTOR has ended: sooner than its budget does. It passes between the tries, so
 * that none runs out of time. */
static void pass_until_ended(struct held_setup *setup, struct actor *actor)
{
	struct http_stats stats;

	for (int64_t passed = 0; !has_ended(actor); usleep(1000)) {
		http_stats(&setup->account->endpoint, &stats);
		if (stats.in_flight)
			continue;
		assert_true(passed < BUDGET * 1000LL / 2);
		held_clock_pass(setup, 100);
		passed += 100;
	}
}

static void test_patient(void **state)
{
	struct held_setup *setup = *state;
	struct actor patient, actor;
	uint64_t tries;

	setup->account->endpoint.retry_budget = BUDGET;
	look(setup, &patient, "1");
	held_vendor_asked(&setup->held, 0, "GET /item/1");
	held_vendor_answer(&setup->held, 0, 200, ITEM("1"), NULL);
	actor_join(&patient);
	held_vendor_stop(&setup->held);
	actor_begin(&actor, setup, &items, "2", -1);
	actor_start(&patient, DEED_LOOK);
	held_setup_tried(setup, 2, 1, 0);
	actor_start(&actor, DEED_END);
	pass_until_ended(setup, &actor);
	assert_int_equal(actor.outcome, VENDOR_REFUSED);
	assert_int_equal(actor.call.error, ECONNREFUSED);
	assert_non_null(strstr(actor.call.words, "; nothing was sent"));
	assert_false(actor.call.unanswered);
	actor_end(&actor);
	/* who had an answer goes on, and its tries are not those of others */
	held_setup_queued(setup, 1, 0);
	tries = sent(setup);
	held_clock_pass(setup, 2LL * HOLD_PROBE);
	held_setup_tried(setup, tries + 1, 1, 0);
	held_clock_pass(setup, BUDGET * 1000LL);
	actor_join(&patient);
	assert_int_equal(patient.error, -ECONNREFUSED);
	actor_end(&patient);
}

static void test_down(void **state)
{
	struct held_setup *setup = *state;
	struct actor actor;
	char held[512];

	setup->account->endpoint.retry_budget = BUDGET;
	held_vendor_stop(&setup->held);
	look(setup, &actor, "1");
	held_setup_tried(setup, 1, 1, 0);
	pass_until_ended(setup, &actor);
	assert_int_equal(actor.error, -ECONNREFUSED);
	assert_null(strstr(actor.call.words, "not asked"));
	assert_true(sent(setup) > 2);
	actor_end(&actor);
	not_asked(setup, ECONNREFUSED, "Connection refused");
	/* what looks for a connection is no request */
	for (int i = 0; i < 20; i++) {
		held_clock_pass(setup, HOLD_PROBE);
		not_asked(setup, ECONNREFUSED, "Connection refused");
	}
	/* a minute later nobody remembers */
	held_clock_pass(setup, HOLD_DEMAND + HOLD_PROBE);
	for (int turn = 0; turn < PATIENCE * 1000; turn++) {
		http_hold(&setup->account->endpoint, held, sizeof(held));
		if (!held[0])
			break;
		held_clock_pass(setup, 1);
		usleep(1000);
	}
	assert_string_equal(held, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_it_says),
	    PLAY(test_as_long_as_the_budget),
	    PLAY(test_an_hour_at_the_most),
	    PLAY(test_change_in_doubt),
	    PLAY(test_patient),
	    PLAY(test_down),
	};

	return cmocka_run_group_tests_name("hold", tests, NULL, NULL);
}

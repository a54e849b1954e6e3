/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_hold.c - when a vendor is not asked at all: it said how long to wait, or cannot be reached.
 */
#include "tests/unit/gate.h"
#include "vendors/http/hold.h"

#define PLAY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
#define LOOKS 3
#define BUDGET 86400 /* seconds */

static int set_up(void **state)
{
	struct play *play = play_new(&plain, 4);

	play->account->endpoint.retry_budget = 60;
	*state = play;
	return 0;
}

static int tear_down(void **state)
{
	play_free(*state);
	return 0;
}

static uint64_t sent(struct play *play)
{
	struct http_stats stats;

	http_stats(&play->account->endpoint, &stats);
	return stats.requests;
}

static void look(struct play *play, struct actor *actor, const char *id)
{
	actor_begin(actor, play, &items, id, -1);
	actor_start(actor, DEED_LOOK);
}

/* Who asks now is told at once that nobody is asked. */
static void not_asked(struct play *play, int error, const char *words)
{
	uint64_t before = sent(play);
	struct actor actor;
	char held[512];

	look(play, &actor, "1");
	actor_join(&actor);
	assert_int_equal(actor.error, -error);
	assert_non_null(strstr(actor.call.words, "not asked: "));
	assert_non_null(strstr(actor.call.words, words));
	assert_int_equal(sent(play), before);
	http_hold(&play->account->endpoint, held, sizeof(held));
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
	struct play *play = *state;
	struct actor actor;

	look(play, &actor, "1");
	for (size_t i = 0; i < 2; i++) {
		gate_asked(&play->gate, i, "GET /item/1");
		gate_pass(play, 3000);
		gate_answer(&play->gate, i, i ? 503 : 429, NULL, LATER("30"));
		play_queued(play, 1, 0);
		gate_pass(play, 30000);
	}
	gate_asked(&play->gate, 2, "GET /item/1");
	gate_answer(&play->gate, 2, 200, ITEM("1"), NULL);
	actor_join(&actor);
	assert_int_equal(actor.error, 0);
	actor_end(&actor);
	/* and one that is longer is not waited for */
	look(play, &actor, "1");
	gate_asked(&play->gate, 3, "GET /item/1");
	gate_answer(&play->gate, 3, 429, NULL, LATER("61"));
	actor_join(&actor);
	assert_int_equal(actor.error, -EBUSY);
	assert_non_null(strstr(actor.call.words, "until"));
	actor_end(&actor);
}

/* All LOOKS are asked, one of them first: request INDEX is answered alone. */
static void one_goes_ahead(struct play *play, size_t index)
{
	struct actor actors[LOOKS];

	for (size_t i = 0; i < LOOKS; i++)
		look(play, &actors[i], "1");
	gate_asked(&play->gate, index, "GET /item/1");
	play_queued(play, LOOKS - 1, 1);
	gate_answer(&play->gate, index, 200, ITEM("1"), NULL);
	play_queued(play, 0, LOOKS - 1);
	gate_asked(&play->gate, index + LOOKS - 1, "GET /item/1");
	for (size_t i = 1; i < LOOKS; i++)
		gate_answer(&play->gate, index + i, 200, ITEM("1"), NULL);
	for (size_t i = 0; i < LOOKS; i++) {
		actor_join(&actors[i]);
		assert_int_equal(actors[i].error, 0);
		actor_end(&actors[i]);
	}
}

static void refuse_for_a_day(struct play *play, size_t index, unsigned status)
{
	struct actor actor;

	look(play, &actor, "1");
	gate_asked(&play->gate, index, "GET /item/1");
	gate_answer(&play->gate, index, status, NULL, LATER("86400"));
	actor_join(&actor);
	assert_int_equal(actor.call.status, status);
	assert_null(strstr(actor.call.words, "not asked"));
	actor_end(&actor);
	not_asked(play, EBUSY, "the vendor said at ");
}

static void test_an_hour_at_the_most(void **state)
{
	struct play *play = *state;
	char held[512];

	play->account->endpoint.parallel = 64;
	refuse_for_a_day(play, 0, 429);
	gate_pass(play, HOLD_MAX - 61000);
	not_asked(play, EBUSY, " to wait until ");
	gate_pass(play, 61001);
	one_goes_ahead(play, 1);
	http_hold(&play->account->endpoint, held, sizeof(held));
	assert_string_equal(held, "");
	/* a 503 closes the vendor like a 429, and somebody who knows better opens it */
	refuse_for_a_day(play, 1 + LOOKS, 503);
	http_lift(&play->account->endpoint);
	one_goes_ahead(play, 2 + LOOKS);
}

/* A change that may have been made is looked up, whatever the vendor said. */
static void test_change_in_doubt(void **state)
{
	struct play *play = *state;
	struct actor actor;

	actor_begin(&actor, play, &items, "1", 0);
	read_one(play, &actor, 0);
	write_one(play, &actor, 1, 503, LATER("86400"));
	assert_int_equal(actor.outcome, VENDOR_UNKNOWN);
	read_one(play, &actor, 2);
	actor_end(&actor);
}

/* ---- it cannot be reached ---- */

static bool has_ended(struct actor *actor)
{
	return pthread_tryjoin_np(actor->thread, NULL) == 0;
}

/* Let time pass until ACTOR has ended: sooner than its budget does. */
static void pass_until_ended(struct play *play, struct actor *actor)
{
	for (int64_t passed = 0; !has_ended(actor); passed += 100) {
		assert_true(passed < BUDGET * 1000LL / 2);
		gate_pass(play, 100);
		usleep(1000);
	}
}

static void test_patient(void **state)
{
	struct play *play = *state;
	struct actor patient, actor;

	play->account->endpoint.retry_budget = BUDGET;
	look(play, &patient, "1");
	gate_asked(&play->gate, 0, "GET /item/1");
	gate_answer(&play->gate, 0, 200, ITEM("1"), NULL);
	actor_join(&patient);
	gate_stop(&play->gate);
	actor_begin(&actor, play, &items, "2", -1);
	actor_start(&patient, DEED_LOOK);
	play_queued(play, 1, 0);
	actor_start(&actor, DEED_END);
	pass_until_ended(play, &actor);
	assert_int_equal(actor.outcome, VENDOR_REFUSED);
	assert_int_equal(actor.call.error, ECONNREFUSED);
	assert_non_null(strstr(actor.call.words, "; nothing was sent"));
	assert_false(actor.call.unanswered);
	actor_end(&actor);
	/* who had an answer goes on, and its tries are not those of others */
	play_queued(play, 1, 0);
	gate_pass(play, 2LL * HOLD_PROBE);
	play_queued(play, 1, 0);
	gate_pass(play, BUDGET * 1000LL);
	actor_join(&patient);
	assert_int_equal(patient.error, -ECONNREFUSED);
	actor_end(&patient);
}

static void test_down(void **state)
{
	struct play *play = *state;
	struct actor actor;
	char held[512];

	play->account->endpoint.retry_budget = BUDGET;
	gate_stop(&play->gate);
	look(play, &actor, "1");
	play_queued(play, 1, 0);
	pass_until_ended(play, &actor);
	assert_int_equal(actor.error, -ECONNREFUSED);
	assert_null(strstr(actor.call.words, "not asked"));
	assert_true(sent(play) > 2);
	actor_end(&actor);
	not_asked(play, ECONNREFUSED, "Connection refused");
	/* what looks for a connection is no request */
	for (int i = 0; i < 20; i++) {
		gate_pass(play, HOLD_PROBE);
		not_asked(play, ECONNREFUSED, "Connection refused");
	}
	/* a minute later nobody remembers */
	gate_pass(play, HOLD_DEMAND + HOLD_PROBE);
	for (int turn = 0; turn < PATIENCE * 1000; turn++) {
		http_hold(&play->account->endpoint, held, sizeof(held));
		if (!held[0])
			break;
		gate_pass(play, 1);
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

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_fresh.c - how old the read may be that a write rests on, whatever the write waited for; and
 * when a change as a whole is over.
 */
#include "tests/unit/held_vendor.h"

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

static int set_up_tokens(void **state)
{
	*state = held_setup_new(&token_vendor, 1);
	return 0;
}

#define TOKENS(test) cmocka_unit_test_setup_teardown(test, set_up_tokens, tear_down)

/* ---- how old ---- */

static void test_too_old(void **state)
{
	struct held_setup *setup = *state;
	struct actor actor;

	actor_begin(&actor, setup, &items, "1", 0);
	/* without a read there is nothing to rest on */
	write_stale(&actor);
	read_one(setup, &actor, 0);
	held_clock_pass(setup, BASIS_FRESH);
	write_one(setup, &actor, 1, 200, NULL);
	assert_int_equal(actor.outcome, VENDOR_DONE);
	read_one(setup, &actor, 2);
	held_clock_pass(setup, BASIS_FRESH + 1);
	write_stale(&actor);
	assert_int_equal(actor.call.status, 0);
	/* another read makes good for it */
	read_one(setup, &actor, 3);
	write_one(setup, &actor, 4, 200, NULL);
	assert_int_equal(actor.outcome, VENDOR_DONE);
	/* who has no basis is not judged */
	actor.call.basis = NULL;
	held_clock_pass(setup, 100000);
	write_one(setup, &actor, 5, 200, NULL);
	assert_int_equal(actor.outcome, VENDOR_DONE);
	actor_end(&actor);
}

/* As old as the read itself took: from when its last try was sent to its answer. */
static void test_as_long_as_the_read(void **state)
{
	struct held_setup *setup = *state;
	struct actor actor;

	actor_begin(&actor, setup, &items, "1", 0);
	for (int late = 0; late < 2; late++) {
		size_t index = held_vendor_count(&setup->held);

		actor_start(&actor, DEED_READ);
		held_vendor_asked(&setup->held, index, "GET /item/1");
		held_clock_pass(setup, 20000);
		held_vendor_answer(&setup->held, index, 503, NULL, NULL);
		held_setup_queued(setup, 1, 0);
		held_clock_pass(setup, 1000);
		held_vendor_asked(&setup->held, index + 1, "GET /item/1");
		held_clock_pass(setup, 3000);
		held_vendor_answer(&setup->held, index + 1, 200, ITEM("1"), NULL);
		actor_join(&actor);
		assert_int_equal(actor.error, 0);
		held_clock_pass(setup, 3000 + late);
		if (late)
			write_stale(&actor);
		else
			write_one(setup, &actor, index + 2, 200, NULL);
	}
	actor_end(&actor);
}

/* The pause before another try is random: any part of 250 ms, all of it or none. */
static void test_pause(void **state)
{
	struct held_setup *setup = *state;
	struct actor actor;

	actor_begin(&actor, setup, &items, "1", 0);
	actor_start(&actor, DEED_READ);
	held_vendor_asked(&setup->held, 0, "GET /item/1");
	atomic_store(&held_dice, 0);
	held_vendor_answer(&setup->held, 0, 503, NULL, NULL);
	held_vendor_asked(&setup->held, 1, "GET /item/1");
	held_vendor_answer(&setup->held, 1, 200, ITEM("1"), NULL);
	actor_join(&actor);
	assert_int_equal(actor.error, 0);
	atomic_store(&held_dice, UINT32_MAX);
	actor_start(&actor, DEED_READ);
	held_vendor_asked(&setup->held, 2, "GET /item/1");
	held_vendor_answer(&setup->held, 2, 503, NULL, NULL);
	held_setup_queued(setup, 1, 0);
	held_clock_pass(setup, 249);
	usleep(50000);
	held_setup_queued(setup, 1, 0);
	held_clock_pass(setup, 1);
	held_vendor_asked(&setup->held, 3, "GET /item/1");
	held_vendor_answer(&setup->held, 3, 200, ITEM("1"), NULL);
	actor_join(&actor);
	assert_int_equal(actor.error, 0);
	actor_end(&actor);
}

/* A failed read leaves nothing of the one before. */
static void test_failed_read(void **state)
{
	struct held_setup *setup = *state;
	struct actor actor;

	actor_begin(&actor, setup, &items, "1", 0);
	read_one(setup, &actor, 0);
	actor_start(&actor, DEED_READ);
	held_vendor_asked(&setup->held, 1, "GET /item/1");
	held_vendor_answer(&setup->held, 1, 404, NULL, NULL);
	actor_join(&actor);
	assert_int_equal(actor.error, -ENOENT);
	write_stale(&actor);
	actor_end(&actor);
}

static void test_ageless(void **state)
{
	struct held_setup *setup = *state;
	struct actor actor;

	actor_begin(&actor, setup, &items, "1", 0);
	read_one(setup, &actor, 0);
	held_clock_pass(setup, 60000);
	write_stale(&actor);
	actor.basis.ageless = true;
	write_one(setup, &actor, 1, 200, NULL);
	assert_int_equal(actor.outcome, VENDOR_DONE);
	actor_end(&actor);
}

/* Who waits for others is told as soon as it is too late, not when its turn comes. */
static void test_too_late_in_the_queue(void **state)
{
	struct held_setup *setup = *state;
	struct actor actor, other;

	actor_begin(&actor, setup, &items, "1", 0);
	actor_begin(&other, setup, &items, "2", -1);
	read_one(setup, &actor, 0);
	basis_release(&actor.call);
	actor_start(&other, DEED_LOOK);
	held_vendor_asked(&setup->held, 1, "GET /item/2");
	actor_start(&actor, DEED_WRITE);
	held_setup_queued(setup, 1, 1);
	held_clock_pass(setup, BASIS_FRESH + 1);
	actor_join(&actor);
	assert_int_equal(actor.outcome, VENDOR_STALE);
	assert_int_equal(actor.call.status, 0);
	look_comes(setup, &other, 1);
	assert_int_equal(held_vendor_count(&setup->held), 2);
	actor_end(&actor);
}

/* Nobody need tell the thread that time has passed: it wakes in a second, not when all else does.
 */
static void test_thread_wakes_by_itself(void **state)
{
	struct held_setup *setup = *state;
	struct actor actor, other, third;

	/* nothing else wakes it before the test is out of patience */
	setup->account->endpoint.timeout = 10 * PATIENCE;
	actor_begin(&actor, setup, &items, "1", 0);
	actor_begin(&other, setup, &items, "2", -1);
	actor_begin(&third, setup, &items, "1", 0);
	read_one(setup, &actor, 0);
	actor_start(&other, DEED_LOOK);
	held_setup_queued(setup, 1, 0);
	usleep(50000);
	atomic_fetch_add(&held_clock_now, BASIS_KEEP);
	look_comes(setup, &other, 1);
	read_one(setup, &third, 2);
	basis_release(&third.call);
	actor_begin(&other, setup, &items, "2", -1);
	actor_start(&other, DEED_LOOK);
	held_vendor_asked(&setup->held, 3, "GET /item/2");
	actor_start(&third, DEED_WRITE);
	held_setup_queued(setup, 1, 1);
	usleep(50000);
	atomic_fetch_add(&held_clock_now, BASIS_FRESH + 1);
	actor_join(&third);
	assert_int_equal(third.outcome, VENDOR_STALE);
	look_comes(setup, &other, 3);
	actor_end(&third);
	actor_end(&actor);
}

/* ---- whatever it waited for ---- */

static const char *const closing[] = {"Connection", "close", NULL};

static void test_no_connection(void **state)
{
	struct held_setup *setup = *state;
	struct actor actor;

	actor_begin(&actor, setup, &items, "1", 0);
	actor_start(&actor, DEED_READ);
	held_vendor_asked(&setup->held, 0, "GET /item/1");
	held_vendor_answer(&setup->held, 0, 200, ITEM("1"), closing);
	actor_join(&actor);
	held_vendor_stop(&setup->held);
	actor_start(&actor, DEED_WRITE);
	/* it was tried once and is to be tried again, while that is soon enough */
	held_setup_tried(setup, 2, 1, 0);
	held_clock_pass(setup, BASIS_FRESH + 1);
	actor_join(&actor);
	assert_int_equal(actor.outcome, VENDOR_STALE);
	assert_false(actor.call.unanswered);
	actor_end(&actor);
}

static void test_slow_connection(void **state)
{
	struct held_setup *setup = *state;
	struct actor actor;

	actor_begin(&actor, setup, &items, "1", 0);
	actor_start(&actor, DEED_READ);
	held_vendor_asked(&setup->held, 0, "GET /item/1");
	held_vendor_answer(&setup->held, 0, 200, ITEM("1"), closing);
	actor_join(&actor);
	atomic_store(&held_clock_connect, BASIS_FRESH + 1);
	write_stale(&actor);
	assert_int_equal(atomic_load(&held_clock_connect), 0);
	/* that is nothing that others should hear of */
	read_one(setup, &actor, 1);
	actor_end(&actor);
}

static const char *const roots[] = {"/item", NULL};
static const struct rule_request get_one = {.method = "GET", .path = "/item/{id}"};
static const struct rule_request post_one = {.method = "POST",
					     .path = "/item/{id}",
					     .body = "{record}"};
static const struct rule_update updates = {.request = {.method = "PUT",
						       .path = "/item/{id}",
						       .body = "{record}",
						       .alternative = &post_one}};
static const struct rule_list listing;

/* A vendor whose rules say that a POST takes the place of a PUT that is answered with 405. */
static const struct collection ruled_items = {
    .name = "items",
    .listing = &listing,
    .item = &get_one,
    .update = &updates,
    .roots = roots,
    .id_keys = id_keys,
    .fields = fields,
};

/* POST in place of PUT is a repetition too; but the next change begins with it. */
static void test_post_too_late(void **state)
{
	struct held_setup *setup = *state;
	struct actor actor;

	actor_begin(&actor, setup, &ruled_items, "1", 0);
	read_one(setup, &actor, 0);
	actor_start(&actor, DEED_WRITE);
	held_vendor_asked(&setup->held, 1, "PUT /item/1");
	held_clock_pass(setup, BASIS_FRESH + 1);
	held_vendor_answer(&setup->held, 1, 405, NULL, NULL);
	actor_join(&actor);
	assert_int_equal(actor.outcome, VENDOR_STALE);
	read_one(setup, &actor, 2);
	actor_start(&actor, DEED_WRITE);
	held_vendor_asked(&setup->held, 3, "POST /item/1");
	held_vendor_answer(&setup->held, 3, 405, NULL, NULL);
	actor_join(&actor);
	assert_int_equal(actor.outcome, VENDOR_REFUSED);
	/* where that is refused too, nothing was learnt */
	read_one(setup, &actor, 4);
	actor_start(&actor, DEED_WRITE);
	held_vendor_asked(&setup->held, 5, "PUT /item/1");
	held_vendor_answer(&setup->held, 5, 405, NULL, NULL);
	held_vendor_asked(&setup->held, 6, "POST /item/1");
	held_vendor_answer(&setup->held, 6, 200, ITEM("1"), NULL);
	actor_join(&actor);
	assert_int_equal(actor.outcome, VENDOR_DONE);
	read_one(setup, &actor, 7);
	actor_start(&actor, DEED_WRITE);
	held_vendor_asked(&setup->held, 8, "POST /item/1");
	held_vendor_answer(&setup->held, 8, 200, ITEM("1"), NULL);
	actor_join(&actor);
	assert_int_equal(actor.outcome, VENDOR_DONE);
	actor_end(&actor);
}

/* ---- the end of a change ---- */

static void test_end_in_the_queue(void **state)
{
	struct held_setup *setup = *state;
	struct actor actor, other;

	actor_begin(&actor, setup, &items, "1", clock_milliseconds() + 1000);
	actor_begin(&other, setup, &items, "2", -1);
	actor_start(&other, DEED_LOOK);
	held_vendor_asked(&setup->held, 0, "GET /item/2");
	actor_start(&actor, DEED_READ);
	held_setup_queued(setup, 1, 1);
	held_clock_pass(setup, 1001);
	actor_join(&actor);
	assert_int_equal(actor.error, -ETIMEDOUT);
	look_comes(setup, &other, 0);
	/* and nothing else is sent either */
	for (enum deed deed = DEED_READ; deed <= DEED_END; deed++) {
		actor_start(&actor, deed);
		actor_join(&actor);
		assert_int_equal(actor.call.error, deed == DEED_WRITE ? EBUSY : ETIMEDOUT);
	}
	actor.basis.ageless = true;
	actor_start(&actor, DEED_WRITE);
	actor_join(&actor);
	assert_int_equal(actor.outcome, VENDOR_REFUSED);
	assert_int_equal(actor.call.error, ETIMEDOUT);
	assert_int_equal(held_vendor_count(&setup->held), 1);
	actor_end(&actor);
}

/* A retry is bounded by the end of the change, not by a budget of its own. */
static void test_end_of_retries(void **state)
{
	struct held_setup *setup = *state;
	struct actor actor;

	actor_begin(&actor, setup, &items, "1", clock_milliseconds() + 10000);
	actor_start(&actor, DEED_READ);
	held_vendor_asked(&setup->held, 0, "GET /item/1");
	held_vendor_answer(&setup->held, 0, 503, NULL, LATER("4"));
	held_setup_queued(setup, 1, 0);
	held_clock_pass(setup, 4000);
	held_vendor_asked(&setup->held, 1, "GET /item/1");
	held_vendor_answer(&setup->held, 1, 503, NULL, LATER("7"));
	actor_join(&actor);
	assert_int_equal(actor.error, -EREMOTEIO);
	assert_int_equal(actor.call.status, 503);
	/* the vendor's pause outlasts the change */
	actor_start(&actor, DEED_READ);
	actor_join(&actor);
	assert_int_equal(actor.error, -EBUSY);
	assert_int_equal(actor.call.status, 429);
	assert_non_null(strstr(actor.call.words, "not asked: the vendor said at "));
	assert_int_equal(held_vendor_count(&setup->held), 2);
	actor_end(&actor);
}

/* ---- tokens ---- */

#define TOKEN(text, seconds) "{\"access_token\": \"" text "\", \"expires_in\": " seconds "}"

static void give_token(struct held_setup *setup, size_t index, const char *answer)
{
	held_vendor_asked(&setup->held, index, "POST /oauth/access_token");
	held_vendor_answer(&setup->held, index, 200, answer, NULL);
}

/* ACTOR reads item 1 for which a token is got first, as request INDEX. */
static void read_with_token(struct held_setup *setup, struct actor *actor, size_t index,
			    const char *answer)
{
	actor_start(actor, DEED_READ);
	give_token(setup, index, answer);
	held_vendor_asked(&setup->held, index + 1, "GET /item/1");
	held_vendor_answer(&setup->held, index + 1, 200, ITEM("1"), NULL);
	actor_join(actor);
	assert_int_equal(actor->error, 0);
}

/* A read wants a token that will do for the write as well, others do not care. */
static void test_token_before_the_read(void **state)
{
	struct held_setup *setup = *state;
	struct actor actor, other;

	actor_begin(&actor, setup, &items, "1", 0);
	actor_begin(&other, setup, &items, "2", -1);
	/* good for 100 s */
	read_with_token(setup, &actor, 0, TOKEN("first", "160"));
	held_clock_pass(setup, 94000);
	read_one(setup, &actor, 2);
	held_clock_pass(setup, 1000);
	actor_start(&other, DEED_LOOK);
	look_comes(setup, &other, 3);
	/* good for 2 s */
	read_with_token(setup, &actor, 4, TOKEN("second", "4"));
	assert_string_equal(setup->held.requests[5].bearer, "Bearer second");
	held_clock_pass(setup, 1499);
	read_one(setup, &actor, 6);
	held_clock_pass(setup, 1);
	read_with_token(setup, &actor, 7, TOKEN("third", "160"));
	write_one(setup, &actor, 9, 200, NULL);
	assert_string_equal(setup->held.requests[9].bearer, "Bearer third");
	actor_end(&actor);
}

/* A token that was refused between the two is renewed, and the write sent again if that is in time.
 */
static void test_token_refused(void **state)
{
	struct held_setup *setup = *state;
	struct actor actor;

	actor_begin(&actor, setup, &items, "1", 0);
	read_with_token(setup, &actor, 0, TOKEN("first", "160"));
	actor_start(&actor, DEED_WRITE);
	held_vendor_asked(&setup->held, 2, "PUT /item/1");
	held_vendor_answer(&setup->held, 2, 401, NULL, NULL);
	held_vendor_asked(&setup->held, 3, "POST /oauth/access_token");
	held_clock_pass(setup, BASIS_FRESH);
	give_token(setup, 3, TOKEN("second", "160"));
	held_vendor_asked(&setup->held, 4, "PUT /item/1");
	assert_string_equal(setup->held.requests[4].bearer, "Bearer second");
	held_vendor_answer(&setup->held, 4, 200, ITEM("1"), NULL);
	actor_join(&actor);
	assert_int_equal(actor.outcome, VENDOR_DONE);
	read_one(setup, &actor, 5);
	actor_start(&actor, DEED_WRITE);
	held_vendor_asked(&setup->held, 6, "PUT /item/1");
	held_vendor_answer(&setup->held, 6, 401, NULL, NULL);
	held_vendor_asked(&setup->held, 7, "POST /oauth/access_token");
	held_clock_pass(setup, BASIS_FRESH + 1);
	give_token(setup, 7, TOKEN("third", "160"));
	actor_join(&actor);
	assert_int_equal(actor.outcome, VENDOR_STALE);
	assert_int_equal(held_vendor_count(&setup->held), 8);
	actor_end(&actor);
}

/*
 * One place for all, kept by one change, and the token is gone: the caller that asks for another
 * one gets the place: the change itself or, while the change waits for that token, another call.
 */
static void test_token_gone(void **state)
{
	struct held_setup *setup = *state;
	struct actor actor, other;
	bool other_first;

	actor_begin(&actor, setup, &items, "1", 0);
	read_with_token(setup, &actor, 0, TOKEN("first", "160"));
	assert_non_null(actor.basis.keeper);
	token_refused(setup->account->token, 1);
	actor_start(&actor, DEED_WRITE);
	give_token(setup, 2, TOKEN("second", "160"));
	held_vendor_asked(&setup->held, 3, "PUT /item/1");
	held_vendor_answer(&setup->held, 3, 200, ITEM("1"), NULL);
	actor_join(&actor);
	assert_int_equal(actor.outcome, VENDOR_DONE);

	actor_begin(&other, setup, &items, "2", -1);
	read_one(setup, &actor, 4);
	token_refused(setup->account->token, 2);
	actor_start(&other, DEED_LOOK);
	held_setup_queued(setup, 1, 0); /* the token, behind the place */
	actor_start(&actor, DEED_WRITE);
	give_token(setup, 5, TOKEN("third", "160"));
	/* which of the two is first does not matter */
	while (held_vendor_count(&setup->held) < 7)
		usleep(1000);
	other_first = strcmp(setup->held.requests[6].what, "GET /item/2") == 0;
	if (other_first)
		look_comes(setup, &other, 6);
	held_vendor_asked(&setup->held, other_first ? 7 : 6, "PUT /item/1");
	held_vendor_answer(&setup->held, other_first ? 7 : 6, 200, ITEM("1"), NULL);
	actor_join(&actor);
	assert_int_equal(actor.outcome, VENDOR_DONE);
	if (!other_first)
		look_comes(setup, &other, 7);
	actor_end(&actor);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    PLAY(test_too_old),
	    PLAY(test_as_long_as_the_read),
	    PLAY(test_pause),
	    PLAY(test_failed_read),
	    PLAY(test_ageless),
	    PLAY(test_too_late_in_the_queue),
	    PLAY(test_thread_wakes_by_itself),
	    PLAY(test_no_connection),
	    PLAY(test_slow_connection),
	    PLAY(test_post_too_late),
	    PLAY(test_end_in_the_queue),
	    PLAY(test_end_of_retries),
	    TOKENS(test_token_before_the_read),
	    TOKENS(test_token_refused),
	    TOKENS(test_token_gone),
	};

	return cmocka_run_group_tests_name("fresh", tests, NULL, NULL);
}

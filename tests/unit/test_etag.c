/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_etag.c - which entity tags are handed out and sent back, and how they are asked for.
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

/* Read item 1 with HEADERS: its tag, or NULL. */
static const char *tag_of(struct held_setup *setup, struct actor *actor, const char *const *headers)
{
	size_t index = held_vendor_count(&setup->held);

	actor_start(actor, DEED_READ);
	held_vendor_asked(&setup->held, index, "GET /item/1");
	assert_string_equal(setup->held.requests[index].encoding, "identity");
	held_vendor_answer(&setup->held, index, 200, ITEM("1"), headers);
	actor_join(actor);
	assert_int_equal(actor->error, 0);
	return actor->etag;
}

static const char *const strong[] = {
    "\"v1\"", "\"\"", "\"!#$%&'()*+,-./:;<=>?@[\\]^_`{|}~\"", "\"W/\"", "\"caf\xc3\xa9\x80\xff\"",
};

static const char *const others[] = {
    "W/\"v1\"", "w/\"v1\"", "v1",         "'v1'",      "\"v1",         "v1\"",
    "\"",       "\"a b\"",  "\"a\tb\"",   "\"a\"b\"",  "\"a\", \"b\"", "\"a\",\"b\"",
    "*",        "",         "\"a\"-gzip", "\"a\x7f\"",
};

static void test_tags(void **state)
{
	struct held_setup *setup = *state;
	struct actor actor;

	actor_begin(&actor, setup, &items, "1", 0);
	for (size_t i = 0; i < sizeof(strong) / sizeof(*strong); i++) {
		const char *headers[] = {"ETag", strong[i], NULL};
		const char *tag = tag_of(setup, &actor, headers);

		assert_non_null(tag);
		assert_string_equal(tag, strong[i]);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		const char *headers[] = {"ETag", others[i], NULL};
		const char *tag = tag_of(setup, &actor, headers);

		if (tag)
			fail_msg("%s handed out for %s", tag, others[i]);
	}
	assert_null(tag_of(setup, &actor, NULL));
	actor_end(&actor);
}

static void test_two_tags(void **state)
{
	struct held_setup *setup = *state;
	struct actor actor;

	actor_begin(&actor, setup, &items, "1", -1);
	assert_null(
	    tag_of(setup, &actor, (const char *const[]){"ETag", "\"a\"", "ETag", "\"b\"", NULL}));
	assert_null(
	    tag_of(setup, &actor, (const char *const[]){"ETag", "\"a\"", "etag", "W/\"a\"", NULL}));
	assert_non_null(
	    tag_of(setup, &actor, (const char *const[]){"ETag", "\"a\"", "etag", "\"a\"", NULL}));
	actor_end(&actor);
}

/* Who wants no tag gets it compressed. */
static void test_compression(void **state)
{
	struct held_setup *setup = *state;
	struct actor actor;

	actor_begin(&actor, setup, &items, "1", -1);
	actor_start(&actor, DEED_LOOK);
	held_vendor_asked(&setup->held, 0, "GET /item/1");
	assert_non_null(strstr(setup->held.requests[0].encoding, "gzip"));
	held_vendor_answer(&setup->held, 0, 200, ITEM("1"), NULL);
	actor_join(&actor);
	assert_int_equal(actor.error, 0);
	actor_end(&actor);
}

/* ITEM("1") */
static const char squeezed[] =
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\x56\xca\x2c\x49\xcd\x55\xb2\x52\xa8\x56\xca\x4c\x01\x52\x4a\x86\x4a\xb5\xb5\x00\x91\x75\x47\xa6\x15\x00\x00\x00";

/* A vendor that compresses all the same has given the tag of something else. */
static void test_compressed_all_the_same(void **state)
{
	const char *const codings[] = {"gzip", "identity"};
	struct held_setup *setup = *state;
	struct actor actor;

	actor_begin(&actor, setup, &items, "1", -1);
	for (size_t i = 0; i < 2; i++) {
		const char *const headers[] = {"ETag", "\"v1\"", "Content-Encoding", codings[i],
					       NULL};

		actor_start(&actor, DEED_READ);
		held_vendor_asked(&setup->held, i, "GET /item/1");
		held_vendor_answer_bytes(&setup->held, i, 200, i ? ITEM("1") : squeezed,
					 i ? strlen(ITEM("1")) : sizeof(squeezed) - 1, headers);
		actor_join(&actor);
		assert_int_equal(actor.error, 0);
		assert_true(!actor.etag == !i);
	}
	actor_end(&actor);
}

/* What cannot be met, or sent, is left out; the write itself goes. */
static void test_if_match(void **state)
{
	struct held_setup *setup = *state;
	struct actor actor;
	size_t index = 0;

	actor_begin(&actor, setup, &items, "1", -1);
	for (size_t i = 0; i < sizeof(strong) / sizeof(*strong); i++) {
		actor.match = strong[i];
		write_one(setup, &actor, index, 200, NULL);
		assert_int_equal(actor.outcome, VENDOR_DONE);
		assert_string_equal(setup->held.requests[index++].if_match, strong[i]);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		actor.match = others[i];
		write_one(setup, &actor, index, 200, NULL);
		assert_int_equal(actor.outcome, VENDOR_DONE);
		assert_string_equal(setup->held.requests[index++].if_match, "");
	}
	actor.match = "\"a\r\nX-Other: b\"";
	write_one(setup, &actor, index, 200, NULL);
	assert_int_equal(actor.outcome, VENDOR_DONE);
	assert_string_equal(setup->held.requests[index].if_match, "");
	actor_end(&actor);
}

static void test_no_preconditions(void **state)
{
	struct held_setup *setup = *state;
	struct actor actor;

	actor_begin(&actor, setup, &items, "1", -1);
	atomic_store(&setup->account->no_preconditions, true);
	assert_null(tag_of(setup, &actor, (const char *const[]){"ETag", "\"v1\"", NULL}));
	actor.match = "\"v1\"";
	write_one(setup, &actor, 1, 200, NULL);
	assert_int_equal(actor.outcome, VENDOR_DONE);
	assert_string_equal(setup->held.requests[1].if_match, "");
	actor_end(&actor);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    PLAY(test_tags),        PLAY(test_two_tags),
	    PLAY(test_compression), PLAY(test_compressed_all_the_same),
	    PLAY(test_if_match),    PLAY(test_no_preconditions),
	};

	return cmocka_run_group_tests_name("etag", tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_ep_change.c - changes of Elastic Path's members as reads and the writes that rest on them:
 * one request to know the realm, and two to change a member.
 */
#include "tests/unit/held_vendor.h"

#include "vendors/vendors.h"
#include "vendors/elasticpath/ep_account.h"
#include "vendors/elasticpath/ep_member.h"
#include "vendors/elasticpath/ep_status.h"

#define PLAY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
#define SETTINGS "GET /v2/settings/account-authentication"
#define MEMBER "/v2/account-members/1"
#define INFO "/v2/authentication-realms/r1/user-authentication-info/1"
#define REALM                                                                                      \
	"{\"data\": {\"relationships\": {\"authentication_realm\": {\"data\": {\"id\": "           \
	"\"r1\"}}}}}"
#define DATA "{\"data\": {\"id\": \"1\"}}"

/* The token, as request 0, and a member that is to be changed in both of its parts. */
static struct actor *actor_of(struct held_setup *setup)
{
	static struct actor actor;

	actor_begin(&actor, setup, &ep_members, "1", 0);
	actor.body = json_pack("{s:s, s:s, s:i}", "name", "Jane", "email", "j@x", "tier", 3);
	actor_start(&actor, DEED_READ);
	held_vendor_asked(&setup->held, 0, "POST /oauth/access_token");
	held_vendor_answer(&setup->held, 0, 200, "{\"access_token\": \"t\", \"expires_in\": 3600}",
			   NULL);
	return &actor;
}

static int set_up(void **state)
{
	*state = held_setup_new(vendors_find("elasticpath"), 1);
	return 0;
}

static int tear_down(void **state)
{
	held_setup_free(*state);
	return 0;
}

static void answer(struct held_setup *setup, size_t index, const char *what, unsigned status,
		   const char *body)
{
	held_vendor_asked(&setup->held, index, what);
	held_vendor_answer(&setup->held, index, status, body, NULL);
}

/* The realm is asked for before the read, even where it is not to be remembered. */
static void test_realm_before_the_read(void **state)
{
	struct held_setup *setup = *state;
	struct actor *actor;

	setup->account->ttl = 0;
	actor = actor_of(setup);
	for (size_t index = 1; index < 10; index += 5) {
		if (index > 1)
			actor_start(actor, DEED_READ);
		answer(setup, index, SETTINGS, 200, REALM);
		answer(setup, index + 1, "GET " MEMBER, 200, DATA);
		actor_join(actor);
		assert_int_equal(actor->error, 0);
		assert_non_null(actor->basis.keeper);
		/* of another change */
		json_object_set_new(actor->body, "name", json_integer((json_int_t)index));
		actor_start(actor, DEED_WRITE);
		answer(setup, index + 2, "GET " INFO, 200, DATA);
		answer(setup, index + 3, "PUT " INFO, 200, DATA);
		answer(setup, index + 4, "PUT " MEMBER, 200, DATA);
		actor_join(actor);
		assert_int_equal(actor->outcome, VENDOR_DONE);
		held_clock_pass(setup, 1);
	}
	actor_end(actor);
}

/* What can't be known before the read does not keep it from being read. */
static void test_realm_not_to_be_had(void **state)
{
	struct held_setup *setup = *state;
	struct actor *actor = actor_of(setup);

	answer(setup, 1, SETTINGS, 400, "{}");
	answer(setup, 2, "GET " MEMBER, 200, DATA);
	actor_join(actor);
	assert_int_equal(actor->error, 0);
	assert_int_equal(actor->call.error, 0);
	assert_string_equal(actor->call.words, "");
	actor_start(actor, DEED_WRITE);
	answer(setup, 3, SETTINGS, 400, "{}");
	actor_join(actor);
	assert_int_equal(actor->outcome, VENDOR_REFUSED);
	assert_int_equal(actor->call.error, EINVAL);
	assert_false(actor->basis.part_made);
	actor_end(actor);
}

/* The second part too late: another read, and then that part alone. */
static void test_second_part_too_late(void **state)
{
	struct held_setup *setup = *state;
	struct actor *actor = actor_of(setup);

	answer(setup, 1, SETTINGS, 200, REALM);
	answer(setup, 2, "GET " MEMBER, 200, DATA);
	actor_join(actor);
	actor_start(actor, DEED_WRITE);
	answer(setup, 3, "GET " INFO, 200, DATA);
	held_vendor_asked(&setup->held, 4, "PUT " INFO);
	held_clock_pass(setup, BASIS_FRESH + 1);
	answer(setup, 4, "PUT " INFO, 200, DATA);
	actor_join(actor);
	assert_int_equal(actor->outcome, VENDOR_STALE);
	assert_true(actor->basis.part_made);
	assert_int_equal(held_vendor_count(&setup->held), 5);
	actor_start(actor, DEED_READ);
	answer(setup, 5, "GET " MEMBER, 200, DATA);
	actor_join(actor);
	actor_start(actor, DEED_WRITE);
	answer(setup, 6, "PUT " MEMBER, 200, DATA);
	actor_join(actor);
	assert_int_equal(actor->outcome, VENDOR_DONE);
	actor_end(actor);
}

/* Another name is another first part; and a 429 to the second part ends it as any write. */
static void test_second_part_throttled(void **state)
{
	const char *const later[] = {"Retry-After", "2", NULL};
	struct held_setup *setup = *state;
	struct actor *actor = actor_of(setup);

	answer(setup, 1, SETTINGS, 200, REALM);
	answer(setup, 2, "GET " MEMBER, 200, DATA);
	actor_join(actor);
	actor_start(actor, DEED_WRITE);
	answer(setup, 3, "GET " INFO, 200, DATA);
	answer(setup, 4, "PUT " INFO, 200, DATA);
	held_vendor_asked(&setup->held, 5, "PUT " MEMBER);
	held_vendor_answer(&setup->held, 5, 429, "{}", later);
	actor_join(actor);
	assert_int_equal(actor->outcome, VENDOR_REFUSED);
	assert_int_equal(actor->call.status, 429);
	assert_int_equal(actor->call.told, 2000);
	assert_true(actor->basis.part_made);
	held_clock_pass(setup, 2000);
	actor_start(actor, DEED_READ);
	answer(setup, 6, "GET " MEMBER, 200, DATA);
	actor_join(actor);
	json_object_set_new(actor->body, "name", json_string("Joan"));
	actor_start(actor, DEED_WRITE);
	answer(setup, 7, "GET " INFO, 200, DATA);
	answer(setup, 8, "PUT " INFO, 200, DATA);
	answer(setup, 9, "PUT " MEMBER, 200, DATA);
	actor_join(actor);
	assert_int_equal(actor->outcome, VENDOR_DONE);
	actor_end(actor);
}

/*
 * What the first part is made of is read on the place that is kept, and that part then rests on
 * this read alone, however old the member's is.
 */
static void test_read_of_the_first_part(void **state)
{
	struct held_setup *setup = *state;
	struct actor *actor = actor_of(setup);

	json_object_del(actor->body, "tier");
	answer(setup, 1, SETTINGS, 200, REALM);
	answer(setup, 2, "GET " MEMBER, 200, DATA);
	actor_join(actor);
	actor_start(actor, DEED_WRITE);
	held_vendor_asked(&setup->held, 3, "GET " INFO);
	assert_null(actor->basis.keeper);
	held_clock_pass(setup, BASIS_FRESH + 1);
	held_vendor_answer(&setup->held, 3, 200, DATA, NULL);
	answer(setup, 4, "PUT " INFO, 200, DATA);
	actor_join(actor);
	assert_int_equal(actor->outcome, VENDOR_DONE);
	actor_end(actor);
}

/* So late, what it shows in the field of an edit may be somebody's newer change. */
static void test_first_part_changed_since(void **state)
{
	struct held_setup *setup = *state;
	struct actor *actor = actor_of(setup);
	json_t *member = json_pack("{s:s, s:s}", "name", "Jan", "email", "j@x");

	json_object_del(actor->body, "tier");
	actor->basis.record = member;
	answer(setup, 1, SETTINGS, 200, REALM);
	for (size_t index = 2; index < 6; index += 2) {
		answer(setup, index, "GET " MEMBER, 200, DATA);
		actor_join(actor);
		/* in time, the two are held to differ */
		held_clock_pass(setup, index == 2 ? BASIS_FRESH + 1 : 1);
		actor_start(actor, DEED_WRITE);
		answer(setup, index + 1, "GET " INFO, 200,
		       "{\"data\": {\"id\": \"1\", \"name\": \"Third\"}}");
		if (index > 2)
			break;
		actor_join(actor);
		assert_int_equal(actor->outcome, VENDOR_STALE);
		actor_start(actor, DEED_READ);
	}
	answer(setup, 6, "PUT " INFO, 200, DATA);
	actor_join(actor);
	assert_int_equal(actor->outcome, VENDOR_DONE);
	actor->basis.record = NULL;
	json_decref(member);
	actor_end(actor);
}

/* Where there is none the member is what it is made of; the next try does not look again. */
static void test_no_first_part_to_read(void **state)
{
	struct held_setup *setup = *state;
	struct actor *actor = actor_of(setup);

	json_object_del(actor->body, "tier");
	answer(setup, 1, SETTINGS, 200, REALM);
	answer(setup, 2, "GET " MEMBER, 200, DATA);
	actor_join(actor);
	actor_start(actor, DEED_WRITE);
	held_vendor_asked(&setup->held, 3, "GET " INFO);
	held_clock_pass(setup, BASIS_FRESH + 1);
	held_vendor_answer(&setup->held, 3, 404, "{}", NULL);
	actor_join(actor);
	assert_int_equal(actor->outcome, VENDOR_STALE);
	assert_int_equal(actor->call.error, EBUSY);
	actor_start(actor, DEED_READ);
	answer(setup, 4, "GET " MEMBER, 200, DATA);
	actor_join(actor);
	actor_start(actor, DEED_WRITE);
	answer(setup, 5, "PUT " INFO, 200, DATA);
	actor_join(actor);
	assert_int_equal(actor->outcome, VENDOR_DONE);
	actor_end(actor);
}

/* The read of a status is a list; whatever ends a membership leaves on its place. */
static void test_status(void **state)
{
	struct held_setup *setup = *state;
	struct actor *actor = actor_of(setup);

	actor->collection = &ep_statuses;
	answer(setup, 1, SETTINGS, 200, REALM);
	answer(setup, 2, "GET " MEMBER, 200, DATA);
	actor_join(actor);
	actor_start(actor, DEED_READ);
	answer(setup, 3, "GET " MEMBER "/account-memberships", 200,
	       "{\"data\": [{\"id\": \"s\", \"account_id\": \"a\"}]}");
	/* the list does not say that this is all: the place goes to its next page */
	answer(setup, 4, "GET " MEMBER "/account-memberships", 200, "{\"data\": []}");
	actor_join(actor);
	assert_int_equal(actor->error, 0);
	assert_null(actor->etag);
	assert_non_null(actor->basis.keeper);
	assert_int_equal(actor->basis.reads, 0);
	actor->collection = &ep_accounts;
	actor_start(actor, DEED_END);
	answer(setup, 5, "DELETE /v2/accounts/1", 204, NULL);
	actor_join(actor);
	assert_int_equal(actor->outcome, VENDOR_DONE);
	actor_end(actor);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    PLAY(test_realm_before_the_read),  PLAY(test_realm_not_to_be_had),
	    PLAY(test_second_part_too_late),   PLAY(test_second_part_throttled),
	    PLAY(test_read_of_the_first_part), PLAY(test_first_part_changed_since),
	    PLAY(test_no_first_part_to_read),  PLAY(test_status),
	};

	return cmocka_run_group_tests_name("ep_change", tests, NULL, NULL);
}

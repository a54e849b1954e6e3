/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_ep_change.c - changes of Elastic Path's members as reads and the writes that rest on them:
 * one request to know the realm, and two to change a member.
 */
#include "tests/unit/gate.h"

#include "vendors/vendors.h"
#include "vendors/elasticpath/elasticpath.h"

#define PLAY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
#define SETTINGS "GET /v2/settings/account-authentication"
#define MEMBER "/v2/account-members/1"
#define INFO "/v2/authentication-realms/r1/user-authentication-info/1"
#define REALM                                                                                      \
	"{\"data\": {\"relationships\": {\"authentication_realm\": {\"data\": {\"id\": "           \
	"\"r1\"}}}}}"
#define DATA "{\"data\": {\"id\": \"1\"}}"

/* The token, as request 0, and a member that is to be changed in both of its parts. */
static struct actor *actor_of(struct play *play)
{
	static struct actor actor;

	actor_begin(&actor, play, &ep_members, "1", 0);
	actor.body = json_pack("{s:s, s:s, s:i}", "name", "Jane", "email", "j@x", "tier", 3);
	actor_start(&actor, DEED_READ);
	gate_asked(&play->gate, 0, "POST /oauth/access_token");
	gate_answer(&play->gate, 0, 200, "{\"access_token\": \"t\", \"expires_in\": 3600}", NULL);
	return &actor;
}

static int set_up(void **state)
{
	*state = play_new(vendors_find("elasticpath"), 1);
	return 0;
}

static int tear_down(void **state)
{
	play_free(*state);
	return 0;
}

static void answer(struct play *play, size_t index, const char *what, unsigned status,
		   const char *body)
{
	gate_asked(&play->gate, index, what);
	gate_answer(&play->gate, index, status, body, NULL);
}

/* The realm is asked for before the read, even where it is not to be remembered. */
static void test_realm_before_the_read(void **state)
{
	struct play *play = *state;
	struct actor *actor;

	play->account->ttl = 0;
	actor = actor_of(play);
	for (size_t index = 1; index < 10; index += 5) {
		if (index > 1)
			actor_start(actor, DEED_READ);
		answer(play, index, SETTINGS, 200, REALM);
		answer(play, index + 1, "GET " MEMBER, 200, DATA);
		actor_join(actor);
		assert_int_equal(actor->error, 0);
		assert_non_null(actor->basis.keeper);
		/* of another change */
		json_object_set_new(actor->body, "name", json_integer((json_int_t)index));
		actor_start(actor, DEED_WRITE);
		answer(play, index + 2, "GET " INFO, 200, DATA);
		answer(play, index + 3, "PUT " INFO, 200, DATA);
		answer(play, index + 4, "PUT " MEMBER, 200, DATA);
		actor_join(actor);
		assert_int_equal(actor->outcome, VENDOR_DONE);
		gate_pass(play, 1);
	}
	actor_end(actor);
}

/* What can't be known before the read does not keep it from being read. */
static void test_realm_not_to_be_had(void **state)
{
	struct play *play = *state;
	struct actor *actor = actor_of(play);

	answer(play, 1, SETTINGS, 400, "{}");
	answer(play, 2, "GET " MEMBER, 200, DATA);
	actor_join(actor);
	assert_int_equal(actor->error, 0);
	assert_int_equal(actor->call.error, 0);
	assert_string_equal(actor->call.words, "");
	actor_start(actor, DEED_WRITE);
	answer(play, 3, SETTINGS, 400, "{}");
	actor_join(actor);
	assert_int_equal(actor->outcome, VENDOR_REFUSED);
	assert_int_equal(actor->call.error, EINVAL);
	assert_false(actor->basis.part_made);
	actor_end(actor);
}

/* The second part too late: another read, and then that part alone. */
static void test_second_part_too_late(void **state)
{
	struct play *play = *state;
	struct actor *actor = actor_of(play);

	answer(play, 1, SETTINGS, 200, REALM);
	answer(play, 2, "GET " MEMBER, 200, DATA);
	actor_join(actor);
	actor_start(actor, DEED_WRITE);
	answer(play, 3, "GET " INFO, 200, DATA);
	gate_asked(&play->gate, 4, "PUT " INFO);
	gate_pass(play, BASIS_FRESH + 1);
	answer(play, 4, "PUT " INFO, 200, DATA);
	actor_join(actor);
	assert_int_equal(actor->outcome, VENDOR_STALE);
	assert_true(actor->basis.part_made);
	assert_int_equal(gate_count(&play->gate), 5);
	actor_start(actor, DEED_READ);
	answer(play, 5, "GET " MEMBER, 200, DATA);
	actor_join(actor);
	actor_start(actor, DEED_WRITE);
	answer(play, 6, "PUT " MEMBER, 200, DATA);
	actor_join(actor);
	assert_int_equal(actor->outcome, VENDOR_DONE);
	actor_end(actor);
}

/* Another name is another first part; and a 429 to the second part ends it as any write. */
static void test_second_part_throttled(void **state)
{
	const char *const later[] = {"Retry-After", "2", NULL};
	struct play *play = *state;
	struct actor *actor = actor_of(play);

	answer(play, 1, SETTINGS, 200, REALM);
	answer(play, 2, "GET " MEMBER, 200, DATA);
	actor_join(actor);
	actor_start(actor, DEED_WRITE);
	answer(play, 3, "GET " INFO, 200, DATA);
	answer(play, 4, "PUT " INFO, 200, DATA);
	gate_asked(&play->gate, 5, "PUT " MEMBER);
	gate_answer(&play->gate, 5, 429, "{}", later);
	actor_join(actor);
	assert_int_equal(actor->outcome, VENDOR_REFUSED);
	assert_int_equal(actor->call.status, 429);
	assert_int_equal(actor->call.told, 2000);
	assert_true(actor->basis.part_made);
	gate_pass(play, 2000);
	actor_start(actor, DEED_READ);
	answer(play, 6, "GET " MEMBER, 200, DATA);
	actor_join(actor);
	json_object_set_new(actor->body, "name", json_string("Joan"));
	actor_start(actor, DEED_WRITE);
	answer(play, 7, "GET " INFO, 200, DATA);
	answer(play, 8, "PUT " INFO, 200, DATA);
	answer(play, 9, "PUT " MEMBER, 200, DATA);
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
	struct play *play = *state;
	struct actor *actor = actor_of(play);

	json_object_del(actor->body, "tier");
	answer(play, 1, SETTINGS, 200, REALM);
	answer(play, 2, "GET " MEMBER, 200, DATA);
	actor_join(actor);
	actor_start(actor, DEED_WRITE);
	gate_asked(&play->gate, 3, "GET " INFO);
	assert_null(actor->basis.keeper);
	gate_pass(play, BASIS_FRESH + 1);
	gate_answer(&play->gate, 3, 200, DATA, NULL);
	answer(play, 4, "PUT " INFO, 200, DATA);
	actor_join(actor);
	assert_int_equal(actor->outcome, VENDOR_DONE);
	actor_end(actor);
}

/* So late, what it shows in the field of an edit may be somebody's newer change. */
static void test_first_part_changed_since(void **state)
{
	struct play *play = *state;
	struct actor *actor = actor_of(play);
	json_t *member = json_pack("{s:s, s:s}", "name", "Jan", "email", "j@x");

	json_object_del(actor->body, "tier");
	actor->basis.record = member;
	answer(play, 1, SETTINGS, 200, REALM);
	for (size_t index = 2; index < 6; index += 2) {
		answer(play, index, "GET " MEMBER, 200, DATA);
		actor_join(actor);
		/* in time, the two are held to differ */
		gate_pass(play, index == 2 ? BASIS_FRESH + 1 : 1);
		actor_start(actor, DEED_WRITE);
		answer(play, index + 1, "GET " INFO, 200,
		       "{\"data\": {\"id\": \"1\", \"name\": \"Third\"}}");
		if (index > 2)
			break;
		actor_join(actor);
		assert_int_equal(actor->outcome, VENDOR_STALE);
		actor_start(actor, DEED_READ);
	}
	answer(play, 6, "PUT " INFO, 200, DATA);
	actor_join(actor);
	assert_int_equal(actor->outcome, VENDOR_DONE);
	actor->basis.record = NULL;
	json_decref(member);
	actor_end(actor);
}

/* Where there is none the member is what it is made of; the next try does not look again. */
static void test_no_first_part_to_read(void **state)
{
	struct play *play = *state;
	struct actor *actor = actor_of(play);

	json_object_del(actor->body, "tier");
	answer(play, 1, SETTINGS, 200, REALM);
	answer(play, 2, "GET " MEMBER, 200, DATA);
	actor_join(actor);
	actor_start(actor, DEED_WRITE);
	gate_asked(&play->gate, 3, "GET " INFO);
	gate_pass(play, BASIS_FRESH + 1);
	gate_answer(&play->gate, 3, 404, "{}", NULL);
	actor_join(actor);
	assert_int_equal(actor->outcome, VENDOR_STALE);
	assert_int_equal(actor->call.error, EBUSY);
	actor_start(actor, DEED_READ);
	answer(play, 4, "GET " MEMBER, 200, DATA);
	actor_join(actor);
	actor_start(actor, DEED_WRITE);
	answer(play, 5, "PUT " INFO, 200, DATA);
	actor_join(actor);
	assert_int_equal(actor->outcome, VENDOR_DONE);
	actor_end(actor);
}

/* The read of a status is a list; whatever ends a membership leaves on its place. */
static void test_status(void **state)
{
	struct play *play = *state;
	struct actor *actor = actor_of(play);

	actor->collection = &ep_statuses;
	answer(play, 1, SETTINGS, 200, REALM);
	answer(play, 2, "GET " MEMBER, 200, DATA);
	actor_join(actor);
	actor_start(actor, DEED_READ);
	answer(play, 3, "GET " MEMBER "/account-memberships", 200,
	       "{\"data\": [{\"id\": \"s\", \"account_id\": \"a\"}]}");
	/* the list does not say that this is all: the place goes to its next page */
	answer(play, 4, "GET " MEMBER "/account-memberships", 200, "{\"data\": []}");
	actor_join(actor);
	assert_int_equal(actor->error, 0);
	assert_null(actor->etag);
	assert_non_null(actor->basis.keeper);
	assert_int_equal(actor->basis.reads, 0);
	actor->collection = &ep_accounts;
	actor_start(actor, DEED_END);
	answer(play, 5, "DELETE /v2/accounts/1", 204, NULL);
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

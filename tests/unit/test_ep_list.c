/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_ep_list.c - members that offsets do not reach: what ep_list.c asks, and what it believes.
 *
 * The store here gives two rows a page and refuses the third page. That the sandbox's 12,000 are
 * listed is for the mount tests; here the vendor ignores what it was asked, or says what cannot be.
 */
#include "tests/unit/ep_store.h"
#include "vendors/list/list.h"

#define INFOS "GET /v2/authentication-realms/r1/user-authentication-info?sort=created_at"
#define AT(offset) "&page%5Boffset%5D=" #offset "&"
#define SINCE(day) "&filter=ge%28created_at%2C%222024-01-0" #day "T00%3A00%3A00Z%22%29"
#define INFO(id, day)                                                                              \
	"{\"id\": \"" #id "\", \"type\": \"user_authentication_info\", \"name\": \"N\", "          \
	"\"given_name\": null, \"email\": \"" #id "@example.com\", \"other\": 1, \"meta\": "       \
	"{\"created_at\": \"2024-01-0" #day "T00:00:00Z\", \"updated_at\": "                       \
	"\"2024-01-09T00:00:00Z\", \"creation_status\": \"IN_PROGRESS\"}}"
#define PAGE(rows) "{\"data\": [" rows "]}"
#define TOTAL(number)                                                                              \
	"{\"data\": [], \"meta\": {\"page\": {\"current\": 1, \"total\": " #number "}}}"
#define ENOUGH                                                                                     \
	"{\"errors\": [{\"title\": \"Bad Request\", \"detail\": \"page[offset] is too large\"}]}"

/* ---- who gets the members ---- */

struct basket {
	struct list_sink sink;
	char ids[200]; /* "a b c " */
	json_t *last;
	size_t rows; /* as progress has them */
};

static int basket_add(struct list_sink *sink, const char *id, json_t *record)
{
	struct basket *basket = (struct basket *)sink;
	size_t length = strlen(basket->ids);

	if (strstr(basket->ids, id))
		return -EEXIST;
	snprintf(basket->ids + length, sizeof(basket->ids) - length, "%s ", id);
	json_decref(basket->last);
	basket->last = json_incref(record);
	return 0;
}

static void basket_reset(struct list_sink *sink)
{
	struct basket *basket = (struct basket *)sink;

	basket->ids[0] = '\0';
}

static void basket_progress(struct list_sink *sink, unsigned pages, size_t rows, unsigned total)
{
	struct basket *basket = (struct basket *)sink;

	assert_true(pages > 0);
	assert_true(!total || total >= pages);
	basket->rows = rows;
}

static struct basket basket;

static int list(struct ep_store *store)
{
	json_decref(basket.last);
	basket = (struct basket){
	    .sink = {.add = basket_add, .reset = basket_reset, .progress = basket_progress}};
	store->account->endpoint.parallel = 1;
	store->account->endpoint.retry_budget = 0;
	return list_walk(&store->call, store->account, store->account->vendor->users, NULL,
			 &basket.sink);
}

static int finish(void **state)
{
	json_decref(basket.last);
	basket.last = NULL;
	return ep_store_teardown(state);
}

/* ---- the store ---- */

/* a and b are listed, and nobody behind them. */
static void say_members(struct ep_store *store)
{
	ep_store_says(store, 1, "GET " MEMBERS "?page%5Boffset%5D=0&page%5Blimit%5D=100", 200,
		      PAGE("{\"id\": \"a\", \"vip\": true}, {\"id\": \"b\"}"));
	ep_store_says(store, 1, "GET " MEMBERS "?page%5Boffset%5D=2", 400, ENOUGH);
}

static void say_realm(struct ep_store *store)
{
	ep_store_says(
	    store, 1, "GET " SETTINGS, 200,
	    "{\"data\": {\"relationships\": {\"authentication_realm\": {\"data\": {\"id\": "
	    "\"r1\"}}}}}");
}

static void say_total(struct ep_store *store, int times, const char *body)
{
	ep_store_says(store, times, "GET " MEMBERS "?page%5Boffset%5D=0&page%5Blimit%5D=1", 200,
		      body);
}

/* The first leg: a, b, and on the same day c and d. */
static void say_first_leg(struct ep_store *store)
{
	ep_store_says(store, -1, INFOS AT(0), 200, PAGE(INFO(a, 1) "," INFO(b, 2)));
	ep_store_says(store, -1, INFOS AT(2), 200, PAGE(INFO(c, 3) "," INFO(d, 3)));
	ep_store_says(store, -1, INFOS AT(4), 400, ENOUGH);
}

static void say_second_leg(struct ep_store *store)
{
	ep_store_says(store, -1, INFOS SINCE(3) AT(0), 200, PAGE(INFO(c, 3) "," INFO(d, 3)));
	ep_store_says(store, -1, INFOS SINCE(3) AT(2), 200, PAGE(INFO(e, 4)));
	ep_store_says(store, -1, INFOS SINCE(3) AT(3), 200, PAGE(""));
}

static void begin(struct ep_store *store)
{
	say_members(store);
	say_realm(store);
	say_first_leg(store);
}

static void assert_refused(struct ep_store *store, const char *words)
{
	assert_int_equal(list(store), -EREMOTEIO);
	assert_int_equal(store->call.error, EREMOTEIO);
	if (!strstr(store->call.words, words))
		fail_msg("\"%s\" does not say \"%s\"", store->call.words, words);
}

/* ---- tests ---- */

static void test_two_legs(void **state)
{
	struct ep_store *store = *state;
	json_t *wanted = parse("{\"id\": \"e\", \"type\": \"account_member\", \"name\": \"N\", "
			       "\"given_name\": null, \"email\": \"e@example.com\", \"meta\": "
			       "{\"timestamps\": {\"created_at\": \"2024-01-04T00:00:00Z\", "
			       "\"updated_at\": \"2024-01-09T00:00:00Z\"}}}");

	begin(store);
	say_second_leg(store);
	say_total(store, 1, TOTAL(5));
	assert_int_equal(list(store), 0);
	assert_int_equal(store->call.error, 0);
	assert_string_equal(basket.ids, "a b c d e ");
	assert_true(json_equal(basket.last, wanted));
	assert_int_equal(basket.rows, 5);
	assert_int_equal(store->asked_count, 2 + 1 + 3 + 3 + 1);
	json_decref(wanted);
}

/* A store that tells it with the first page is not asked for a hundred more. */
static void test_told_by_the_total(void **state)
{
	struct ep_store *store = *state;

	ep_store_says(
	    store, 1, "GET " MEMBERS "?page%5Boffset%5D=0", 200,
	    "{\"data\": [{\"id\": \"a\"}, {\"id\": \"b\"}], \"meta\": {\"results\": {\"total\": "
	    "10003}}}");
	ep_store_says(store, 1, "GET " SETTINGS, 200, "{\"data\": {}}");
	assert_refused(store, "settings name none");
	assert_int_equal(store->asked_count, 2);
}

static void test_no_realm(void **state)
{
	struct ep_store *store = *state;

	say_members(store);
	ep_store_says(store, 1, "GET " SETTINGS, 200, "{\"data\": {}}");
	assert_refused(store, "no more than its first 2 account members");
	assert_non_null(strstr(store->call.words, "settings name none"));
	assert_string_equal(store->call.request,
			    "GET " MEMBERS "?page%5Boffset%5D=2&page%5Blimit%5D=2");
	assert_int_equal(store->call.status, 400);
}

/* The realm that was remembered is not there any more: it is asked for anew the next time. */
static void test_realm_gone(void **state)
{
	struct ep_store *store = *state;

	say_members(store);
	say_realm(store);
	assert_refused(store, "Not there");
	assert_int_equal(store->asked_count, 2 + 1 + 1);
	ep_store_clear(store);
	begin(store);
	say_second_leg(store);
	say_total(store, 1, TOTAL(5));
	assert_int_equal(list(store), 0);
	assert_asked(store, 2, "GET " SETTINGS);
}

/* More people in one moment than the vendor lists. */
static void test_one_moment(void **state)
{
	struct ep_store *store = *state;

	begin(store);
	ep_store_says(store, 1, INFOS SINCE(3) AT(0), 200, PAGE(INFO(c, 3) "," INFO(d, 3)));
	ep_store_says(store, 1, INFOS SINCE(3) AT(2), 400, ENOUGH);
	assert_refused(store, "created at 2024-01-03T00:00:00Z or later");
	assert_int_equal(store->asked_count, 2 + 1 + 3 + 2);
}

static void test_filter_ignored(void **state)
{
	struct ep_store *store = *state;

	begin(store);
	ep_store_says(store, 1, INFOS SINCE(3) AT(0), 200, PAGE(INFO(a, 1) "," INFO(b, 2)));
	ep_store_says(store, 1, INFOS SINCE(3) AT(2), 200, PAGE(INFO(c, 3) "," INFO(d, 3)));
	ep_store_says(store, 1, INFOS SINCE(3) AT(4), 400, ENOUGH);
	assert_refused(store, "the list would be incomplete");
	assert_int_equal(store->asked_count, 2 + 1 + 3 + 3);
}

static void test_filter_refused(void **state)
{
	struct ep_store *store = *state;

	begin(store);
	ep_store_says(store, 1, INFOS SINCE(3), 400, "{\"errors\": [{\"title\": \"Bad filter\"}]}");
	assert_int_equal(list(store), -EINVAL);
	assert_non_null(strstr(store->call.words, "Bad filter"));
}

static void test_not_sorted(void **state)
{
	struct ep_store *store = *state;

	say_members(store);
	say_realm(store);
	ep_store_says(store, 1, INFOS AT(0), 200, PAGE(INFO(a, 2) "," INFO(b, 1)));
	assert_refused(store, "does not sort by created_at: b");
}

static void test_no_created_at(void **state)
{
	struct ep_store *store = *state;

	say_members(store);
	say_realm(store);
	ep_store_says(store, 1, INFOS AT(0), 200, PAGE("{\"id\": \"a\", \"meta\": {}}"));
	assert_refused(store, "a has no meta.created_at");
}

/* Who was made while the legs were walked is in one more; who is never listed is an error. */
static void test_total(void **state)
{
	struct ep_store *store = *state;

	begin(store);
	say_second_leg(store);
	say_total(store, 1, TOTAL(6));
	ep_store_says(store, 1, INFOS SINCE(4) AT(0), 200, PAGE(INFO(e, 4) "," INFO(f, 5)));
	ep_store_says(store, 1, INFOS SINCE(4) AT(2), 200, PAGE(""));
	assert_int_equal(list(store), 0);
	assert_string_equal(basket.ids, "a b c d e f ");

	say_members(store);
	say_total(store, -1, TOTAL(6));
	ep_store_says(store, -1, INFOS SINCE(4) AT(0), 200, PAGE(INFO(e, 4)));
	ep_store_says(store, -1, INFOS SINCE(4) AT(1), 200, PAGE(""));
	assert_refused(store, "there are 6 account members, but only 5");
}

/* Even where the vendor tells no total: those who were seen in the members' list are there. */
static void test_fewer_than_were_seen(void **state)
{
	struct ep_store *store = *state;

	say_members(store);
	say_realm(store);
	say_total(store, -1, PAGE(""));
	ep_store_says(store, -1, INFOS, 200, PAGE(""));
	assert_refused(store, "there are 2 account members, but only 0");
}

/* Rows that move in the second leg do not void the first. */
static void test_leg_walked_again(void **state)
{
	struct ep_store *store = *state;

	begin(store);
	ep_store_says(store, 1, INFOS SINCE(3) AT(0), 200, PAGE(INFO(c, 3) "," INFO(d, 3)));
	ep_store_says(store, 1, INFOS SINCE(3) AT(2), 200, PAGE(INFO(d, 3) "," INFO(e, 4)));
	say_second_leg(store);
	say_total(store, 1, TOTAL(5));
	assert_int_equal(list(store), 0);
	assert_string_equal(basket.ids, "a b c d e ");
	assert_int_equal(store->asked_count, 2 + 1 + 3 + 2 + 3 + 1);
}

#define LIST(test) cmocka_unit_test_setup_teardown(test, ep_store_setup, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    LIST(test_two_legs),       LIST(test_told_by_the_total),    LIST(test_no_realm),
	    LIST(test_realm_gone),     LIST(test_one_moment),           LIST(test_filter_ignored),
	    LIST(test_filter_refused), LIST(test_not_sorted),           LIST(test_no_created_at),
	    LIST(test_total),          LIST(test_fewer_than_were_seen), LIST(test_leg_walked_again),
	};

	return cmocka_run_group_tests_name("ep_list", tests, NULL, NULL);
}

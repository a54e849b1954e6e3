/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_ep_list.c - members that offsets do not reach: what ep_list.c asks, and what it believes.
 *
 * The store here gives two rows a page and refuses the third page. That the sandbox's 12,000 are
 * listed is for the mount tests; here the vendor ignores what it was asked, or says what cannot be.
 */
#include "tests/unit/shop.h"
#include "vendors/rest/list.h"

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

static void basket_progress(struct list_sink *sink, unsigned pages, size_t rows)
{
	struct basket *basket = (struct basket *)sink;

	assert_true(pages > 0);
	basket->rows = rows;
}

static struct basket basket;

static int list(struct shop *shop)
{
	json_decref(basket.last);
	basket = (struct basket){
	    .sink = {.add = basket_add, .reset = basket_reset, .progress = basket_progress}};
	shop->account->endpoint.parallel = 1;
	shop->account->endpoint.retry_budget = 0;
	return list_walk(&shop->call, shop->account, shop->account->vendor->users, NULL,
			 &basket.sink);
}

static int finish(void **state)
{
	json_decref(basket.last);
	basket.last = NULL;
	return shop_teardown(state);
}

/* ---- the store ---- */

/* a and b are listed, and nobody behind them. */
static void say_members(struct shop *shop)
{
	shop_says(shop, 1, "GET " MEMBERS "?page%5Boffset%5D=0&page%5Blimit%5D=100", 200,
		  PAGE("{\"id\": \"a\", \"vip\": true}, {\"id\": \"b\"}"));
	shop_says(shop, 1, "GET " MEMBERS "?page%5Boffset%5D=2", 400, ENOUGH);
}

static void say_realm(struct shop *shop)
{
	shop_says(shop, 1, "GET " SETTINGS, 200,
		  "{\"data\": {\"relationships\": {\"authentication_realm\": {\"data\": {\"id\": "
		  "\"r1\"}}}}}");
}

static void say_total(struct shop *shop, int times, const char *body)
{
	shop_says(shop, times, "GET " MEMBERS "?page%5Boffset%5D=0&page%5Blimit%5D=1", 200, body);
}

/* The first leg: a, b, and on the same day c and d. */
static void say_first_leg(struct shop *shop)
{
	shop_says(shop, -1, INFOS AT(0), 200, PAGE(INFO(a, 1) "," INFO(b, 2)));
	shop_says(shop, -1, INFOS AT(2), 200, PAGE(INFO(c, 3) "," INFO(d, 3)));
	shop_says(shop, -1, INFOS AT(4), 400, ENOUGH);
}

static void say_second_leg(struct shop *shop)
{
	shop_says(shop, -1, INFOS SINCE(3) AT(0), 200, PAGE(INFO(c, 3) "," INFO(d, 3)));
	shop_says(shop, -1, INFOS SINCE(3) AT(2), 200, PAGE(INFO(e, 4)));
	shop_says(shop, -1, INFOS SINCE(3) AT(3), 200, PAGE(""));
}

static void begin(struct shop *shop)
{
	say_members(shop);
	say_realm(shop);
	say_first_leg(shop);
}

static void assert_refused(struct shop *shop, const char *words)
{
	assert_int_equal(list(shop), -EREMOTEIO);
	assert_int_equal(shop->call.error, EREMOTEIO);
	if (!strstr(shop->call.words, words))
		fail_msg("\"%s\" does not say \"%s\"", shop->call.words, words);
}

/* ---- tests ---- */

static void test_two_legs(void **state)
{
	struct shop *shop = *state;
	json_t *wanted = parse("{\"id\": \"e\", \"type\": \"account_member\", \"name\": \"N\", "
			       "\"given_name\": null, \"email\": \"e@example.com\", \"meta\": "
			       "{\"timestamps\": {\"created_at\": \"2024-01-04T00:00:00Z\", "
			       "\"updated_at\": \"2024-01-09T00:00:00Z\"}}}");

	begin(shop);
	say_second_leg(shop);
	say_total(shop, 1, TOTAL(5));
	assert_int_equal(list(shop), 0);
	assert_int_equal(shop->call.error, 0);
	assert_string_equal(basket.ids, "a b c d e ");
	assert_true(json_equal(basket.last, wanted));
	assert_int_equal(basket.rows, 5);
	assert_int_equal(shop->asked_count, 2 + 1 + 3 + 3 + 1);
	json_decref(wanted);
}

/* A store that tells it with the first page is not asked for a hundred more. */
static void test_told_by_the_total(void **state)
{
	struct shop *shop = *state;

	shop_says(
	    shop, 1, "GET " MEMBERS "?page%5Boffset%5D=0", 200,
	    "{\"data\": [{\"id\": \"a\"}, {\"id\": \"b\"}], \"meta\": {\"results\": {\"total\": "
	    "10003}}}");
	shop_says(shop, 1, "GET " SETTINGS, 200, "{\"data\": {}}");
	assert_refused(shop, "settings name none");
	assert_int_equal(shop->asked_count, 2);
}

static void test_no_realm(void **state)
{
	struct shop *shop = *state;

	say_members(shop);
	shop_says(shop, 1, "GET " SETTINGS, 200, "{\"data\": {}}");
	assert_refused(shop, "no more than its first 2 account members");
	assert_non_null(strstr(shop->call.words, "settings name none"));
	assert_string_equal(shop->call.request,
			    "GET " MEMBERS "?page%5Boffset%5D=2&page%5Blimit%5D=2");
	assert_int_equal(shop->call.status, 400);
}

/* The realm that was remembered is not there any more: it is asked for anew the next time. */
static void test_realm_gone(void **state)
{
	struct shop *shop = *state;

	say_members(shop);
	say_realm(shop);
	assert_refused(shop, "Not there");
	assert_int_equal(shop->asked_count, 2 + 1 + 1);
	shop_clear(shop);
	begin(shop);
	say_second_leg(shop);
	say_total(shop, 1, TOTAL(5));
	assert_int_equal(list(shop), 0);
	assert_asked(shop, 2, "GET " SETTINGS);
}

/* More people in one moment than the vendor lists. */
static void test_one_moment(void **state)
{
	struct shop *shop = *state;

	begin(shop);
	shop_says(shop, 1, INFOS SINCE(3) AT(0), 200, PAGE(INFO(c, 3) "," INFO(d, 3)));
	shop_says(shop, 1, INFOS SINCE(3) AT(2), 400, ENOUGH);
	assert_refused(shop, "created at 2024-01-03T00:00:00Z or later");
	assert_int_equal(shop->asked_count, 2 + 1 + 3 + 2);
}

static void test_filter_ignored(void **state)
{
	struct shop *shop = *state;

	begin(shop);
	shop_says(shop, 1, INFOS SINCE(3) AT(0), 200, PAGE(INFO(a, 1) "," INFO(b, 2)));
	shop_says(shop, 1, INFOS SINCE(3) AT(2), 200, PAGE(INFO(c, 3) "," INFO(d, 3)));
	shop_says(shop, 1, INFOS SINCE(3) AT(4), 400, ENOUGH);
	assert_refused(shop, "they can't be shown whole");
	assert_int_equal(shop->asked_count, 2 + 1 + 3 + 3);
}

static void test_filter_refused(void **state)
{
	struct shop *shop = *state;

	begin(shop);
	shop_says(shop, 1, INFOS SINCE(3), 400, "{\"errors\": [{\"title\": \"Bad filter\"}]}");
	assert_int_equal(list(shop), -EINVAL);
	assert_non_null(strstr(shop->call.words, "Bad filter"));
}

static void test_not_sorted(void **state)
{
	struct shop *shop = *state;

	say_members(shop);
	say_realm(shop);
	shop_says(shop, 1, INFOS AT(0), 200, PAGE(INFO(a, 2) "," INFO(b, 1)));
	assert_refused(shop, "does not sort by created_at: b");
}

static void test_no_created_at(void **state)
{
	struct shop *shop = *state;

	say_members(shop);
	say_realm(shop);
	shop_says(shop, 1, INFOS AT(0), 200, PAGE("{\"id\": \"a\", \"meta\": {}}"));
	assert_refused(shop, "a has no meta.created_at");
}

/* Who was made while the legs were walked is in one more; who is never listed is an error. */
static void test_total(void **state)
{
	struct shop *shop = *state;

	begin(shop);
	say_second_leg(shop);
	say_total(shop, 1, TOTAL(6));
	shop_says(shop, 1, INFOS SINCE(4) AT(0), 200, PAGE(INFO(e, 4) "," INFO(f, 5)));
	shop_says(shop, 1, INFOS SINCE(4) AT(2), 200, PAGE(""));
	assert_int_equal(list(shop), 0);
	assert_string_equal(basket.ids, "a b c d e f ");

	say_members(shop);
	say_total(shop, -1, TOTAL(6));
	shop_says(shop, -1, INFOS SINCE(4) AT(0), 200, PAGE(INFO(e, 4)));
	shop_says(shop, -1, INFOS SINCE(4) AT(1), 200, PAGE(""));
	assert_refused(shop, "there are 6 account members, but only 5");
}

/* Even where the vendor tells no total: those who were seen in the members' list are there. */
static void test_fewer_than_were_seen(void **state)
{
	struct shop *shop = *state;

	say_members(shop);
	say_realm(shop);
	say_total(shop, -1, PAGE(""));
	shop_says(shop, -1, INFOS, 200, PAGE(""));
	assert_refused(shop, "there are 2 account members, but only 0");
}

/* Rows that move in the second leg do not void the first. */
static void test_leg_walked_again(void **state)
{
	struct shop *shop = *state;

	begin(shop);
	shop_says(shop, 1, INFOS SINCE(3) AT(0), 200, PAGE(INFO(c, 3) "," INFO(d, 3)));
	shop_says(shop, 1, INFOS SINCE(3) AT(2), 200, PAGE(INFO(d, 3) "," INFO(e, 4)));
	say_second_leg(shop);
	say_total(shop, 1, TOTAL(5));
	assert_int_equal(list(shop), 0);
	assert_string_equal(basket.ids, "a b c d e ");
	assert_int_equal(shop->asked_count, 2 + 1 + 3 + 2 + 3 + 1);
}

#define LIST(test) cmocka_unit_test_setup_teardown(test, shop_setup, finish)

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

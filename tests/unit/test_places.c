/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_places.c - the tables of all vendors: each place and collection is what vendor.h asks for,
 * so that a new row that forgets something is found here and not by a user.
 *
 * And what is taken out of a vendor's words (redact.h), a pure function.
 */
#include "vendors/rest/redact.h"
#include "vendors/rest/collection.h"
#include "vendors/vendor.h"
#include "vendors/vendors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

static bool ends_in(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	return length > end_length && strcmp(text + length - end_length, end) == 0;
}

/* Names that a vendor's directory has already, or that could be a record's. */
static void check_name(const char *name)
{
	const char *const taken[] = {"new", "by-email", "MANUAL", "self"};

	assert_true(name[0] && name[0] != '.' && name[0] != '#');
	assert_null(strchr(name, '/'));
	for (size_t i = 0; i < sizeof(taken) / sizeof(*taken); i++)
		assert_string_not_equal(name, taken[i]);
}

static void check_fields(const struct collection *collection)
{
	bool type = false;

	for (const struct field *field = collection->fields; field->name; field++) {
		assert_null(strchr(field->name, '.'));
		if (field->flags & FIELD_EACH_TIME)
			assert_true(field->flags & FIELD_REQUIRED);
		type = type || strcmp(field->name, "type") == 0;
	}
	if (collection->type)
		assert_true(type);
}

static void check_collection(const struct collection *collection, bool below)
{
	const char *text = collection->single ? collection->item_path : collection->list_path;

	assert_non_null(collection->name);
	assert_non_null(collection->id_keys);
	assert_non_null(collection->fields);
	assert_non_null(collection->item_key);
	assert_true(text[0] == '/' && !ends_in(text, "/"));
	assert_true(!!strstr(text, "{parent}") == below);
	if (!collection->single) {
		assert_true(ends_in(collection->item_path, "/"));
		assert_non_null(collection->id_keys[0]);
		assert_non_null(collection->list_key);
		assert_non_null(collection->paging);
		assert_true(collection->page_size > 0);
	}
	check_fields(collection);
}

static void check_places(const struct place *places, bool below)
{
	for (const struct place *place = places; place && place->name; place++) {
		const struct collection *collection = place->collection;
		bool folders = place->kind == PLACE_FOLDERS;

		check_name(place->name);
		for (const struct place *other = places; other != place; other++)
			assert_string_not_equal(place->name, other->name);
		assert_non_null(collection);
		check_collection(collection, below);
		assert_true(collection->single == (place->kind == PLACE_FILE));
		assert_true(!!place->file == (folders || place->kind == PLACE_FILE));
		assert_true(!!collection->link == (place->kind == PLACE_LINKS));
		if (place->file) {
			check_name(place->file);
			assert_true(ends_in(place->file, ".json"));
		}
		if (!folders)
			assert_null(place->below);
		if (place->kind == PLACE_LINKS)
			assert_true(collection->creates && collection->deletes);
		check_places(place->below, true);
	}
}

static void test_places(void **state)
{
	(void)state;
	for (size_t i = 0; vendors[i]; i++) {
		if (!vendors[i]->users) {
			assert_null(vendors[i]->places);
			assert_null(vendors[i]->transaction);
			continue;
		}
		check_collection(vendors[i]->users, false);
		check_places(vendors[i]->places, false);
		if (vendors[i]->transaction)
			check_name(vendors[i]->transaction->name);
		assert_true(!vendors[i]->memory_new == !vendors[i]->memory_free);
	}
}

/* What links a user is found again as a link to that user, whichever form the row has. */
static void test_links(void **state)
{
	const struct place *accounts = vendors_find("elasticpath")->places;
	const struct collection *links = accounts[0].below[0].collection;
	json_t *body = links->link(links, "m1");
	json_t *flat = json_pack("{s:s, s:s}", "id", "s1", "account_member_id", "m1");
	json_t *deep = json_pack("{s:s, s:{s:{s:{s:s}}}}", "id", "s1", "relationships",
				 "account_member", "data", "id", "m1");
	char buffer[COLLECTION_ID_MAX];

	(void)state;
	assert_string_equal(collection_id(links, body, buffer), "m1");
	assert_string_equal(collection_id(links, flat, buffer), "m1");
	assert_string_equal(collection_id(links, deep, buffer), "m1");
	assert_string_equal(collection_path_id(links, flat, buffer), "s1");
	assert_string_equal(collection_path_id(links, deep, buffer), "s1");
	assert_int_equal(collection_flags(links, "relationships"), FIELD_SYSTEM);
	json_decref(body);
	json_decref(flat);
	json_decref(deep);
}

static void test_redact(void **state)
{
	const struct {
		const char *words, *secret, *rest;
	} cases[] = {
	    {"no", "", "no"},
	    {"no", "n", "no"},
	    {"no or no", "no", "** or **"},
	    {"secret secretsecret", "secret", "****** ************"},
	    {"it was secre", "secret", "it was *****"},
	    {"it was secr", "secret", "it was secr"},
	    {"secretary", "secret", "******ary"},
	    {"a b c", "a\nb\tc", "*****"},
	    {"is a%40b%2Bc", "a@b+c", "is *********"},
	    {"is \\\"a\\\\", "\"a\\", "is *****"},
	    {"is a\\nb", "a\nb", "is ****"},
	    {"***** *****", "*****", "***** *****"},
	    {"is \xc3\xa4\xc3\xb6", "\xc3\xa4\xc3\xb6", "is ****"},
	    {"is \xff\xfe", "\xff\xfe", "is **"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char words[100];

		snprintf(words, sizeof(words), "%s", cases[i].words);
		redact(words, cases[i].secret);
		assert_string_equal(words, cases[i].rest);
	}
}

/* Each form in which a vendor may quote a secret, and parts of them. */
static void test_redact_forms(void **state)
{
	static const char secret[] = "kQ7/x+9 v&2\"Z~canary";
	static const char *const quoted[] = {
	    "a1E3L3grOSB2JjIiWn5jYW5hcnl0YWls",
	    "a1E3L3grOSB2JjIiWn5jYW5hcnl0YWls",
	    "eGtRNy94KzkgdiYyIlp+Y2FuYXJ5dGFpbA==",
	    "eGtRNy94KzkgdiYyIlp-Y2FuYXJ5dGFpbA",
	    "eHlrUTcveCs5IHYmMiJafmNhbmFyeXRhaWw=",
	    "eHlrUTcveCs5IHYmMiJafmNhbmFyeXRhaWw",
	    "eHl6OmtRNy94KzkgdiYyIlp+Y2FuYXJ5dGFpbA==",
	    "eHl6OmtRNy94KzkgdiYyIlp-Y2FuYXJ5dGFpbA",
	    "kQ7%2Fx%2B9%20v%262%22Z~canary",
	    "kq7%2fx%2b9%20v%262%22z~canary",
	    "kQ7%2Fx%2B9+v%262%22Z~canary",
	    "kQ7/x+9 v&2\\\"Z~canary",
	    "kQ7\\/x+9 v&2\\\"Z~canary",
	    "kQ7/x+9 v&amp;2&quot;Z~canary",
	    "KQ7/X+9 V&2\"Z~CANARY",
	    "/x+9 v&2\"Z",
	    "\"Z~canary",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(quoted) / sizeof(quoted[0]); i++) {
		char words[200], *end;
		size_t left = 0;

		snprintf(words, sizeof(words), "<%s>", quoted[i]);
		redact_whole(words, secret);
		end = strchr(words, '\0');
		/* of base64, digits that belong to what is beside the secret may be left */
		for (const char *at = words + 1; at < end - 1; at++)
			left += *at != '*';
		if (left > 14)
			fail_msg("%s of %s", words, quoted[i]);
	}
}

/* As RFC 4648 has it, with each length of padding. */
static void test_redact_basic(void **state)
{
	static const struct {
		const char *user, *words, *redacted;
	} cases[] = {
	    {"canary", "bad Basic Y2FuYXJ5OnB3, sorry", "bad Basic ************, sorry"},
	    {"canar", "bad Basic Y2FuYXI6cHc=", "bad Basic ************"},
	    {"cana", "Y2FuYTpwdw== is bad", "************ is bad"},
	    {"canary", "nothing of it", "nothing of it"},
	};
	char words[64];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(words, sizeof(words), "%s", cases[i].words);
		redact_basic(words, cases[i].user, "pw");
		assert_string_equal(words, cases[i].redacted);
	}
}

/* Words that end where memory does, in each character that begins a form. */
static void test_redact_at_end(void **state)
{
	static const char *const ends[] = {"&", "&#", "&#x", "%", "%4", "\\", "\\u00"};
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			   0);

	(void)state;
	assert_true(pages != MAP_FAILED);
	assert_int_equal(mprotect(pages + page, page, PROT_NONE), 0);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		char *words = pages + page - strlen(ends[i]) - 1;

		memcpy(words, ends[i], strlen(ends[i]) + 1);
		redact_whole(words, "kQ7canary");
		assert_string_equal(words, ends[i]);
	}
	munmap(pages, 2 * page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_places),       cmocka_unit_test(test_links),
	    cmocka_unit_test(test_redact),       cmocka_unit_test(test_redact_forms),
	    cmocka_unit_test(test_redact_basic), cmocka_unit_test(test_redact_at_end),
	};

	return cmocka_run_group_tests_name("places", tests, NULL, NULL);
}

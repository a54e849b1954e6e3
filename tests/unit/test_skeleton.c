/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_skeleton.c - which emails a reader takes for one another, and why.
 */
#include "vendors/base/address.h"
#include "vendors/base/skeleton.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define JANE "jane@example.com"

/* The steps that make one of the emails A and B. */
static unsigned compare(const char *a, const char *b)
{
	char *left = address_key(a), *right = address_key(b);
	unsigned steps = skeleton_compare(left, right);
	uint32_t of_left = skeleton_hash(left), of_right = skeleton_hash(right);

	if (steps != skeleton_compare(right, left))
		fail_msg("[%s] and [%s] compare in one order only", a, b);
	if (steps && of_left != of_right)
		fail_msg("[%s] and [%s] have two hashes", a, b);
	free(left);
	free(right);
	return steps;
}

static void test_similar(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned steps;
	} cases[] = {
	    {JANE, "jane+news@example.com", SKELETON_TAG},
	    {"jane+a@example.com", "JANE+B@example.com", SKELETON_TAG},
	    {JANE, "j.a.n.e@example.com", SKELETON_DOTS},
	    {"jane.@example.com", JANE, SKELETON_DOTS},
	    {JANE, "Jane Doe <jane@example.com>", SKELETON_NAME},
	    {JANE, "\"Doe, Jane\" <mailto:Jane@Example.com.>", SKELETON_NAME},
	    {JANE, "<jane@example.com>", SKELETON_NAME},
	    {JANE, "jane@example.com (Jane)", SKELETON_NAME},
	    {JANE, "'jane@example.com'", SKELETON_NAME},
	    {JANE, "\"jane\"@example.com", SKELETON_NAME},
	    {JANE, "jane @example.com", SKELETON_BLANKS},
	    {JANE, "ja\xc2\xa0ne@example.com", SKELETON_BLANKS},
	    {JANE, "ja" ADDRESS_NUL "ne@example.com", SKELETON_BLANKS},
	    {JANE, "ja\x1bne@example.com", SKELETON_BLANKS},
	    {JANE, "ja\xc2\x9bne@example.com", SKELETON_BLANKS},
	    /* Cyrillic, Greek, full-width, mathematical, with a mark */
	    {JANE, "j\xd0\xb0ne@example.com", SKELETON_LETTERS},
	    {JANE, "jane@ex\xd0\xb0mple.com", SKELETON_LETTERS},
	    {JANE, "jane@xn--exmple-4nf.com", SKELETON_LETTERS},
	    {JANE, "JANE@EX\xd0\x90MPLE.COM", SKELETON_LETTERS},
	    {JANE, "jan\xce\xb5@example.com", SKELETON_LETTERS},
	    {JANE, "jan\xef\xbd\x85@example.com", SKELETON_LETTERS},
	    {JANE,
	     "\xf0\x9d\x92\xbf"
	     "ane@example.com",
	     SKELETON_LETTERS},
	    {JANE, "jan\xc3\xa9@example.com", SKELETON_LETTERS},
	    {"o'brien@x.com",
	     "o\xe2\x80\x99"
	     "brien@x.com",
	     SKELETON_LETTERS},
	    {"a-b@x.com",
	     "a\xe2\x80\x93"
	     "b@x.com",
	     SKELETON_LETTERS},
	    /* in ASCII */
	    {JANE, "jane@examp1e.com", SKELETON_LETTERS},
	    {JANE, "jane@exampIe.com", SKELETON_LETTERS},
	    {"mary@modern.com", "mary@modem.com", SKELETON_LETTERS},
	    {"walter@x.com", "vvalter@x.com", SKELETON_LETTERS},
	    {"bob0@x.com", "bobo@x.com", SKELETON_LETTERS},
	    {"a5@x.com", "a\xd9\xa5@x.com", SKELETON_LETTERS},
	    /* what is copied with it */
	    {JANE, "jane@example.com,", SKELETON_NAME},
	    {JANE, "jane@example.com; ", SKELETON_NAME},
	    {JANE, "Jane Doe jane@example.com", SKELETON_NAME},
	    {JANE, "Jane jane@example.com", SKELETON_NAME},
	    {JANE, "Doe, Jane  Jane@Example.com;", SKELETON_NAME},
	    {JANE, "smtp:jane@example.com", SKELETON_NAME},
	    {JANE, "SMTP:mailto:jane@example.com", SKELETON_NAME},
	    {JANE, "mailto:jane@example.com?subject=x&cc=a@b.com", SKELETON_NAME},
	    {JANE, "Jane <mailto:jane@example.com?subject=x>", SKELETON_NAME},
	    {JANE, "ja ne@example.com", SKELETON_BLANKS},
	    {JANE, "j a n e@example.com", SKELETON_BLANKS},
	    {JANE, "ja\xed\xa0\xbdne@example.com", SKELETON_BLANKS},
	    /* signs */
	    {JANE, "jane@example..com", SKELETON_SIGNS},
	    {JANE, "jane@@example.com", SKELETON_SIGNS},
	    {JANE, "jane@@@example...com", SKELETON_SIGNS},
	    {JANE, "jane@.example.com", SKELETON_SIGNS},
	    {JANE, "jane@example,com", SKELETON_SIGNS},
	    {JANE, "jane+x@@example,com", SKELETON_TAG | SKELETON_SIGNS},
	    /* two at once */
	    {JANE, "J.\xd0\xb0ne+x@example.com", SKELETON_TAG | SKELETON_DOTS | SKELETON_LETTERS},
	    {JANE, "Jane <j.ane@example.com>", SKELETON_NAME | SKELETON_DOTS},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned steps = compare(cases[i].a, cases[i].b);

		if (steps != cases[i].steps)
			fail_msg("[%s] and [%s]: %u, not %u", cases[i].a, cases[i].b, steps,
				 cases[i].steps);
	}
}

static void test_others(void **state)
{
	static const char *const pairs[][2] = {
	    {JANE, "jane@example.org"},
	    {JANE, "jane@ex.ample.com"},
	    {JANE, "joan@example.com"},
	    {JANE, "jane@example.com@evil.com"},
	    {JANE, "jane2@example.com"},
	    {"user1@x.com", "user2@x.com"},
	    {"user1@x.com", "user11@x.com"},
	    {"+a@x.com", "+b@x.com"},
	    {"jane_doe@x.com", "jane-doe@x.com"},
	    {JANE, "jane@example.com,bob@example.com"},
	    {JANE, "x,jane@example.com"},
	    {JANE, "dear jane,doe@example.com"},
	    {"\xe5\xa4\xaa\xe9\x83\x8e@x.jp", "\xe6\xac\xa1\xe9\x83\x8e@x.jp"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		if (compare(pairs[i][0], pairs[i][1]))
			fail_msg("[%s] is taken for [%s]", pairs[i][0], pairs[i][1]);
	}
}

/* As long as an answer can be: the time must not grow faster than the length. */
static void test_long(void **state)
{
	static const char *const pieces[] = {"(", "()", "<",  "\"", ".", "rn", "\xd0\xb0",
					     " ", "a ", "a:", "@",  ",", "?",  ADDRESS_NUL};
	const size_t length = 400000;
	char *key = malloc(length + 64), *skeleton;

	(void)state;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		char *to = stpcpy(key, "a@b");

		while (to < key + length)
			to = stpcpy(to, pieces[i]);
		skeleton = skeleton_make(key, SKELETON_ALL);
		assert_non_null(skeleton);
		assert_true(strlen(skeleton) <= strlen(key));
		free(skeleton);
	}
	free(key);
}

static void test_words(void **state)
{
	(void)state;
	for (unsigned step = 1; step < SKELETON_ALL; step <<= 1)
		assert_true(*skeleton_words(step));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_similar),
	    cmocka_unit_test(test_others),
	    cmocka_unit_test(test_long),
	    cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

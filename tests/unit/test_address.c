/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_address.c - which spellings of an email are one person's.
 */
#include "vendors/base/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <cmocka.h>

#define JANE "jane@example.com"

static void expect_key(const char *email, const char *expected)
{
	char *key = address_key(email), *again = address_key(key);

	if (strcmp(key, expected) != 0)
		fail_msg("the key of [%s] is [%s], not [%s]", email, key, expected);
	assert_string_equal(again, key);
	free(key);
	free(again);
}

/* Each of these is Jane. */
static void test_one_person(void **state)
{
	static const char *const emails[] = {
	    JANE,
	    "Jane@Example.COM",
	    " " JANE,
	    JANE " \t\r\n",
	    JANE "\xe2\x80\x8b",                    /* zero-width space */
	    "\xef\xbb\xbf" JANE,                    /* byte order mark */
	    "ja\xe2\x80\x8bne@exam\xc2\xadple.com", /* and a soft hyphen */
	    "\xc2\xa0" JANE "\xc2\xa0",             /* no-break space */
	    "\xe3\x80\x80" JANE,                    /* ideographic space */
	    "\xe2\xa0\x80" JANE,                    /* braille blank */
	    "\xe2\x80\xae" JANE,                    /* right-to-left override */
	    "jane\xef\xb8\x8f@example.com",         /* variation selector */
	    "mailto:" JANE,
	    " MailTo: " JANE " ",
	    "mail\xe2\x80\x8bto:" JANE,
	    JANE ".",
	    JANE " . ",
	    "mailto:mailto:" JANE ".. ",
	    "jane@ex\xef\xbd\x81mple.com", /* a full-width letter of the domain */
	    "jane@example\xe3\x80\x82"
	    "com", /* an ideographic full stop */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(emails) / sizeof(emails[0]); i++)
		expect_key(emails[i], JANE);
}

static void test_keys(void **state)
{
	static const char *const pairs[][2] = {
	    /* letters of other scripts, composed and decomposed */
	    {"\xc3\x89mile@x.com", "\xc3\xa9mile@x.com"},
	    {"e\xcc\x81mile@x.com", "\xc3\xa9mile@x.com"},
	    {"E\xcc\x81mile@x.com", "\xc3\xa9mile@x.com"},
	    {"STRASSE@x.com", "strasse@x.com"},
	    {"Stra\xc3\x9f"
	     "e@x.com",
	     "strasse@x.com"},
	    {"\xce\xa3\xce\x91\xce\xa3@x.gr", "\xcf\x83\xce\xb1\xcf\x83@x.gr"},
	    {"\xcf\x83\xce\xb1\xcf\x82@x.gr", "\xcf\x83\xce\xb1\xcf\x83@x.gr"},
	    /* domains */
	    {"a@b\xc3\xbc"
	     "cher.example",
	     "a@xn--bcher-kva.example"},
	    {"a@B\xc3\x9c"
	     "CHER.example.",
	     "a@xn--bcher-kva.example"},
	    {"a@bu\xcc\x88"
	     "cher.example",
	     "a@xn--bcher-kva.example"},
	    {"a@XN--bcher-KVA.Example", "a@xn--bcher-kva.example"},
	    {"a@fa\xc3\x9f.de", "a@xn--fa-hia.de"},
	    /* what is no domain stays apart, but not by its case */
	    {"a@\xc3\x89>", "a@\xc3\xa9>"},
	    {"a@xn--zzzzzz", "a@xn--zzzzzz"},
	    /* only the last @ begins a domain, and only a domain ends in a dot */
	    {"\"a@b.\"@C.com.", "\"a@b.\"@c.com"},
	    {"No-At-Sign.", "no-at-sign."},
	    {"..", ".."},
	    {"a.@x", "a.@x"},
	    /* what is inside stays */
	    {"two words@x", "two words@x"},
	    {"tab\t@x", "tab\t@x"},
	    {"\x01"
	     "a@x",
	     "\x01"
	     "a@x"},
	    {"jane+news@x.com", "jane+news@x.com"},
	    {"j.ane@x.com", "j.ane@x.com"},
	    {"Jane <jane@x.com>", "jane <jane@x.com>"},
	    {"a" ADDRESS_NUL "b@x.com", "a" ADDRESS_NUL "b@x.com"},
	    {ADDRESS_NUL, ADDRESS_NUL},
	    /* nobody */
	    {"", ""},
	    {" \xc2\xa0\xe2\x80\x8b", ""},
	    {"mailto: ", ""},
	    /* not UTF-8 */
	    {"\xff\xc3"
	     "A@x",
	     "\xff\xc3"
	     "a@x"},
	    {"A\xed\xa0\xbd@x", "a\xed\xa0\xbd@x"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		expect_key(pairs[i][0], pairs[i][1]);
}

/* Emails of strangers may be as long as an answer: the time for one must not grow faster than that.
 */
static void test_long(void **state)
{
	static const char *const pieces[] = {".",    " ",       "mailto:", "@", "\xe3\x80\x82",
					     "xn--", "\xc3\xa9"};
	const size_t length = 400000;
	char *email = malloc(length + 64), *key, *again;

	(void)state;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		char *to = stpcpy(email, " mailto:a@b");

		while (to < email + length)
			to = stpcpy(to, pieces[i]);
		key = address_key(email);
		again = address_key(key);
		assert_string_equal(again, key);
		free(key);
		free(again);
	}
	free(email);
}

static void test_nul(void **state)
{
	static const char email[] = "a\0b@x.com";
	char *text = address_text(email, sizeof(email) - 1);
	const char *at = text;

	(void)state;
	assert_string_equal(text, "a" ADDRESS_NUL "b@x.com");
	assert_int_equal(address_next(&at), 'a');
	assert_int_equal(address_next(&at), 0);
	assert_string_equal(at, "b@x.com");
	assert_false(address_is_plain(email, sizeof(email) - 1));
	free(text);
}

static void expect_display(const char *key, const char *expected)
{
	char *shown = address_display(key), *again = address_key(shown);

	assert_string_equal(shown, expected);
	assert_string_equal(again, key);
	free(shown);
	free(again);
}

static void test_display(void **state)
{
	(void)state;
	expect_display(JANE, JANE);
	expect_display("a@xn--bcher-kva.example", "a@b\xc3\xbc"
						  "cher.example");
	expect_display("xn--bcher-kva@x.com", "xn--bcher-kva@x.com");
	/* no form of any domain: not one that would be read as another */
	expect_display("a@xn--zzzzzz", "a@xn--zzzzzz");
	expect_display("a@xn--a", "a@xn--a");
	expect_display("a@xn--example-.com", "a@xn--example-.com");
}

static void test_spellings(void **state)
{
	static const char *const equal[][2] = {
	    {JANE, "Jane@EXAMPLE.com"},
	    {JANE, " \xc2\xa0Jane@example.com\n"},
	    {"\xc3\x89mile@x", "\xc3\xa9mile@x "},
	    {" \xe2\x80\x8b" JANE, "\xe2\x80\x8bJane@example.com"},
	};
	static const char *const apart[][2] = {
	    {JANE, "ja\xe2\x80\x8bne@example.com"},
	    {JANE, JANE "\xe2\x80\x8b"},
	    {JANE, JANE "."},
	    {JANE, "mailto:" JANE},
	    {"e\xcc\x81mile@x", "\xc3\xa9mile@x"},
	    {"stra\xc3\x9f"
	     "e@x",
	     "strasse@x"},
	    {"a@b\xc3\xbc"
	     "cher.example",
	     "a@xn--bcher-kva.example"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(equal) / sizeof(equal[0]); i++)
		assert_int_equal(address_compare_spelling(equal[i][0], equal[i][1]), 0);
	for (size_t i = 0; i < sizeof(apart) / sizeof(apart[0]); i++) {
		int order = address_compare_spelling(apart[i][0], apart[i][1]);
		char *left = address_key(apart[i][0]), *right = address_key(apart[i][1]);

		assert_int_not_equal(order, 0);
		assert_true((order < 0) ==
			    (address_compare_spelling(apart[i][1], apart[i][0]) > 0));
		assert_string_equal(left, right);
		free(left);
		free(right);
	}
}

/* ---- random emails ---- */

/* Of these, emails are made that a person would not think of. */
static const char *const parts[] = {
    "a",
    "B",
    "@",
    ".",
    "xn--",
    "mailto:",
    " ",
    "\xc2\xa0",
    "\xe2\x80\x8b",
    "\xc3\x89",
    "e",
    "\xcc\x81",
    "\xc3\x9f",
    "\xe1\xba\x9e",
    "\xc4\xb0",
    "\xce\xa3",
    "\xcf\x82",
    ADDRESS_NUL,
    "\xe3\x80\x82",
    "-",
    "bcher-kva",
    "\xf0\x9d\x90\x80",
    "\xcd\x85",
    "\xcc\xa7",
    "\xe1\x84\x80",
    "\xe1\x85\xa1",
    "\xff",
    "\xef\xbc\xa0",
    "\xe2\x98\x83",
    "\xd7\x90",
    "\xd9\xa0",
    "1",
    "<",
    "%",
    "\t",
};

static void make_random(char *email, size_t most)
{
	size_t count = 1 + (size_t)rand() % most;

	*email = '\0';
	for (size_t i = 0; i < count; i++)
		email = stpcpy(email, parts[(size_t)rand() % (sizeof(parts) / sizeof(parts[0]))]);
}

/*
 * A name is made of a key, and what is looked up by the name is found by the name's key. Records
 * that are apart by their spelling have one key.
 */
static void check(const char *email)
{
	char *key = address_key(email), *again = address_key(key);
	char *shown = address_display(key), *of_shown = address_key(shown);
	char *spelling = address_spelling(email), *of_spelling = address_key(spelling);

	if (strcmp(again, key) != 0)
		fail_msg("[%s] has the key [%s], and that [%s]", email, key, again);
	if (strcmp(of_shown, key) != 0)
		fail_msg("[%s] is shown as [%s], whose key is [%s]", key, shown, of_shown);
	if (strcmp(of_spelling, key) != 0)
		fail_msg("[%s] is spelled [%s], with key [%s], not [%s]", email, spelling,
			 of_spelling, key);
	if (address_is_plain(email, strlen(email)))
		assert_int_equal(strcasecmp(email, key), 0);
	free(key);
	free(again);
	free(shown);
	free(of_shown);
	free(spelling);
	free(of_spelling);
}

static void test_random(void **state)
{
	char email[512];

	(void)state;
	srand(11);
	for (int turn = 0; turn < 30000; turn++) {
		make_random(email, 12);
		check(email);
	}
}

/* Each character, in the name and in the domain. */
static void test_each_character(void **state)
{
	char email[64], name[32];

	(void)state;
	for (uint32_t character = 0x80; character < 0x20000; character++) {
		size_t length = 0;

		/* thousands of ideographs and syllables, which nothing is done to */
		if (character == 0x3400)
			character = 0x9f00;
		if (character == 0xac10)
			character = 0xd700;
		if (character >= 0x800 && (character < 0xd800 || character > 0xdfff)) {
			if (character >= 0x10000)
				name[length++] = (char)(0xf0 | character >> 18);
			name[length++] = (char)(character >= 0x10000
						    ? 0x80 | (character >> 12 & 0x3f)
						    : 0xe0 | character >> 12);
			name[length++] = (char)(0x80 | (character >> 6 & 0x3f));
		} else if (character < 0x800) {
			name[length++] = (char)(0xc0 | character >> 6);
		} else {
			continue;
		}
		name[length++] = (char)(0x80 | (character & 0x3f));
		name[length] = '\0';
		snprintf(email, sizeof(email), "a%sb@x", name);
		check(email);
		snprintf(email, sizeof(email), "a@x%sy", name);
		check(email);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one_person), cmocka_unit_test(test_keys),
	    cmocka_unit_test(test_long),       cmocka_unit_test(test_nul),
	    cmocka_unit_test(test_display),    cmocka_unit_test(test_spellings),
	    cmocka_unit_test(test_random),     cmocka_unit_test(test_each_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

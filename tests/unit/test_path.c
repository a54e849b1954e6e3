/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_path.c - ids become names and names become ids again, whatever bytes are in them.
 */
#include "fs/tree/path.h"
#include "vendors/base/address.h"
#include "vendors/json/id_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_stems(void **state)
{
	static const struct {
		const char *id, *stem;
	} cases[] = {
	    {"123", "123"},
	    {"111111l63", "111111l63"},
	    {"a b", "a b"},
	    {"a/b", "a%2Fb"},
	    {".hidden", "%2Ehidden"},
	    {"..", "%2E."},
	    {"a.b", "a.b"},
	    {"#1", "%231"},
	    {"a#1", "a#1"},
	    {"100%", "100%25"},
	    {"a\nb\x7f", "a%0Ab%7F"},
	    {"J\xc3\xb6rg", "J\xc3\xb6rg"},
	    {"%2F", "%252F"},
	    /* C1, a mark of direction, a separator of lines; not a letter beside them */
	    {"\xc2\x9b"
	     "2J",
	     "%C2%9B2J"},
	    {"a\xe2\x80\xaeg", "a%E2%80%AEg"},
	    {"\xe2\x80\xa8", "%E2%80%A8"},
	    {"\xc2\xa0\xe2\x82\xac", "\xc2\xa0\xe2\x82\xac"},
	    /* what id_text.h marks: NUL, the mark, half a surrogate pair */
	    {"a\x1a"
	     "0b",
	     "a%00b"},
	    {"\x1a"
	     "0",
	     "%00"},
	    {"\x1a\x1a"
	     "0",
	     "%1A0"},
	    {"\x1a"
	     "d83dx",
	     "%ED%A0%BDx"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char stem[PATH_STEM_MAX + 1], id[PATH_STEM_MAX + 1];

		path_stem(cases[i].id, stem);
		assert_string_equal(stem, cases[i].stem);
		assert_false(path_is_cut(stem));
		assert_true(path_id(stem, id));
		assert_string_equal(id, cases[i].id);
	}
}

static void test_names_that_are_no_stems(void **state)
{
	/* Each record has one name: what another name decodes to does not count. */
	static const char *const stems[] = {"12%33",  "%2f",  "a%",   "a%2", "a%ZZ",
					    "%C0%80", "\x1a", "\0320"}; /* the same, and a 0 */
	char id[PATH_STEM_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(stems) / sizeof(stems[0]); i++)
		assert_false(path_id(stems[i], id));
}

static void test_emails(void **state)
{
	static const struct {
		const char *email, *stem, *ascii;
	} cases[] = {
	    {"jane@x", "jane@x", "jane@x"},
	    {"a" ADDRESS_NUL "b@x", "a%00b@x", "a%00b@x"},
	    {"J\xc3\xb6rg@x", "J\xc3\xb6rg@x", "J%C3%B6rg@x"},
	    {"a\xc2\x9b\xc2\xa0@x", "a%C2%9B\xc2\xa0@x", "a%C2%9B%C2%A0@x"},
	    {"ja\xe2\x80\x8bne@x", "ja\xe2\x80\x8bne@x", "ja%E2%80%8Bne@x"},
	    {"a%00b\n@x", "a%2500b%0A@x", "a%2500b%0A@x"},
	    {"a\xed\xa0\xbd\xed\xbf\xbf@x", "a%ED%A0%BD%ED%BF%BF@x", "a%ED%A0%BD%ED%BF%BF@x"},
	    {"a\xed\x9f\xbf@x", "a\xed\x9f\xbf@x", "a%ED%9F%BF@x"},
	};
	/* as they are typed, or not */
	static const char *const typed[] = {"a\tb@x", "a\xc2\x9b@x", ".a@x",       "#a@x",
					    "a%b@x",  "a%C3\xb6@x",  "per%CEnt@x", "%41@x",
					    "50%@x",  "%%2F@x"};
	static const char *const none[] = {".hidden", "#x#", "%41", "a%", ""};
	char stem[PATH_STEM_MAX + 1], email[PATH_STEM_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		path_email_stem(cases[i].email, false, stem);
		assert_string_equal(stem, cases[i].stem);
		assert_true(path_email(stem, email));
		assert_string_equal(email, cases[i].email);
		path_email_stem(cases[i].email, true, stem);
		assert_string_equal(stem, cases[i].ascii);
		assert_true(path_email(stem, email));
		assert_string_equal(email, cases[i].email);
	}
	for (size_t i = 0; i < sizeof(typed) / sizeof(typed[0]); i++) {
		assert_true(path_email(typed[i], email));
		assert_string_equal(email, typed[i]);
	}
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_false(path_email(none[i], email));
}

static void test_kinds(void **state)
{
	static const struct {
		const char *name;
		enum path_kind kind;
	} cases[] = {
	    {"123.json", PATH_JSON},      {"123.status", PATH_STATUS}, {"a.b.json", PATH_JSON},
	    {"123.json.json", PATH_JSON}, {".json", PATH_OTHER},       {".status", PATH_OTHER},
	    {".123.json", PATH_OTHER},    {"#123.json", PATH_OTHER},   {"#123.json#", PATH_OTHER},
	    {"123.json~", PATH_OTHER},    {"4913", PATH_OTHER},        {"autorun.inf", PATH_OTHER},
	    {"json", PATH_OTHER},         {"123.JSON", PATH_OTHER},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct path_name name;

		path_parse(cases[i].name, &name);
		assert_int_equal(name.kind, cases[i].kind);
	}
}

/* Names of long ids fit, differ, and are not taken for names of short ids. */
static void test_long_ids(void **state)
{
	char id[1024], other[1024], stem[PATH_STEM_MAX + 1], stem2[PATH_STEM_MAX + 1];
	char back[PATH_STEM_MAX + 1];

	(void)state;
	for (size_t length = PATH_STEM_MAX - 3; length < PATH_STEM_MAX + 4; length++) {
		memset(id, 'x', length);
		id[length] = '\0';
		path_stem(id, stem);
		assert_true(strlen(stem) <= PATH_STEM_MAX);
		assert_int_equal(path_is_cut(stem), length > PATH_STEM_MAX);
		assert_int_equal(path_id(stem, back), length <= PATH_STEM_MAX);
		memcpy(other, id, length + 1);
		other[length - 1] = 'y';
		path_stem(other, stem2);
		assert_string_not_equal(stem, stem2);
	}
	/* cut between characters, never inside %XX or UTF-8 */
	for (size_t shift = 0; shift < 4; shift++) {
		memset(id, 'x', shift);
		for (size_t i = shift; i < 900; i += 3)
			memcpy(id + i, "\xe6\xbc\xa2", 3);
		id[900 + shift % 3] = '\0';
		path_stem(id, stem);
		assert_true(path_is_cut(stem));
		for (size_t i = 0; i + 18 < strlen(stem) && stem[i]; i++) {
			if (((unsigned char)stem[i] & 0xe0) == 0xe0)
				assert_true(((unsigned char)stem[i + 2] & 0xc0) == 0x80);
		}
	}
}

/* Return true if TEXT, of UTF-8 and %XX, is cut inside neither. */
static bool is_whole(const char *text, size_t length)
{
	size_t at = 0;

	while (at < length)
		at += text[at] == '%' ? 3 : (unsigned char)text[at] >= 0xe0 ? 3 : 1;
	return at == length;
}

static void test_joined(void **state)
{
	static const char *const pieces[] = {"x", "\xe6\xbc\xa2", "%2F"};
	char head[PATH_STEM_MAX + 1], id[1024], stem[PATH_STEM_MAX + 1], other[PATH_STEM_MAX + 1];

	(void)state;
	path_join("jane@x", "7", false, stem);
	assert_string_equal(stem, "jane@x~7");
	path_join("jane@x", ".a/b", false, stem);
	assert_string_equal(stem, "jane@x~%2Ea%2Fb");
	path_join("jane@x", "7", true, stem);
	assert_true(path_is_cut(stem));
	assert_memory_equal(stem, "jane@x~7%~", 10);
	path_join("a~b", "c", true, stem);
	path_join("a", "b~c", true, other);
	assert_string_not_equal(stem, other);
	/* heads and ids of all lengths; the id's slash becomes three bytes too */
	for (size_t length = 1; length < 900; length += 7) {
		const char *piece = pieces[length % 3];
		const char *other_piece = strcmp(piece, "%2F") == 0 ? "/" : piece;

		char *at = stpcpy(head, piece);

		while (at - head + 3 <= PATH_STEM_MAX && (size_t)(at - head) < length)
			at = stpcpy(at, piece);
		at = stpcpy(id, other_piece);
		while ((size_t)(at - id) < length)
			at = stpcpy(at, other_piece);
		path_join(head, id, false, stem);
		assert_true(strlen(stem) <= PATH_STEM_MAX);
		if (path_is_cut(stem))
			assert_true(is_whole(stem, (size_t)(strstr(stem, "%~") - stem)));
		stpcpy(at, "y");
		path_join(head, id, false, other);
		assert_string_not_equal(stem, other);
	}
}

/* Random bytes, and every pair of short ids over a nasty alphabet: back again, and no two alike. */
static void test_random_ids(void **state)
{
	static const char alphabet[] = "a.%/#~2F\n\x7f\xc3\xa9";
	char stems[400][PATH_STEM_MAX + 1];
	char id[64], back[PATH_STEM_MAX + 1], *text;
	size_t count = 0;

	(void)state;
	srand(7);
	for (size_t i = 0; i < sizeof(alphabet) - 1; i++) {
		for (size_t j = 0; j < sizeof(alphabet) - 1; j++) {
			id[0] = alphabet[i];
			id[1] = alphabet[j];
			id[2] = '\0';
			path_stem(id, stems[count++]);
		}
	}
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(stems[i], stems[j]);
	}
	for (int round = 0; round < 20000; round++) {
		size_t length = 1 + (size_t)rand() % 60;
		char stem[PATH_STEM_MAX + 1];

		for (size_t i = 0; i < length; i++)
			id[i] = (char)(rand() % 256);
		/* which no id has */
		if (memmem(id, length, ADDRESS_NUL, 2))
			continue;
		text = id_text_of_bytes(id, length);
		path_stem(text, stem);
		assert_null(strchr(stem, '/'));
		assert_true(path_id(stem, back));
		assert_string_equal(back, text);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_stems),      cmocka_unit_test(test_names_that_are_no_stems),
	    cmocka_unit_test(test_emails),     cmocka_unit_test(test_kinds),
	    cmocka_unit_test(test_long_ids),   cmocka_unit_test(test_joined),
	    cmocka_unit_test(test_random_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_mistyped.c - which names are a record's with a mistyped suffix, and what a text says that is
 * written piece by piece.
 */
#include "fs/memory/mistyped.h"
#include "fs/memory/scratch_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyz"

typedef void edited_fn(const char *text, int left);

/* Call DONE with each text that is one edit away from TEXT. */
static void each_edit(const char *text, edited_fn *done, int left)
{
	size_t length = strlen(text);
	char edited[32];

	for (size_t i = 0; i <= length; i++) {
		for (const char *letter = LETTERS; *letter; letter++) {
			snprintf(edited, sizeof(edited), "%.*s%c%s", (int)i, text, *letter,
				 text + i);
			done(edited, left);
			snprintf(edited, sizeof(edited), "%s", text);
			if (i < length)
				edited[i] = *letter;
			done(edited, left);
		}
		if (i == length)
			continue;
		snprintf(edited, sizeof(edited), "%.*s%s", (int)i, text, text + i + 1);
		done(edited, left);
		if (i + 1 == length)
			continue;
		snprintf(edited, sizeof(edited), "%.*s%c%c%s", (int)i, text, text[i + 1], text[i],
			 text + i + 2);
		done(edited, left);
	}
}

static const char *word;
static size_t tried;

static void check_near(const char *suffix, int left)
{
	bool exact = strcmp(suffix, "json") == 0 || strcmp(suffix, "status") == 0;
	bool of_json = strcmp(word, "json") == 0;
	char name[64];

	snprintf(name, sizeof(name), "26.%s", suffix);
	assert_int_equal(mistyped_form(name, false), !exact);
	if (of_json)
		assert_int_equal(mistyped_form(name, true), !exact);
	name[3] = (char)(name[3] - 'a' + 'A');
	assert_true(mistyped_form(name, false));
	tried++;
	if (left)
		each_edit(suffix, check_near, left - 1);
}

/* Each that two edits make, of whatever kinds and in whatever order. */
static void test_two_letters(void **state)
{
	static const char *const words[] = {"json", "status"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		word = words[i];
		tried = 0;
		each_edit(word, check_near, 1);
		assert_true(tried > 50000);
	}
}

static void test_forms(void **state)
{
	static const struct {
		const char *name;
		bool mistyped, in_new;
	} cases[] = {
	    {"26.statu", true, false},
	    {"26.Status", true, false},
	    {"26.STATUS", true, false},
	    {"26.state", true, false},
	    {"26.stat", true, false},
	    {"26.statsu", true, false},
	    {"26.statuses", true, false},
	    {"26.status.txt", true, false},
	    {"26.json.txt", true, true},
	    {"26.status.TXT", true, false},
	    {"26.json.Txt", true, true},
	    {"26.json.jsn", true, true},
	    {"26.json.JSON", true, true},
	    {"a.b.json.jso", true, true},
	    {"26.json.jasonn", true, true},
	    {"26.status.statu", true, false},
	    {"26.status.Status", true, false},
	    {"26.status.STATSU", true, false},
	    {"26.status.statuses", true, false},
	    /* what mktemp, rsync and others may make of these names */
	    {"26.json.status", false, false},
	    {"26.json.statu", false, false},
	    {"26.status.jsn", false, false},
	    {"26.status.stAtus", false, false},
	    {"26.status.StatuS", false, false},
	    {"26.json.jsXonQ", false, false},
	    {".26.json.jsn", false, false},
	    {".26.status.statux", false, false},
	    {".26.status.TXTa", false, false},
	    {"26.json.jsn.jsn", false, false},
	    {"26.status.tmp", false, false},
	    {"26.json.jsn~", false, false},
	    {"26.JSON", true, true},
	    {"26.jsonx", true, true},
	    {"26.js", true, true},
	    {"26.jsnotes", false, false},
	    {"a.b.jsn", true, true},
	    {"26..jsno", true, true},
	    {".statu", true, false},
	    {"26.json~", false, false},
	    {"26.json.bak", false, false},
	    {"26.jsonXXXXXX", false, false},
	    {"26.status.gawk.Status", false, false},
	    {"26.status.gawk.XXXXXX", false, false},
	    {"26.json.old", false, false},
	    {"26.json.orig", false, false},
	    {".26.json.statuz", false, false},
	    {"26.tmp", false, false},
	    {"26.bak", false, false},
	    {"26.stauu1", false, false},
	    {"26.json5", false, false},
	    {"26.st\xc3\xa4tus", false, false},
	    {"26.sta", false, false},
	    {"26.n", false, false},
	    {"26.", false, false},
	    {"26", false, false},
	    {"json", false, false},
	    {"26.txt", false, false},
	    {".26.json.swp", false, false},
	    {"#26.json#", false, false},
	    {".json.txt", false, false},
	    {".#26.json", false, false},
	    {"4913", false, false},
	    {"sedXXXXXX", false, false},
	    {"", false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (mistyped_form(cases[i].name, false) != cases[i].mistyped ||
		    mistyped_form(cases[i].name, true) != cases[i].in_new)
			fail_msg("%s", cases[i].name);
	}
}

/* ---- texts ---- */

/* Write PIECES one after the other: which of them makes it say something, and what. */
static int said_by(const char *const *pieces, enum scratch_text_says *says)
{
	struct scratches *all = scratch_table_new(1 << 20);
	struct scratch *scratch = NULL;
	int number = 0;

	*says = SCRATCH_NOTHING;
	assert_int_equal(scratch_make(all, "d/x", NULL, &scratch), 0);
	for (; *pieces && *says == SCRATCH_NOTHING; pieces++) {
		size_t size = strlen(*pieces);

		*says = scratch_text_says_after(scratch, *pieces, size, -1);
		assert_int_equal(scratch_text_write(all, scratch, *pieces, size, -1), 0);
		assert_int_equal(scratch_text_says(scratch), *says);
		number++;
	}
	scratch_put(all, scratch);
	scratch_table_free(all);
	return number;
}

static void test_pieces(void **state)
{
	static const struct {
		const char *pieces[6];
		int number;
		enum scratch_text_says says;
	} cases[] = {
	    {{"inactive\n"}, 1, SCRATCH_STATUS},
	    {{"active"}, 1, SCRATCH_STATUS},
	    {{"deleted"}, 1, SCRATCH_STATUS},
	    {{"in", "act", "ive"}, 3, SCRATCH_STATUS},
	    {{"inactively"}, 1, SCRATCH_NOTHING},
	    {{"inactive\n\n"}, 1, SCRATCH_NOTHING},
	    {{"Inactive"}, 1, SCRATCH_NOTHING},
	    {{"\ninactive"}, 1, SCRATCH_NOTHING},
	    {{"{\"a\": 1}\n"}, 1, SCRATCH_OBJECT},
	    {{" {", "}"}, 2, SCRATCH_OBJECT},
	    {{"{", "\"a\"", ":", "[1]", "}"}, 5, SCRATCH_OBJECT},
	    {{"{}{}"}, 1, SCRATCH_NOTHING},
	    {{"[]", "{}"}, 2, SCRATCH_NOTHING},
	    {{"{\"a\"}"}, 1, SCRATCH_NOTHING},
	    {{"x", "{}"}, 2, SCRATCH_NOTHING},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum scratch_text_says says;

		assert_int_equal(said_by(cases[i].pieces, &says), cases[i].number);
		assert_int_equal(says, cases[i].says);
	}
}

/* Only a text that was written in order from the start counts for a write. */
static void test_order(void **state)
{
	struct scratches *all = scratch_table_new(1 << 20);
	struct scratch *scratch = NULL;

	(void)state;
	assert_int_equal(scratch_make(all, "d/x", NULL, &scratch), 0);
	assert_int_equal(scratch_text_write(all, scratch, "{ ?", 3, 0), 0);
	assert_int_equal(scratch_text_says_after(scratch, "}", 1, 2), SCRATCH_NOTHING);
	assert_int_equal(scratch_text_write(all, scratch, " ", 1, 2), 0);
	assert_int_equal(scratch_text_says_after(scratch, "}", 1, 3), SCRATCH_NOTHING);
	/* but a rename looks at what is there */
	assert_int_equal(scratch_text_write(all, scratch, "}", 1, 3), 0);
	assert_int_equal(scratch_text_says(scratch), SCRATCH_OBJECT);
	/* over all that was there: a new start */
	assert_int_equal(scratch_text_says_after(scratch, "active", 6, 0), SCRATCH_STATUS);
	assert_int_equal(scratch_text_says_after(scratch, "{}  ", 4, 0), SCRATCH_OBJECT);
	assert_int_equal(scratch_text_says_after(scratch, "{}", 2, 0), SCRATCH_NOTHING);
	assert_int_equal(scratch_text_write(all, scratch, "{ \"b\"", 5, 0), 0);
	assert_int_equal(scratch_text_says_after(scratch, ":1}", 3, 5), SCRATCH_OBJECT);
	assert_int_equal(scratch_text_says_after(scratch, ":1}", 3, 9), SCRATCH_NOTHING);
	/* what was seen and then cut off, or written anew, is not what the scanner remembers */
	assert_int_equal(scratch_text_truncate(all, scratch, 1), 0);
	assert_int_equal(scratch_text_says_after(scratch, "}", 1, -1), SCRATCH_OBJECT);
	assert_int_equal(scratch_text_truncate(all, scratch, 0), 0);
	assert_int_equal(scratch_text_says_after(scratch, "}", 1, -1), SCRATCH_NOTHING);
	assert_int_equal(scratch_text_says_after(scratch, "inactive\n", 9, -1), SCRATCH_STATUS);
	assert_int_equal(scratch_text_truncate(all, scratch, 3), 0);
	assert_int_equal(scratch_text_says_after(scratch, "active", 6, -1), SCRATCH_NOTHING);
	scratch_put(all, scratch);
	scratch_table_free(all);
}

/* A file knows its newest name, and none once that is another's or gone. */
static void test_paths(void **state)
{
	struct scratches *all = scratch_table_new(1 << 20);
	struct scratch *scratch = NULL;
	char *path;

	(void)state;
	assert_int_equal(scratch_make(all, "d/x", NULL, &scratch), 0);
	assert_int_equal(scratch_rename(all, "d/x", "d/y"), 0);
	path = scratch_path(all, scratch);
	assert_string_equal(path, "d/y");
	free(path);
	assert_int_equal(scratch_replace(all, "d/y", "new", 3), 0);
	assert_null(scratch_path(all, scratch));
	assert_int_equal(scratch_remove(all, "d/y"), 0);
	assert_null(scratch_path(all, scratch));
	scratch_put(all, scratch);
	scratch_table_free(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_two_letters), cmocka_unit_test(test_forms),
	    cmocka_unit_test(test_pieces),      cmocka_unit_test(test_order),
	    cmocka_unit_test(test_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

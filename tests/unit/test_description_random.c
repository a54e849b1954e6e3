/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_description_random.c - thousands of damaged descriptions: each is read or refused, in one
 * line that names the file.
 *
 * Meant for the sanitizers. What is damaged are the descriptions of the tree.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/description_text.h"

#include <glob.h>
#include <time.h>

#define TEXT_MAX 16384

static uint32_t random_state = 20261130;

static uint32_t random_below(uint32_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state % limit;
}

static size_t insert(char *text, size_t length, size_t at, const char *piece)
{
	size_t bytes = strlen(piece);

	if (length + bytes >= TEXT_MAX)
		return length;
	memmove(text + at + bytes, text + at, length - at);
	/* NOLINTNEXTLINE(bugprone-not-null-terminated-result): it is a part of TEXT */
	memcpy(text + at, piece, bytes);
	return length + bytes;
}

static size_t mutate(char *text, size_t length)
{
	static const char *const pieces[] = {"[",
					     "]",
					     "\n",
					     "=",
					     " ;",
					     "\n ",
					     "{",
					     "}",
					     "{id}",
					     "{changes}",
					     "{/a}",
					     "/*",
					     ", ",
					     "\"",
					     "~",
					     "header:",
					     "last:",
					     "*",
					     "\n[list next]\n",
					     "\n[self]\n",
					     "\n[a/list]\n",
					     "\n[place a]\n",
					     "if a = b",
					     "absent",
					     "\n[deactivate if delete_deactivates]\n",
					     "kind = scim\n",
					     "\x80",
					     "|",
					     "none",
					     "GET /"};
	size_t at = random_below((uint32_t)length), some = 1 + random_below(40);

	switch (random_below(4)) {
	case 0:
		text[at] = (char)random_below(256);
		return length;
	case 1: /* lose some */
		if (at + some >= length)
			return length;
		memmove(text + at, text + at + some, length - at - some);
		return length - some;
	case 2:
		return insert(text, length, at,
			      pieces[random_below(sizeof(pieces) / sizeof(*pieces))]);
	default: { /* repeat some, elsewhere */
		char part[41];
		size_t from = random_below((uint32_t)length);

		some = from + some < length ? some : length - from;
		memcpy(part, text + from, some);
		part[some] = '\0';
		return insert(text, length, at, part);
	}
	}
}

static size_t load(const char *path, char text[TEXT_MAX])
{
	FILE *in = fopen(path, "r");
	size_t length;

	assert_non_null(in);
	length = fread(text, 1, TEXT_MAX, in);
	assert_int_equal(fclose(in), 0);
	assert_true(length > 0 && length < TEXT_MAX);
	return length;
}

/* Make an account of what was accepted, too. */
static void use(struct description *description)
{
	struct account *account = new_account(description);
	const struct setting *settings = description_outline(description)->settings;
	char why[600] = "";

	for (size_t i = 0; settings[i].name; i++) {
		if (!account->values[i] && random_below(4))
			give(account, settings[i].name,
			     random_below(2) ? "x" : "https://x.example");
	}
	account->delete_deactivates = random_below(2);
	if (told_build(description, account, why, sizeof(why)) == 0)
		assert_non_null(account->vendor->manual(account));
	else
		assert_true(*why);
	account_free(account);
}

/* Check that each line of WHY begins with a file. A preset section may lack what the damaged one
 * took away. */
static void check_words(char *why)
{
	static const char more[] = "there are more errors";
	char *rest = why, *line;

	if (!*why)
		fail_msg("refused without words");
	while ((line = strsep(&rest, "\n"))) {
		if (strncmp(line, file, strlen(file)) != 0 &&
		    strncmp(line, "scim.vendor (built in)", 22) != 0 &&
		    strncmp(line, more, strlen(more)) != 0)
			fail_msg("words: %s", line);
	}
}

static void test_mutations(void **state)
{
	static char original[TEXT_MAX], text[TEXT_MAX];
	time_t begin = time(NULL);
	unsigned good = 0, bad = 0;
	glob_t files;

	(void)state;
	assert_int_equal(glob("descriptions/*.vendor", 0, NULL, &files), 0);
	for (unsigned round = 0; round < 6000 && time(NULL) - begin < 6; round++) {
		size_t length = load(files.gl_pathv[random_below((uint32_t)files.gl_pathc)],
				     original);
		struct description *description = NULL;
		char why[600] = "";

		memcpy(text, original, length);
		for (uint32_t i = 0, count = 1 + random_below(4); i < count && length; i++)
			length = mutate(text, length);
		put(text, length);
		if (told_read("x", folders, &description, why, sizeof(why)) == 0) {
			good++;
			use(description);
			description_free(description);
			continue;
		}
		bad++;
		check_words(why);
	}
	globfree(&files);
	assert_true(good > 0 && bad > 0);
}

/* All descriptions of the tree are read, and those of the survey. */
static void test_shipped(void **state)
{
	static char text[TEXT_MAX];
	glob_t files;

	(void)state;
	assert_int_equal(glob("descriptions/*.vendor", 0, NULL, &files), 0);
	assert_int_equal(glob("tests/survey/*.vendor", GLOB_APPEND, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		struct description *description = NULL;
		char why[600] = "";

		/* as a file of this test, because a checkout's files may be writable by a group */
		put(text, load(files.gl_pathv[i], text));
		if (told_read("x", folders, &description, why, sizeof(why)))
			fail_msg("%s: %s", files.gl_pathv[i], why);
		description_free(description);
	}
	assert_true(files.gl_pathc >= 70);
	globfree(&files);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_shipped),
	    cmocka_unit_test(test_mutations),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

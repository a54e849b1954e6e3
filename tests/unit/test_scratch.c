/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_scratch.c - what files in memory are called when there is no memory for a name.
 *
 * scratch.c is compiled in here with a calloc that fails when it is told to.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fs/memory/scratch_open.h"

static bool no_memory; /* from the SPARED-th call on */
static int spared;

static void *failing_calloc(size_t count, size_t size)
{
	return no_memory && spared-- <= 0 ? NULL : calloc(count, size);
}

#define calloc failing_calloc
#include "fs/memory/scratch.c" /* NOLINT(bugprone-suspicious-include) */
#undef calloc

static void fail_after(int calls)
{
	no_memory = true;
	spared = calls;
}

/* The text of what is called PATH, or NULL. */
static const char *text_at(struct scratches *all, const char *path, char *text, size_t size)
{
	struct scratch *scratch = scratch_get(all, path);
	char *data = NULL;
	ssize_t count;

	if (!scratch)
		return NULL;
	count = scratch_text_read(scratch, 0, size - 1, &data);
	assert_true(count >= 0);
	if (count)
		memcpy(text, data, (size_t)count);
	text[count] = '\0';
	free(data);
	scratch_put(all, scratch);
	return text;
}

static void assert_text(struct scratches *all, const char *path, const char *expected)
{
	char text[64];
	const char *found = text_at(all, path, text, sizeof(text));

	if (!expected) {
		assert_null(found);
		return;
	}
	assert_non_null(found);
	assert_string_equal(found, expected);
}

static struct scratches *two_files(void)
{
	struct scratches *all = scratch_table_new(1 << 20);

	assert_int_equal(scratch_replace(all, "dir/a", "A", 1), 0);
	assert_int_equal(scratch_replace(all, "dir/b", "B", 1), 0);
	return all;
}

static void test_replace(void **state)
{
	struct scratches *all = two_files();
	size_t held = atomic_load(&all->held);

	(void)state;
	for (int calls = 0; calls < 8; calls++) {
		int error;

		fail_after(calls);
		error = scratch_replace(all, "dir/a", "new", 3);
		no_memory = false;
		assert_true(error == 0 || error == -ENOMEM);
		assert_text(all, "dir/a", error ? "A" : "new");
		if (!error)
			break;
		assert_int_equal(atomic_load(&all->held), held);
	}
	assert_text(all, "dir/a", "new");
	assert_int_equal(atomic_load(&all->held), held + 2);
	scratch_table_free(all);
}

static void test_rename(void **state)
{
	static const char *const targets[] = {"dir/b", "dir/c", "other/c"};

	(void)state;
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		struct scratches *all = two_files();
		int error = -ENOMEM;

		for (int calls = 0; error && calls < 8; calls++) {
			fail_after(calls);
			error = scratch_rename(all, "dir/a", targets[i]);
			no_memory = false;
			assert_true(error == 0 || error == -ENOMEM);
			assert_text(all, targets[i], error ? i ? NULL : "B" : "A");
			assert_text(all, "dir/a", error ? "A" : NULL);
		}
		assert_int_equal(error, 0);
		assert_int_equal(scratch_rename(all, "dir/a", "dir/d"), -ENOENT);
		scratch_table_free(all);
	}
}

/* What is renamed or replaced stands where the name stood, and what was called so has no name. */
static void test_taken(void **state)
{
	struct scratches *all = two_files();
	struct scratch *old = scratch_get(all, "dir/b");
	bool more;
	char *name;

	(void)state;
	assert_int_equal(scratch_rename(all, "dir/a", "dir/b"), 0);
	assert_true(scratch_open_is_gone(all, old));
	scratch_put(all, old);
	name = scratch_name(all, "dir", 0);
	assert_string_equal(name, "b");
	free(name);
	name = scratch_name(all, "dir", 1);
	more = name;
	free(name);
	assert_false(more);
	assert_int_equal(scratch_rename(all, "dir/b", "dir/b"), 0);
	assert_text(all, "dir/b", "A");
	assert_int_equal(scratch_remove(all, "dir/b"), 0);
	assert_int_equal(atomic_load(&all->held), 0);
	scratch_table_free(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_replace),
	    cmocka_unit_test(test_rename),
	    cmocka_unit_test(test_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_filler.c - an entry that the reply has no room for is not taken for told.
 */
#include "fs/fs.h"
#include "fs/tree/filler.h"
#include "fs/tree/inode.h"
#include "fs/tree/node.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static unsigned asked; /* for how long the kernel may cache attributes */

static double count_asked(struct fs *fs, struct node *node, const struct record *record,
			  double seconds, struct stat *attr)
{
	(void)fs;
	(void)node;
	(void)record;
	(void)attr;
	asked++;
	return seconds;
}

static const struct node_ops file = {.mode = S_IFREG | 0600, .attr_seconds = count_asked};

/* Add names to a reply of SIZE bytes until it is full. Return how many it has. */
static unsigned fill(struct fs *fs, bool plus, size_t size)
{
	char buffer[4096];
	struct filler filler = {.fs = fs, .plus = plus, .buffer = buffer, .size = size};
	unsigned count = 0;

	for (;;) {
		char name[16];
		bool added;

		snprintf(name, sizeof(name), "%u.json", count);
		added = filler_add(&filler, name, inode_take(fs, &file, fs->root, name, NULL, NULL),
				   NULL, 60, (off_t)count + 1);
		assert_true(filler.used <= size);
		assert_false(filler.failed);
		if (!added)
			return count;
		count++;
	}
}

static void test_attributes_of_what_is_added(void **state)
{
	struct fs *fs = fs_new(&(struct fs_options){.changes_limit = 1}, NULL, 0);
	unsigned few, many;

	(void)state;
	assert_non_null(fs);
	asked = 0;
	few = fill(fs, true, 1000);
	assert_in_range(few, 2, 20);
	assert_int_equal(asked, few);
	many = fill(fs, false, 1000);
	assert_true(many > few);
	assert_int_equal(asked, few);
	fs_free(fs);
}

static void test_no_room_at_all(void **state)
{
	struct fs *fs = fs_new(&(struct fs_options){.changes_limit = 1}, NULL, 0);

	(void)state;
	assert_non_null(fs);
	asked = 0;
	assert_int_equal(fill(fs, true, 24), 0);
	assert_int_equal(fill(fs, false, 24), 0);
	assert_int_equal(asked, 0);
	fs_free(fs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_attributes_of_what_is_added),
	    cmocka_unit_test(test_no_room_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

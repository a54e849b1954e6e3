/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_error_name.c - vendors/base/error_name.h: the names are those of glibc.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "vendors/base/error_name.h"

static void test_names(void **state)
{
	int named = 0;

	(void)state;
	assert_string_equal(error_name(EINVAL), "EINVAL");
	assert_string_equal(error_name(ESTALE), "ESTALE");
	assert_string_equal(error_name(0), "?");
	assert_string_equal(error_name(100000), "?");
	for (int error = 1; error < 4096; error++) {
		const char *name = error_name(error);

		if (strcmp(name, "?") == 0)
			continue;
		named++;
#ifdef __GLIBC__
		assert_string_equal(name, strerrorname_np(error));
#endif
	}
	assert_int_equal(named, 76);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

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
	(void)state;
	assert_string_equal(error_name(EINVAL), "EINVAL");
	assert_string_equal(error_name(ESTALE), "ESTALE");
	assert_string_equal(error_name(0), "?");
	assert_string_equal(error_name(100000), "?");
	for (int error = 1; error < 4096; error++) {
		const char *name = error_name(error);

#ifdef __GLIBC__
		assert_string_equal(name, strerrorname_np(error) ? strerrorname_np(error) : "?");
#else
		assert_true(name[0] == 'E' || strcmp(name, "?") == 0);
#endif
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_secret.c - secrets from files and commands: what is taken, what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "mount/config/secret.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static char path[] = "/tmp/rosterfs-test-secret-XXXXXX";

static int set_up(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int tear_down(void **state)
{
	(void)state;
	return unlink(path);
}

/* The file stays the one that mkstemp made, with mode 0600. */
static void put(const char *text, size_t length)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

static void test_given(void **state)
{
	char why[256];
	char *secret = NULL;

	(void)state;
	assert_int_equal(secret_read(SECRET_GIVEN, "S3CRET", &secret, why, sizeof(why)), 0);
	assert_string_equal(secret, "S3CRET");
	secret_free(secret);
	assert_int_equal(secret_read(SECRET_GIVEN, "", &secret, why, sizeof(why)), -EINVAL);
	assert_int_equal(secret_read(SECRET_GIVEN, "a\tb", &secret, why, sizeof(why)), -EINVAL);
	assert_int_equal(secret_read(SECRET_ENV, "ROSTERFS_TEST_NO", &secret, why, sizeof(why)),
			 -ENOENT);
	assert_int_equal(secret_read(SECRET_ENV, "", &secret, why, sizeof(why)), -ENOENT);
	assert_int_equal(secret_read(SECRET_FILE, "/nonexistent", &secret, why, sizeof(why)),
			 -ENOENT);
	/* a secret that was pasted there by mistake is not in the message */
	assert_null(strstr(why, "nonexistent"));
}

static void test_env(void **state)
{
	char why[256];
	char *secret;

	(void)state;
	assert_int_equal(setenv("ROSTERFS_TEST_KEY", "S3CRET", 1), 0);
	assert_int_equal(secret_read(SECRET_ENV, "ROSTERFS_TEST_KEY", &secret, why, sizeof(why)),
			 0);
	assert_string_equal(secret, "S3CRET");
	secret_free(secret);
	assert_int_equal(setenv("ROSTERFS_TEST_KEY", "S3CRET\n", 1), 0);
	assert_int_equal(secret_read(SECRET_ENV, "ROSTERFS_TEST_KEY", &secret, why, sizeof(why)),
			 -EINVAL);
	assert_string_equal(why, "the secret holds a control character");
	assert_int_equal(unsetenv("ROSTERFS_TEST_KEY"), 0);
}

static void test_file(void **state)
{
	static const struct {
		const char *text;
		const char *secret; /* or NULL */
	} cases[] = {
	    {"key", "key"},
	    {"key\n", "key"},
	    {"key\r\nmore\n", "key"},
	    {" k e y \nmore", " k e y "},
	    {"\xC3\xA4", "\xC3\xA4"},
	    {"", NULL},
	    {"\n", NULL},
	    {"\r\n", NULL},
	    {"\nkey\n", NULL},
	    {"k\tey\n", NULL},
	    {"k\rey\n", NULL},
	    /* what nobody sees: a byte order mark, no-break spaces (one of Latin-1), blanks */
	    {"\xEF\xBB\xBFkey\n", NULL},
	    {"key\xC2\xA0\n", NULL},
	    {"k\302\240ey\n", NULL},
	    {"key\xA0\n", NULL},
	    {"key\xE2\x80\x8B\n", NULL},
	    {"\xFF\xFEk", NULL},
	    /* what is spelt with the same bytes */
	    {"\xC3\xA0\xE2\x80\x8C\xF0\x9F\xA0\xA0", "\xC3\xA0\xE2\x80\x8C\xF0\x9F\xA0\xA0"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char why[256] = "";
		char *secret = NULL;
		int result;

		put(cases[i].text, strlen(cases[i].text));
		result = secret_read(SECRET_FILE, path, &secret, why, sizeof(why));
		if (cases[i].secret) {
			assert_int_equal(result, 0);
			assert_string_equal(secret, cases[i].secret);
		} else {
			assert_int_equal(result, -EINVAL);
			assert_true(*why);
			assert_null(secret);
		}
		secret_free(secret);
	}
	put("a\0b\n", 4);
	{
		char why[256] = "";
		char *secret = NULL;

		assert_int_equal(secret_read(SECRET_FILE, path, &secret, why, sizeof(why)),
				 -EINVAL);
		assert_non_null(strstr(why, "control character"));
		assert_int_equal(secret_read(SECRET_FILE, "/tmp", &secret, why, sizeof(why)),
				 -EISDIR);
	}
	secret_free(NULL);
}

static void test_length(void **state)
{
	char text[16384 + 2];
	char why[256];
	char *secret;

	(void)state;
	memset(text, 'x', sizeof(text));
	text[16384] = '\n';
	put(text, 16385);
	assert_int_equal(secret_read(SECRET_FILE, path, &secret, why, sizeof(why)), 0);
	assert_int_equal(strlen(secret), 16384);
	secret_free(secret);
	text[16384] = 'x';
	put(text, 16385);
	assert_int_equal(secret_read(SECRET_FILE, path, &secret, why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "longer than"));
}

static void test_command(void **state)
{
	static const struct {
		const char *command;
		const char *secret; /* or NULL: */
		const char *words;
	} cases[] = {
	    {"echo key", "key", NULL},
	    {"printf key", "key", NULL},
	    {"printf 'key\\nmore\\n'; head -c 100000 /dev/zero", "key", NULL},
	    {"cat; echo key", "key", NULL}, /* its input is empty */
	    {"printf k; sleep 0.1; echo ey", "key", NULL},
	    {"echo $ROSTERFS_TEST_KEY", "inherited", NULL},
	    /* its output stays open: who waited for the end of that would be stopped first */
	    {"sleep 1000 2>/dev/null & echo key", "key", NULL},
	    {"true", NULL, "first line is empty"},
	    {"echo key; exit 3", NULL, "ended with exit status 3"},
	    {"kill -9 $$", NULL, "killed by signal 9"},
	    {"/nonexistent/command 2>/dev/null", NULL, "ended with exit status 127"},
	    {"head -c 20000 /dev/zero | tr '\\0' x", NULL, "longer than"},
	};

	(void)state;
	assert_int_equal(setenv("ROSTERFS_TEST_KEY", "inherited", 1), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char why[256] = "";
		char *secret = NULL;
		int result = secret_read(SECRET_COMMAND, cases[i].command, &secret, why,
					 sizeof(why));

		if (cases[i].secret) {
			if (result)
				fail_msg("%s: %s", cases[i].command, why);
			assert_string_equal(secret, cases[i].secret);
		} else if (result != -EINVAL || !strstr(why, cases[i].words)) {
			fail_msg("%s: %d, %s", cases[i].command, result, why);
		}
		secret_free(secret);
	}
	assert_int_equal(unsetenv("ROSTERFS_TEST_KEY"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_given),   cmocka_unit_test(test_env),
	    cmocka_unit_test(test_file),    cmocka_unit_test(test_length),
	    cmocka_unit_test(test_command),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

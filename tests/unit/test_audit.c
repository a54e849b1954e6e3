/*
 * test_audit.c - the file of lines: appended, whole, and not promised where they can't be kept.
 */
#include "cache/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];

/* NAME in the folder of this test: one of two buffers, in turns. */
static const char *path_of(const char *name)
{
	static char paths[2][128];
	static unsigned turn;

	turn++;
	snprintf(paths[turn % 2], sizeof(paths[0]), "%s/%s", folder, name);
	return paths[turn % 2];
}

static int set_up(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/rosterfs-audit-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command); /* NOLINT(cert-env33-c) */
}

static char *text_of(const char *path)
{
	char *text = calloc(1, 1 << 20);
	FILE *file = fopen(path, "re");

	assert_non_null(file);
	assert_true(fread(text, 1, (1 << 20) - 1, file) < (1 << 20) - 1);
	fclose(file);
	return text;
}

static void assert_text(const char *path, const char *expected)
{
	char *text = text_of(path);

	assert_string_equal(text, expected);
	free(text);
}

static struct audit *open_at(const char *path)
{
	struct audit *audit = NULL;
	char why[512] = "";

	assert_int_equal(audit_open(path, &audit, why, sizeof(why)), 0);
	assert_string_equal(why, "");
	assert_string_equal(audit_path(audit), path);
	return audit;
}

static int append(struct audit *audit, const char *line)
{
	size_t length = strlen(line);
	int error = audit_announce(audit, NULL, 0, length);

	return error ? error : audit_append(audit, line, length, length);
}

static void test_lines(void **state)
{
	struct audit *audit = open_at(path_of("audit"));
	struct stat info;

	(void)state;
	assert_int_equal(stat(path_of("audit"), &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	assert_int_equal(info.st_size, 0);
	assert_int_equal(append(audit, "one\n"), 0);
	/* promised is not written: nobody reads zeros */
	assert_int_equal(audit_announce(audit, NULL, 0, 4000), 0);
	assert_text(path_of("audit"), "one\n");
	assert_int_equal(append(audit, "two\n"), 0);
	audit_release(audit, 4000);
	assert_int_equal(audit_append(audit, "three\n", 6, 0), 0);
	assert_text(path_of("audit"), "one\ntwo\nthree\n");
	audit_free(audit);
	audit = open_at(path_of("audit"));
	assert_int_equal(append(audit, "four\n"), 0);
	audit_free(audit);
	audit_free(NULL);
	assert_text(path_of("audit"), "one\ntwo\nthree\nfour\n");
}

static void test_a_line_that_was_cut(void **state)
{
	FILE *file = fopen(path_of("audit"), "we");
	struct audit *audit;

	(void)state;
	fputs("one\n{\"half", file);
	fclose(file);
	audit = open_at(path_of("audit"));
	assert_int_equal(append(audit, "two\n"), 0);
	assert_int_equal(append(audit, "three\n"), 0);
	assert_text(path_of("audit"), "one\n{\"half\ntwo\nthree\n");
	audit_free(audit);
}

static void test_moved_away(void **state)
{
	struct audit *audit = open_at(path_of("audit"));

	(void)state;
	assert_int_equal(append(audit, "one\n"), 0);
	assert_int_equal(rename(path_of("audit"), path_of("old")), 0);
	assert_int_equal(append(audit, "two\n"), 0);
	assert_text(path_of("old"), "one\n");
	assert_text(path_of("audit"), "two\n");
	/* between the promise and the line */
	assert_int_equal(audit_announce(audit, NULL, 0, 6), 0);
	assert_int_equal(unlink(path_of("audit")), 0);
	assert_int_equal(audit_append(audit, "three\n", 6, 6), 0);
	assert_text(path_of("audit"), "three\n");
	/* truncated, as copytruncate does */
	assert_int_equal(truncate(path_of("audit"), 0), 0);
	assert_int_equal(append(audit, "four\n"), 0);
	assert_text(path_of("audit"), "four\n");
	audit_free(audit);
}

static void test_no_directory(void **state)
{
	struct audit *audit = NULL;
	char why[512] = "", moved[128];

	(void)state;
	assert_int_equal(audit_open(path_of("no/audit"), &audit, why, sizeof(why)), -ENOENT);
	assert_non_null(strstr(why, "no/audit"));
	assert_non_null(strstr(why, "directory"));
	assert_null(audit);
	assert_int_equal(audit_check(path_of("no/audit"), why, sizeof(why)), -ENOENT);
	assert_int_equal(audit_check(path_of("audit"), why, sizeof(why)), 0);
	assert_int_equal(access(path_of("audit"), F_OK), -1);
	assert_int_equal(audit_check(folder, why, sizeof(why)), -EISDIR);
	assert_int_equal(audit_open(folder, &audit, why, sizeof(why)), -EISDIR);
	assert_int_equal(mkfifo(path_of("pipe"), 0600), 0);
	assert_true(audit_open(path_of("pipe"), &audit, why, sizeof(why)) < 0);

	/* it goes away later */
	assert_int_equal(mkdir(path_of("no"), 0700), 0);
	audit = open_at(path_of("no/audit"));
	assert_int_equal(append(audit, "one\n"), 0);
	assert_int_equal(audit_announce(audit, NULL, 0, 4), 0);
	snprintf(moved, sizeof(moved), "%s/moved", folder);
	assert_int_equal(rename(path_of("no"), moved), 0);
	assert_int_equal(audit_announce(audit, NULL, 0, 6), -ENOENT);
	/* what was promised is kept where the room is */
	assert_int_equal(audit_append(audit, "two\n", 4, 4), 0);
	assert_text(path_of("moved/audit"), "one\ntwo\n");
	assert_int_equal(unlink(path_of("moved/audit")), 0);
	assert_int_equal(audit_append(audit, "lost\n", 5, 0), -ENOENT);
	assert_int_equal(mkdir(path_of("no"), 0700), 0);
	assert_int_equal(append(audit, "three\n"), 0);
	assert_text(path_of("no/audit"), "three\n");
	audit_free(audit);
}

static void test_devices(void **state)
{
	struct audit *audit = open_at("/dev/null");

	(void)state;
	assert_int_equal(append(audit, "one\n"), 0);
	audit_free(audit);
	audit = open_at("/dev/full");
	assert_int_equal(audit_announce(audit, NULL, 0, 4), -ENOSPC);
	assert_int_equal(audit_append(audit, "one\n", 4, 0), -ENOSPC);
	audit_free(audit);
}

static void test_limit_on_size(void **state)
{
	struct audit *audit = open_at(path_of("audit"));
	struct rlimit before, limit;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(append(audit, "one\n"), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = 8;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(audit_announce(audit, NULL, 0, 100), -EFBIG);
	/* what was not promised may be cut: the next line stands alone all the same */
	assert_int_equal(audit_append(audit, "abcdefgh\n", 9, 0), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(append(audit, "two\n"), 0);
	assert_text(path_of("audit"), "one\nabcd\ntwo\n");
	audit_free(audit);
}

static void *append_many(void *arg)
{
	for (int i = 0; i < 50; i++) {
		if (append(arg, "a line of this thread's\n"))
			abort();
	}
	return NULL;
}

static void test_threads(void **state)
{
	struct audit *audit = open_at(path_of("audit"));
	pthread_t threads[4];
	char *text;

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, append_many, audit), 0);
	for (size_t i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	text = text_of(path_of("audit"));
	assert_int_equal(strlen(text), 200 * strlen("a line of this thread's\n"));
	free(text);
	audit_free(audit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_lines, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_line_that_was_cut, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_moved_away, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_no_directory, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_devices, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_limit_on_size, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_threads, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

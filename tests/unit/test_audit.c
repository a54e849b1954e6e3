/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_audit.c - the file of lines: appended, whole, on the disk together, and not promised where
 * they can't be kept.
 */
#include "cache/history/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
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

/* ---- the disk ---- */

/* fsync, in the place of the C library's: it can be held up, and fail. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned begun, failing; /* failing: the number of the one that fails, 0: none */
	bool held;
	ino_t inode; /* of the file that was synced last */
} disk = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

int fsync(int file)
{
	struct stat info;
	bool fails;

	pthread_mutex_lock(&disk.lock);
	fails = ++disk.begun == disk.failing;
	pthread_cond_broadcast(&disk.changed);
	while (disk.held)
		pthread_cond_wait(&disk.changed, &disk.lock);
	if (fstat(file, &info))
		abort();
	disk.inode = info.st_ino;
	pthread_mutex_unlock(&disk.lock);
	errno = EIO;
	return fails ? -1 : 0;
}

/* From now on it takes until release_disk; the one with number FAILING then fails. */
static void hold_disk(unsigned failing)
{
	pthread_mutex_lock(&disk.lock);
	disk.begun = 0;
	disk.failing = failing;
	disk.held = true;
	pthread_mutex_unlock(&disk.lock);
}

static void wait_for_disk(unsigned begun)
{
	pthread_mutex_lock(&disk.lock);
	while (disk.begun < begun)
		pthread_cond_wait(&disk.changed, &disk.lock);
	pthread_mutex_unlock(&disk.lock);
}

static void release_disk(void)
{
	pthread_mutex_lock(&disk.lock);
	disk.held = false;
	pthread_cond_broadcast(&disk.changed);
	pthread_mutex_unlock(&disk.lock);
}

/* ---- the file ---- */

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

	assert_int_equal(audit_open("audit_log", path, &audit, why, sizeof(why)), 0);
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
	/* another mount that writes to the same file is killed */
	file = fopen(path_of("audit"), "ae");
	fputs("{\"other", file);
	fclose(file);
	assert_int_equal(append(audit, "four\n"), 0);
	assert_int_equal(append(audit, "five\n"), 0);
	assert_text(path_of("audit"), "one\n{\"half\ntwo\nthree\n{\"other\nfour\nfive\n");
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
	assert_int_equal(audit_open("audit_log", path_of("no/audit"), &audit, why, sizeof(why)),
			 -ENOENT);
	assert_non_null(strstr(why, "no/audit"));
	assert_non_null(strstr(why, "directory"));
	assert_null(audit);
	assert_int_equal(audit_check("audit_log", path_of("no/audit"), why, sizeof(why)), -ENOENT);
	assert_int_equal(audit_check("audit_log", path_of("audit"), why, sizeof(why)), 0);
	assert_int_equal(access(path_of("audit"), F_OK), -1);
	assert_int_equal(audit_check("audit_log", folder, why, sizeof(why)), -EISDIR);
	assert_int_equal(audit_open("audit_log", folder, &audit, why, sizeof(why)), -EISDIR);
	assert_int_equal(mkfifo(path_of("pipe"), 0600), 0);
	assert_true(audit_open("audit_log", path_of("pipe"), &audit, why, sizeof(why)) < 0);

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

static void test_announced(void **state)
{
	struct audit *audit = open_at(path_of("audit"));
	struct rlimit before, limit;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = 100;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	/* the line would fit, but not what is to follow it */
	assert_int_equal(audit_announce(audit, "one\n", 4, 96), -EFBIG);
	assert_text(path_of("audit"), "");
	assert_int_equal(audit_announce(audit, "one\n", 4, 60), 0);
	assert_text(path_of("audit"), "one\n");
	/* those 60 are kept */
	assert_int_equal(audit_announce(audit, "two\n", 4, 32), -EFBIG);
	assert_int_equal(audit_append(audit, "done\n", 5, 60), 0);
	assert_int_equal(audit_announce(audit, "two\n", 4, 32), 0);
	audit_release(audit, 32);
	assert_text(path_of("audit"), "one\ndone\ntwo\n");
	/* a line that is not known to be on the disk secures nothing */
	hold_disk(1);
	release_disk();
	assert_int_equal(audit_announce(audit, "bad\n", 4, 70), -EIO);
	assert_int_equal(audit_announce(audit, "three\n", 6, 70), 0);
	audit_release(audit, 70);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	audit_free(audit);
}

struct writer {
	pthread_t thread;
	struct audit *audit;
	int error;
};

static void *announce_one(void *arg)
{
	struct writer *writer = arg;

	writer->error = audit_announce(writer->audit, "line\n", 5, 10);
	if (!writer->error)
		audit_release(writer->audit, 10);
	return NULL;
}

static void start(struct writer *writer, struct audit *audit)
{
	writer->audit = audit;
	writer->error = 1;
	assert_int_equal(pthread_create(&writer->thread, NULL, announce_one, writer), 0);
}

static void wait_for_length(const char *path, off_t length)
{
	struct stat info;

	while (stat(path, &info) || info.st_size < length)
		usleep(1000);
}

/* Those that come while the disk is busy share its next turn, and its failure. */
static void test_shared_sync(void **state)
{
	struct audit *audit = open_at(path_of("audit"));
	struct writer writers[5];

	(void)state;
	for (unsigned failing = 0; failing <= 2; failing++) {
		assert_int_equal(truncate(path_of("audit"), 0), 0);
		hold_disk(failing);
		start(&writers[0], audit);
		wait_for_disk(1);
		for (size_t i = 1; i < 5; i++)
			start(&writers[i], audit);
		wait_for_length(path_of("audit"), 25);
		assert_int_equal(disk.begun, 1);
		for (size_t i = 0; i < 5; i++)
			assert_int_equal(writers[i].error, 1);
		release_disk();
		for (size_t i = 0; i < 5; i++) {
			pthread_join(writers[i].thread, NULL);
			assert_int_equal(writers[i].error, failing == (i ? 2 : 1) ? -EIO : 0);
		}
		assert_int_equal(disk.begun, 2);
	}
	audit_free(audit);
}

/* What was appended before the file was moved away is synced there. */
static void test_moved_away_while_syncing(void **state)
{
	struct audit *audit = open_at(path_of("audit"));
	struct writer first, second;
	struct stat info;

	(void)state;
	hold_disk(0);
	start(&first, audit);
	wait_for_disk(1);
	assert_int_equal(rename(path_of("audit"), path_of("old")), 0);
	start(&second, audit);
	usleep(20000);
	assert_int_equal(access(path_of("audit"), F_OK), -1);
	release_disk();
	pthread_join(first.thread, NULL);
	pthread_join(second.thread, NULL);
	assert_int_equal(first.error, 0);
	assert_int_equal(second.error, 0);
	assert_text(path_of("old"), "line\n");
	assert_text(path_of("audit"), "line\n");
	assert_int_equal(stat(path_of("audit"), &info), 0);
	assert_int_equal(disk.inode, info.st_ino);
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
	    cmocka_unit_test_setup_teardown(test_announced, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_shared_sync, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_moved_away_while_syncing, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_threads, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

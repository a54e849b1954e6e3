/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_vault.c - memory for secrets: locked where that is allowed, wiped, and not in children.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "vendors/base/log.h"
#include "vendors/base/vault.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECRET "a-secret-of-some-length"

static void test_texts(void **state)
{
	char *one = vault_copy("one"), *other = vault_join(one, "-", "2");
	char *bytes = vault_copy_bytes("a\0b", 3), *taken = vault_take(strdup("taken"));
	char *empty = vault_copy("");

	(void)state;
	assert_string_equal(one, "one");
	assert_string_equal(other, "one-2");
	assert_memory_equal(bytes, "a\0b", 4);
	assert_string_equal(taken, "taken");
	assert_string_equal(empty, "");
	assert_null(vault_copy(NULL));
	assert_null(vault_take(NULL));
	vault_free(NULL);
	vault_free(one);
	vault_free(other);
	vault_free(bytes);
	vault_free(taken);
	vault_free(empty);
}

/* Cells of all sizes hold what they must, do not overlap, and are zero when they are used again. */
static void test_cells(void **state)
{
	unsigned char *cells[600];

	(void)state;
	for (size_t turn = 0; turn < 2; turn++) {
		for (size_t i = 0; i < 600; i++) {
			size_t size = i * i / 10;

			cells[i] = vault_alloc(size);
			assert_non_null(cells[i]);
			assert_int_equal((uintptr_t)cells[i] % 16, 0);
			for (size_t byte = 0; byte < size; byte++)
				assert_int_equal(cells[i][byte], 0);
			memset(cells[i], (int)(i % 255 + 1), size);
		}
		for (size_t i = 0; i < 600; i++) {
			for (size_t byte = 0; byte < i * i / 10; byte++)
				assert_int_equal(cells[i][byte], i % 255 + 1);
			vault_free(cells[i]);
		}
	}
	assert_null(vault_alloc(SIZE_MAX));
	assert_null(vault_alloc(SIZE_MAX - 8));
}

#ifndef ROSTERFS_SANITIZED
/* Return true if the flags of the memory at PLACE have FLAG ("lo"). */
static bool has_flag(const void *place, const char *flag)
{
	FILE *file = fopen("/proc/self/smaps", "r");
	char line[1024], word[8];
	bool inside = false, found = false;

	assert_non_null(file);
	(void)snprintf(word, sizeof(word), " %s", flag);
	while (fgets(line, sizeof(line), file)) {
		uintptr_t begin, end;

		if (sscanf(line, "%lx-%lx ", &begin, &end) == 2)
			inside = begin <= (uintptr_t)place && (uintptr_t)place < end;
		else if (inside && strncmp(line, "VmFlags:", 8) == 0)
			found = strstr(line, word);
	}
	(void)fclose(file);
	return found;
}

/* What is freed stays readable there, and is wiped. */
static void test_wiped(void **state)
{
	volatile const char *secret = vault_copy(SECRET);

	(void)state;
	vault_free((char *)(uintptr_t)secret);
	for (size_t i = 0; i < sizeof(SECRET); i++)
		assert_int_equal(secret[i], 0);
}

static void test_locked(void **state)
{
	struct rlimit limit;
	char *secret = vault_copy(SECRET);

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &limit), 0);
	assert_true(has_flag(secret, "dd"));
	assert_int_equal(has_flag(secret, "lo"), geteuid() == 0 || limit.rlim_cur >= (64 << 10));
	vault_free(secret);
}

/* Run TEST in a child, which nobody else's memory disturbs. */
static void in_child(void (*test)(void))
{
	pid_t child = fork();
	int status = 0;

	assert_true(child >= 0);
	if (!child) {
		test();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void need(bool good, const char *words)
{
	if (good)
		return;
	(void)fprintf(stderr, "not so: %s\n", words);
	_exit(1);
}

/* A child has what its parent had, and locks it again; its own children have nothing of it. */
static char *inherited;

static void settle_in_child(void)
{
	bool before = has_flag(inherited, "lo");
	pid_t child;
	int status = 0;

	vault_settle();
	need(strcmp(inherited, SECRET) == 0, "a child has the secrets");
	need(!before, "a child has no locks");
	need(geteuid() != 0 || has_flag(inherited, "lo"), "a child locks again");
	need(has_flag(inherited, "dc"), "no more children");
	child = fork();
	if (!child) {
		const struct rlimit none = {0, 0};

		(void)setrlimit(RLIMIT_CORE, &none);
		(void)signal(SIGSEGV, SIG_DFL);
		_exit(*(volatile char *)inherited);
	}
	(void)waitpid(child, &status, 0);
	need(WIFSIGNALED(status), "a child's child cannot read the secrets");
}

static void test_children(void **state)
{
	(void)state;
	inherited = vault_copy(SECRET);
	in_child(settle_in_child);
	vault_free(inherited);
}

/* Nothing may be locked: it goes on, and the log says so once. */
static void without_locks(void)
{
	const struct rlimit none = {0, 0};
	char *secrets[64], *log;
	const char *first;
	size_t length;

	need(setrlimit(RLIMIT_MEMLOCK, &none) == 0, "setrlimit");
	need(geteuid() != 0 || setresuid(65534, 65534, 65534) == 0, "setresuid");
	for (size_t i = 0; i < 64; i++) {
		secrets[i] = vault_alloc(20000);
		need(secrets[i], "memory");
	}
	vault_settle();
	memset(secrets[63], 'x', 20000);
	need(!has_flag(secrets[63], "lo"), "it is not locked");
	log = log_text(&length);
	first = log ? strstr(log, "memory that is not locked") : NULL;
	need(first, "the log says it");
	need(first && strstr(first, "ulimit -l, is 0 KiB"), "and why");
	need(first && !strstr(first + 1, "memory that is not locked"), "once");
	free(log);
}

static void test_limit(void **state)
{
	(void)state;
	in_child(without_locks);
}

/* What is not from here, or was freed, ends the program: it would be a secret that stays. */
static void free_other(void)
{
	const struct rlimit none = {0, 0};
	char memory[128] = "";

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)signal(SIGABRT, SIG_DFL);
	vault_free(memory + 64);
}

static void test_other(void **state)
{
	pid_t child = fork();
	int status = 0;

	(void)state;
	if (!child) {
		free_other();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_texts),    cmocka_unit_test(test_cells),
#ifndef ROSTERFS_SANITIZED
	    cmocka_unit_test(test_wiped),    cmocka_unit_test(test_locked),
	    cmocka_unit_test(test_children), cmocka_unit_test(test_limit),
	    cmocka_unit_test(test_other),
#endif
	};

	return cmocka_run_group_tests_name("vault", tests, NULL, NULL);
}

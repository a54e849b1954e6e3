/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_history.c - what vendors accepted: numbers, bounds, and the names of versions.
 */
#include "cache/history/history.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char owner[] = "a roster", other[] = "another";

/* Add a write to ID that left {"a": TEXT}. */
static uint64_t add(struct history *history, const char *id, const char *text, const char *key)
{
	json_t *before = json_pack("{s:s}", "a", "old"), *after = json_pack("{s:s}", "a", text);
	struct history_write write = {.facts = {.owner = owner, .id = id},
				      .before = before,
				      .after = after,
				      .undo = before,
				      .stamp_key = key};
	uint64_t number = history_add(history, &write);

	json_decref(before);
	json_decref(after);
	return number;
}

/* The text at PATH of the undo document of write NUMBER; the caller frees. */
static char *undo_member(struct history *history, uint64_t number, const char *name,
			 const char *below)
{
	size_t length;
	char *text = history_text(history, number, HISTORY_UNDO, &length);
	json_t *undo = json_loads(text, 0, NULL);
	json_t *member = json_object_get(undo, name);
	char *copy;

	if (below)
		member = json_object_get(member, below);
	assert_true(json_is_string(member));
	copy = strdup(json_string_value(member));
	assert_int_equal(strlen(text), length);
	assert_string_equal(json_string_value(json_object_get(undo, "a")), "old");
	json_decref(undo);
	free(text);
	return copy;
}

/* Add what did KIND to the access of SUBJECT's ID. */
static uint64_t add_access(struct history *history, const char *subject, const char *id,
			   enum history_kind kind, const char *left)
{
	struct history_write write = {
	    .facts = {.owner = owner,
		      .id = id,
		      .access = {.kind = kind, .subject = subject, .was = "was", .left = left}}};

	return history_add(history, &write);
}

static const char *newest(struct history *history, const char *subject, const char *id, char *text,
			  size_t size)
{
	struct history_access access;

	if (!history_newest_access(history, subject, id, 0, &access))
		return NULL;
	assert_string_equal(access.owner, owner);
	snprintf(text, size, "%s %d %d", access.left ? access.left : "-", (int)access.kind,
		 (int)access.number);
	if (access.was)
		assert_string_equal(access.was, "was");
	history_facts_clear(&access);
	return text;
}

/* The newest that did something, as long as it is kept; no older one takes its place. */
static void test_access(void **state)
{
	struct history *history = history_new(HISTORY_BYTES_MAX);
	char text[64];

	(void)state;
	assert_null(newest(history, owner, "7", text, sizeof(text)));
	add_access(history, owner, "7", HISTORY_STATUS, "a");
	add_access(history, owner, "8", HISTORY_STATUS, "b");
	add_access(history, other, "7", HISTORY_LINK, "c");
	add(history, "7", "an edit", NULL);
	assert_string_equal(newest(history, owner, "7", text, sizeof(text)), "a 1 1");
	assert_string_equal(newest(history, owner, "8", text, sizeof(text)), "b 1 2");
	assert_string_equal(newest(history, other, "7", text, sizeof(text)), "c 2 3");
	assert_null(newest(history, other, "8", text, sizeof(text)));
	add_access(history, owner, "7", HISTORY_DELETE, NULL);
	assert_string_equal(newest(history, owner, "7", text, sizeof(text)), "- 5 5");
	for (unsigned i = 0; i < HISTORY_WRITES_MAX - 3; i++)
		add(history, "9", "an edit", NULL);
	assert_null(newest(history, owner, "8", text, sizeof(text)) ? "kept" : NULL);
	assert_string_equal(newest(history, owner, "7", text, sizeof(text)), "- 5 5");
	for (unsigned i = 0; i < 3; i++)
		add(history, "9", "an edit", NULL);
	assert_null(newest(history, owner, "7", text, sizeof(text)) ? "kept" : NULL);
	history_free(history);
}

static void test_one(void **state)
{
	struct history *history = history_new(HISTORY_BYTES_MAX);
	size_t sizes[HISTORY_PARTS], length;
	uint64_t first, last;
	struct timespec when;
	time_t before = time(NULL);
	char *text;

	(void)state;
	history_range(history, &first, &last);
	assert_true(last < first);
	assert_false(history_look(history, 1, sizes, &when));
	assert_int_equal(add(history, "7", "new", NULL), 1);
	history_range(history, &first, &last);
	assert_true(first == 1 && last == 1);
	assert_true(history_look(history, 1, sizes, &when));
	assert_true(when.tv_sec >= before && when.tv_sec <= time(NULL));
	text = history_text(history, 1, HISTORY_AFTER, &length);
	assert_string_equal(text, "{\n  \"a\": \"new\"\n}\n");
	assert_int_equal(length, strlen(text));
	assert_int_equal(sizes[HISTORY_AFTER], length);
	free(text);
	assert_int_equal(sizes[HISTORY_SCRIPT], 0);
	assert_null(history_text(history, 1, HISTORY_SCRIPT, &length));
	assert_null(history_text(history, 2, HISTORY_AFTER, &length));
	assert_null(history_text(history, 0, HISTORY_AFTER, &length));
	history_free(history);
	history_free(NULL);
}

static void test_nothing_there(void **state)
{
	struct history *history = history_new(HISTORY_BYTES_MAX);
	struct history_write write = {.facts = {.owner = owner, .id = "7"}, .script = "rm x\n"};
	size_t length;

	(void)state;
	assert_int_equal(history_add(history, &write), 1);
	for (enum history_part part = HISTORY_BEFORE; part <= HISTORY_UNDO; part++) {
		char *text = history_text(history, 1, part, &length);

		assert_string_equal(text, "null\n");
		free(text);
	}
	free(history_text(history, 1, HISTORY_SCRIPT, &length));
	assert_int_equal(length, 5);
	history_free(history);
}

static void test_versions(void **state)
{
	struct history *history = history_new(HISTORY_BYTES_MAX);
	struct history *mount = history_new(HISTORY_BYTES_MAX);
	json_t *version;
	char *stamp, *nested;

	(void)state;
	add(history, "7", "new", "updated_at");
	add(mount, "7", "elsewhere", "updated_at");
	add(history, "7", "newer", "/meta/updated_at");
	stamp = undo_member(history, 1, "updated_at", NULL);
	nested = undo_member(history, 2, "meta", "updated_at");
	assert_true(history_names(stamp) && history_names(nested));
	assert_non_null(strstr(stamp, "history/1/after.json"));
	assert_false(history_names("2026-01-02T03:04:05Z"));
	assert_false(history_names(""));

	version = history_version(history, stamp, owner, "7", HISTORY_AFTER);
	assert_string_equal(json_string_value(json_object_get(version, "a")), "new");
	json_decref(version);
	version = history_version(history, nested, owner, "7", HISTORY_AFTER);
	assert_string_equal(json_string_value(json_object_get(version, "a")), "newer");
	json_decref(version);

	/* another record, another roster, another mount, another time */
	assert_null(history_version(history, stamp, owner, "8", HISTORY_AFTER));
	assert_null(history_version(history, stamp, other, "7", HISTORY_AFTER));
	assert_null(history_version(mount, stamp, owner, "7", HISTORY_AFTER));
	stamp[strlen(stamp) - 2] ^= 1;
	assert_null(history_version(history, stamp, owner, "7", HISTORY_AFTER));
	assert_null(history_version(history, ".rosterfs/history/x", owner, "7", HISTORY_AFTER));
	assert_null(history_version(history, ".rosterfs/history/99999999999999999999", owner, "7",
				    HISTORY_AFTER));
	assert_null(history_version(history, "2026", owner, "7", HISTORY_AFTER));
	free(stamp);
	free(nested);
	history_free(history);
	history_free(mount);
}

static void test_number_bound(void **state)
{
	struct history *history = history_new(HISTORY_BYTES_MAX);
	size_t sizes[HISTORY_PARTS];
	uint64_t first, last;
	struct timespec when;
	char *stamp;

	(void)state;
	for (unsigned i = 1; i <= HISTORY_WRITES_MAX + 234; i++) {
		assert_int_equal(add(history, "7", "new", "updated_at"), i);
		assert_true(history_look(history, i, sizes, &when));
	}
	history_range(history, &first, &last);
	assert_int_equal(first, 235);
	assert_int_equal(last, HISTORY_WRITES_MAX + 234);
	for (unsigned i = 1; i <= HISTORY_WRITES_MAX + 240; i++)
		assert_int_equal(history_look(history, i, sizes, &when), i >= first && i <= last);
	stamp = undo_member(history, 235, "updated_at", NULL);
	add(history, "7", "new", NULL);
	assert_null(history_version(history, stamp, owner, "7", HISTORY_AFTER));
	free(stamp);
	history_free(history);
}

static void test_byte_bound(void **state)
{
	struct history *history = history_new(100000);
	char *large = calloc(1, 20001), *huge = calloc(1, 200001);
	size_t sizes[HISTORY_PARTS];
	uint64_t first, last;
	struct timespec when;

	(void)state;
	memset(large, 'x', 20000);
	memset(huge, 'x', 200000);
	for (unsigned i = 1; i <= 20; i++)
		add(history, "7", large, NULL);
	history_range(history, &first, &last);
	assert_int_equal(first, 17);
	assert_false(history_look(history, 16, sizes, &when));
	assert_true(history_look(history, 17, sizes, &when));
	/* the newest stays, however large it is */
	assert_int_equal(add(history, "7", huge, NULL), 21);
	assert_true(history_look(history, 21, sizes, &when));
	assert_false(history_look(history, 20, sizes, &when));
	add(history, "7", "small", NULL);
	assert_false(history_look(history, 21, sizes, &when));
	assert_true(history_look(history, 22, sizes, &when));
	free(large);
	free(huge);
	history_free(history);
}

static void *add_many(void *arg)
{
	for (unsigned i = 0; i < 1000; i++)
		add(arg, "7", "new", "updated_at");
	return NULL;
}

static void test_threads(void **state)
{
	struct history *history = history_new(300000);
	pthread_t threads[4];
	uint64_t first, last;
	size_t length;

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, add_many, history), 0);
	for (unsigned i = 0; i < 2000; i++) {
		history_range(history, &first, &last);
		free(history_text(history, last, HISTORY_AFTER, &length));
	}
	for (size_t i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	history_range(history, &first, &last);
	assert_int_equal(last, 4000);
	assert_true(first >= 3001);
	history_free(history);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one),           cmocka_unit_test(test_access),
	    cmocka_unit_test(test_nothing_there), cmocka_unit_test(test_versions),
	    cmocka_unit_test(test_number_bound),  cmocka_unit_test(test_byte_bound),
	    cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

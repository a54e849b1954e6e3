/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_pack.c - records as bytes (cache/record/pack.h), and bytes that are no record.
 */
#include "cache/record/pack.h"
#include "cache/record/record.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const char text[] = "{\n  \"id\": \"7\"\n}\n";

static struct record *make(uint8_t status, const char *word, const char *email, const char *key)
{
	struct record_parts parts = {.id = "7",
				     .word = word,
				     .email = email,
				     .key = key,
				     .text = text,
				     .length = sizeof(text) - 1,
				     .status = status,
				     .time = {-5, 999999999}};
	struct record *record = record_assemble(&parts);

	assert_non_null(record);
	return record;
}

static void assert_text(const char *a, const char *b)
{
	if (a && b)
		assert_string_equal(a, b);
	else
		assert_true(a == b);
}

static void assert_alike(const struct record *a, const struct record *b)
{
	assert_string_equal(a->id, b->id);
	assert_string_equal(record_status(a), record_status(b));
	assert_text(record_email(a), record_email(b));
	assert_text(record_key(a), record_key(b));
	assert_true(record_same(a, b));
	assert_string_equal(record_text(a), record_text(b));
	assert_int_equal(a->seconds, b->seconds);
	assert_int_equal(a->nanoseconds, b->nanoseconds);
	assert_int_equal(a->status, b->status);
	assert_true(a->namesake == b->namesake && a->saved == b->saved && a->row == b->row);
	assert_true(a->unreadable == b->unreadable && a->keyed == b->keyed);
	assert_true(a->version != b->version);
}

static void round_trip(struct record *record)
{
	struct record *again;
	char *bytes;
	size_t length;

	assert_int_equal(record_pack(record, &bytes, &length), 0);
	again = record_unpack(bytes, length);
	assert_non_null(again);
	assert_alike(record, again);
	record_put(again);
	free(bytes);
	record_put(record);
}

static void all_that_is_shown_comes_back(void **state)
{
	struct record *record;

	(void)state;
	round_trip(make(RECORD_ACTIVE, NULL, "a@x", NULL));
	round_trip(make(RECORD_UNKNOWN, NULL, NULL, NULL));
	round_trip(make(RECORD_OTHER, "suspended", "A@\xc3\xa4", "a@xn--4ca"));
	for (unsigned i = 0; i < 16; i++) {
		record = make(RECORD_INACTIVE, NULL, "a@x", i & 1 ? "b@x" : NULL);
		record->namesake = i & 1;
		record->saved = i & 2;
		record->row = i & 4;
		record->unreadable = i & 8;
		round_trip(record);
	}
}

/* Unpack a copy that ends where the allocation ends, so that a sanitizer sees each byte too many.
 */
static struct record *unpack_copy(const char *bytes, size_t length)
{
	char *copy = malloc(length ? length : 1);
	struct record *record;

	assert_non_null(copy);
	memcpy(copy, bytes, length);
	record = record_unpack(copy, length);
	free(copy);
	return record;
}

static void what_was_cut_is_no_record(void **state)
{
	struct record *record = make(RECORD_OTHER, "suspended", "A@x", "b@x");
	char *bytes, *more;
	size_t length;

	(void)state;
	assert_int_equal(record_pack(record, &bytes, &length), 0);
	for (size_t i = 0; i < length; i++)
		assert_null(unpack_copy(bytes, i));
	more = calloc(1, length + 1);
	assert_non_null(more);
	memcpy(more, bytes, length);
	assert_null(unpack_copy(more, length + 1));
	free(more);
	free(bytes);
	record_put(record);
}

/* Each byte takes each value. Whatever still is a record must be one that can be packed again. */
static void hostile_bytes_do_no_harm(void **state)
{
	struct record *record = make(RECORD_OTHER, "suspended", "A@x", "b@x");
	char *bytes;
	size_t length;

	(void)state;
	assert_int_equal(record_pack(record, &bytes, &length), 0);
	for (size_t i = 0; i < length; i++) {
		char own = bytes[i];

		for (int value = 0; value < 256; value++) {
			struct record *other;

			bytes[i] = (char)value;
			other = unpack_copy(bytes, length);
			if (other)
				round_trip(other);
		}
		bytes[i] = own;
	}
	/* another version, a status and flags that there are not */
	for (size_t i = 0; i < 4; i++) {
		char own = bytes[i];

		bytes[i] = (char)0x7f;
		assert_null(unpack_copy(bytes, length));
		bytes[i] = own;
	}
	free(bytes);
	record_put(record);
}

static void random_bytes_do_no_harm(void **state)
{
	char bytes[200];
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		for (size_t i = 0; i < sizeof(bytes); i++) {
			seed = seed * 1664525 + 1013904223;
			bytes[i] = (char)((seed >> 24) % (round % 7 ? 256 : 3));
		}
		bytes[0] = 1;
		bytes[3] = 0;
		record_put(unpack_copy(bytes, (seed >> 8) % sizeof(bytes)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_that_is_shown_comes_back),
	    cmocka_unit_test(what_was_cut_is_no_record),
	    cmocka_unit_test(hostile_bytes_do_no_harm),
	    cmocka_unit_test(random_bytes_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

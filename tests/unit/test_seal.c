/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_seal.c - names without meaning, and values that open only unchanged, in their place, with
 * their key.
 */
#include "cache/store/seal.h"

#include "vendors/base/log.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t one_key[SEAL_KEY_BYTES] = {1, 2, 3}, other_key[SEAL_KEY_BYTES] = {1, 2, 4};

static struct seal *seal, *stranger;

static int set_up(void **state)
{
	(void)state;
	seal = seal_new(one_key);
	stranger = seal_new(other_key);
	return seal && stranger ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	seal_free(seal);
	seal_free(stranger);
	seal_free(NULL);
	log_free();
	return 0;
}

static void test_names(void **state)
{
	static const char *const parts[] = {"ab", "c"}, *const shifted[] = {"a", "bc"},
				 *const null[] = {"ab", NULL}, *const empty[] = {"ab", ""};
	char names[7][SEAL_NAME_MAX], again[SEAL_NAME_MAX];

	(void)state;
	seal_name(seal, "lease", parts, 2, names[0]);
	seal_name(seal, "feed", parts, 2, names[1]);
	seal_name(seal, "lease", shifted, 2, names[2]);
	seal_name(seal, "lease", null, 2, names[3]);
	seal_name(seal, "lease", empty, 2, names[4]);
	seal_name(seal, "lease", parts, 1, names[5]);
	seal_name(stranger, "lease", parts, 2, names[6]);
	for (size_t i = 0; i < 7; i++) {
		assert_int_equal(strlen(names[i]), 41);
		assert_memory_equal(names[i], "rosterfs:", 9);
		assert_int_equal(strspn(names[i] + 9, "abcdefghijklmnopqrstuvwxyz234567"), 32);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(names[i], names[j]);
	}
	seal_name(seal, "lease", parts, 2, again);
	assert_string_equal(again, names[0]);
}

/* Seal LENGTH bytes of PLAIN at PLACE; the caller frees. */
static char *closed(const char *place, const void *plain, size_t length, size_t *sealed_length)
{
	char *sealed;

	assert_int_equal(seal_close(seal, place, plain, length, &sealed, sealed_length), 0);
	return sealed;
}

/* Return what USED says of SEALED at PLACE, and check that nothing comes of it. */
static int refused(struct seal *used, const char *place, const char *sealed, size_t length)
{
	char *plain = (char *)1;
	size_t plain_length = 1;
	int error = seal_open(used, place, "a test", sealed, length, &plain, &plain_length);

	assert_null(plain);
	assert_int_equal(plain_length, 0);
	return error;
}

/* Seal LENGTH bytes of PLAIN, and check that they come back. Returns how long they were sealed. */
static size_t round_trip(const void *plain, size_t length)
{
	size_t sealed_length, opened_length;
	char *opened, *sealed = closed("here", plain, length, &sealed_length);

	assert_int_equal(seal_open(seal, "here", "a test", sealed, sealed_length, &opened,
				   &opened_length),
			 0);
	assert_int_equal(opened_length, length);
	assert_memory_equal(opened, length ? plain : "", length);
	assert_int_equal(opened[length], '\0');
	free(opened);
	free(sealed);
	return sealed_length;
}

static void test_values(void **state)
{
	uint8_t every[256];
	char text[4096];

	(void)state;
	for (size_t i = 0; i < sizeof(every); i++)
		every[i] = (uint8_t)(i * 167);
	assert_true(round_trip("", 0) < 48);
	for (size_t i = 1; i <= sizeof(every); i++)
		assert_true(round_trip(every, i) <= i + 48);
	memset(text, 'x', sizeof(text));
	assert_true(round_trip(text, sizeof(text)) < 128);
}

/* Two seals of the same are different. */
static void test_nonce(void **state)
{
	size_t lengths[2];
	char *sealed[2] = {closed("here", "the same", 8, &lengths[0]),
			   closed("here", "the same", 8, &lengths[1])};

	(void)state;
	assert_int_equal(lengths[0], lengths[1]);
	assert_memory_not_equal(sealed[0], sealed[1], lengths[0]);
	free(sealed[0]);
	free(sealed[1]);
}

static void test_tampered(void **state)
{
	static const char text[] = "{\"id\": 1, \"email\": \"jane@example.com\", \"status\": "
				   "\"active\", \"again\": \"jane@example.com\"}";
	uint64_t foreign, other;
	size_t length;
	char *sealed = closed("here", text, sizeof(text), &length), *log;

	(void)state;
	assert_null(memmem(sealed, length, "example", 7));
	for (size_t i = 0; i < length; i++) {
		sealed[i] = (char)(sealed[i] ^ 4);
		/* the second byte is the version */
		assert_int_equal(refused(seal, "here", sealed, length),
				 i == 1 ? -EPROTONOSUPPORT : -EBADMSG);
		sealed[i] = (char)(sealed[i] ^ 4);
	}
	for (size_t i = 0; i < length; i++)
		assert_int_equal(refused(seal, "here", sealed, i), -EBADMSG);
	assert_int_equal(refused(seal, "there", sealed, length), -EBADMSG);
	assert_int_equal(refused(stranger, "here", sealed, length), -EBADMSG);
	free(sealed);
	seal_counts(seal, &foreign, &other);
	assert_int_equal(foreign, 2 * length);
	assert_int_equal(other, 1);
	seal_counts(stranger, &foreign, &other);
	assert_int_equal(foreign, 1);
	assert_int_equal(other, 0);
	/* one line for each reason and seal */
	log = log_text(&length);
	assert_non_null(strstr(log, "shared store: a test: 1 stored value ignored: changed in the "
				    "store, or sealed with another key; check shared_key_file\n"));
	assert_non_null(strstr(log, "another version of rosterfs wrote it"));
	length = 0;
	for (const char *line = log; (line = strchr(line, '\n')); line++)
		length++;
	assert_int_equal(length, 3);
	free(log);
}

/* No value is too large to be opened, and none makes its reader take more memory than that. */
static void test_bound(void **state)
{
	char *large = calloc(1, SEAL_PLAIN_MAX + 1), *sealed;
	uint8_t *noise = malloc(SEAL_PLAIN_MAX);
	uint32_t random = 1;
	size_t length;

	(void)state;
	for (size_t i = 0; i < SEAL_PLAIN_MAX; i++) {
		random = random * 1664525 + 1013904223;
		noise[i] = (uint8_t)(random >> 24);
	}
	assert_true(round_trip(large, SEAL_PLAIN_MAX) < 4096);
	assert_true(round_trip(noise, SEAL_PLAIN_MAX) < SEAL_PLAIN_MAX + 64);
	assert_int_equal(seal_close(seal, "here", large, SEAL_PLAIN_MAX + 1, &sealed, &length),
			 -EFBIG);
	assert_null(sealed);
	free(large);
	free(noise);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names), cmocka_unit_test(test_values),
	    cmocka_unit_test(test_nonce), cmocka_unit_test(test_tampered),
	    cmocka_unit_test(test_bound),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

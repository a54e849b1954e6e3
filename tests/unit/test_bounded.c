/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_bounded.c - a text whose tree would take too much memory is not parsed, in either place, and
 * others are; memory of a thread's block is used again once its values are freed.
 */
#include "vendors/json/exact_bounded.h"
#include "vendors/json/exact_print.h"
#include "vendors/json/exact_text.h"
#include "vendors/json/json_heap.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define MIB ((size_t)1 << 20)

/* Return BEGIN, COUNT times PART, and END: *LENGTH bytes that the caller frees. */
static char *repeat(const char *begin, const char *part, size_t count, const char *end,
		    size_t *length)
{
	struct exact_text out = {0};

	exact_text_put(&out, begin, strlen(begin));
	for (size_t i = 0; i < count; i++)
		exact_text_put(&out, part, strlen(part));
	exact_text_put(&out, end, strlen(end));
	assert_non_null(out.text);
	*length = out.length;
	return out.text;
}

/* Parse COUNT times PART in an array, in both places. LARGE: it takes too much memory. */
static void check_array(const char *part, size_t count, bool large)
{
	size_t length;
	char *text = repeat("[", part, count, "0]", &length), why[160];
	enum exact_bounded_failure failure;

	for (int place = EXACT_BOUNDED_HEAP; place <= EXACT_BOUNDED_BLOCK; place++) {
		json_t *value = exact_bounded_response(text, length,
						       (enum exact_bounded_place)place, why,
						       sizeof(why), &failure);

		assert_int_equal(failure, large ? EXACT_BOUNDED_LARGE : EXACT_BOUNDED_BROKEN);
		assert_int_equal(value == NULL, large);
		assert_int_equal(large, large && strstr(why, "16 times its size") != NULL);
		if (value && place == EXACT_BOUNDED_BLOCK)
			assert_in_range(json_heap_used(), length, 16 * length + 8 * MIB);
		json_decref(value);
		assert_int_equal(json_heap_used(), 0);
		json_heap_shrink();
	}
	free(text);
}

static void test_large(void **state)
{
	(void)state;
	for (int round = 0; round < 3; round++) {
		check_array("{},", 10, false);
		check_array("{},", MIB, true);
		check_array("[],", MIB, true);
		check_array("1,", 2 * MIB, true);
		check_array("0.5,", 2 * MIB, true);
		check_array("{\"a\":1},", MIB, true);
		check_array("\"a string of usual length\",", MIB / 16, false);
		check_array("{\"id\":12345,\"email\":\"john@example.com\"},", MIB / 64, false);
	}
	json_heap_free();
}

/* What is wrong otherwise is told as before. */
static void test_malformed(void **state)
{
	char why[160];
	enum exact_bounded_failure failure;

	(void)state;
	assert_null(
	    exact_bounded_response("[1,", 3, EXACT_BOUNDED_BLOCK, why, sizeof(why), &failure));
	assert_int_equal(failure, EXACT_BOUNDED_BROKEN);
	assert_non_null(strstr(why, "at byte 3"));
	assert_null(exact_bounded_response("{\"a\":1,\"a\":1}", 13, EXACT_BOUNDED_HEAP, why,
					   sizeof(why), &failure));
	assert_int_equal(failure, EXACT_BOUNDED_BROKEN);
	json_heap_free();
}

/* A value of a page that outlives it stays as it is, and the next page is bounded as well. */
static void test_kept(void **state)
{
	const char *text = "{\"kept\":[1,2,{\"three\":\"3\"}]}";
	json_t *kept = exact_bounded_response(text, strlen(text), EXACT_BOUNDED_BLOCK, NULL, 0,
					      NULL);
	json_t *same = json_deep_copy(kept);

	(void)state;
	assert_non_null(kept);
	for (int i = 0; i < 3; i++) {
		json_t *other = exact_bounded_response("[1,2]", 5, EXACT_BOUNDED_BLOCK, NULL, 0,
						       NULL);

		assert_int_equal(json_array_size(other), 2);
		json_decref(other);
		json_heap_shrink();
		json_heap_free();
	}
	assert_true(json_equal(kept, same));
	json_decref(kept);
	json_decref(same);
	check_array("{},", MIB, true);
	json_heap_free();
}

/* A text with mistakes is mended in bounded memory, or not at all. */
static void test_mend(void **state)
{
	static const struct {
		const char *begin, *part, *end;
		size_t count;
		bool mended;
	} texts[] = {
	    {"[{\"a\":NaN},", "{\"b\":1},", "0]", 10, true},
	    {"[{\"a\":NaN},", "{\"b\":1},", "0]", MIB, false},
	    {"[NaN,", "{\1},", "0]", MIB, false},
	    {"[NaN,", "[", "", MIB, false},
	    {"[NaN,", "{\"a\":", "", MIB, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		size_t length;
		char *text = repeat(texts[i].begin, texts[i].part, texts[i].count, texts[i].end,
				    &length);
		json_t *value = exact_bounded_mend(text, length);

		assert_int_equal(value != NULL, texts[i].mended);
		json_decref(value);
		free(text);
	}
}

/* Print COUNT times PART in an array with a limit of one MiB. */
static void check_print(const char *begin, const char *part, size_t count, const char *end,
			bool fits)
{
	size_t length;
	char *text = repeat(begin, part, count, end, &length);
	json_t *value = exact_parse(text, length, 0, NULL);
	struct exact_text out = {.limit = MIB};

	assert_non_null(value);
	assert_int_equal(exact_print_fits(value, EXACT_PRINT_INDENT, MIB), fits);
	assert_int_equal(exact_print(&out, value, EXACT_PRINT_INDENT), fits ? 0 : -EFBIG);
	/* it was not made to the end */
	assert_in_range(out.room, 1, 8 * MIB);
	free(out.text);
	json_decref(value);
	free(text);
}

static void test_print(void **state)
{
	(void)state;
	/* "[\n  0" and "\n]" are around the elements, each of which is a line of 5 bytes */
	check_print("[", "1,", (MIB - 7) / 5, "0]", true);
	check_print("[", "1,", (MIB - 7) / 5 + 1, "0]", false);
	check_print("[\"", "x", MIB - 8, "\"]", true);
	check_print("[\"", "x", MIB - 7, "\"]", false);
	check_print("[\"", "x", 32 * MIB, "\"]", false);
	check_print("[\"", "\\u0001", 2 * MIB, "\"]", false);
	check_print("[", "[],", 4 * MIB, "0]", false);
}

/* Objects in objects: the text grows with the square of their number. */
static void test_print_deep(void **state)
{
	struct exact_text text = {0};
	json_t *value;

	(void)state;
	for (int i = 0; i < 2000; i++)
		exact_text_put(&text, "{\"a\":", 5);
	exact_text_put(&text, "1", 1);
	for (int i = 0; i < 2000; i++)
		exact_text_put(&text, "}", 1);
	value = exact_parse(text.text, text.length, 0, NULL);
	assert_non_null(value);
	assert_false(exact_print_fits(value, EXACT_PRINT_INDENT, MIB));
	assert_true(exact_print_fits(value, EXACT_PRINT_INDENT, 16 * MIB));
	json_decref(value);
	free(text.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_large), cmocka_unit_test(test_malformed),
	    cmocka_unit_test(test_kept),  cmocka_unit_test(test_mend),
	    cmocka_unit_test(test_print), cmocka_unit_test(test_print_deep),
	};

	json_heap_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

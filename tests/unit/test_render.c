/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_render.c - the text of an object: its form, one buffer for one text after the other, and as
 * many digits as its numbers need.
 */
#include "cache/document/render.h"
#include "vendors/json/exact_parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void check(struct render *render, const char *json, const char *wanted)
{
	json_t *object = exact_parse(json, strlen(json), 0, NULL);
	size_t length;
	char *text;

	assert_non_null(object);
	assert_int_equal(render_object(render, object), 0);
	assert_int_equal(render->length, strlen(wanted));
	assert_memory_equal(render->text, wanted, render->length);
	text = render_string(object, &length);
	assert_string_equal(text, wanted);
	assert_int_equal(length, strlen(wanted));
	free(text);
	json_decref(object);
}

static void test_form(void **state)
{
	struct render render = {0};

	(void)state;
	check(&render, "{}", "{}\n");
	check(&render, "{\"b\":1,\"a\":{\"c\":[true,null]}}",
	      "{\n  \"b\": 1,\n  \"a\": {\n    \"c\": [\n      true,\n      null\n    ]\n  }\n}\n");
	check(&render, "{\"a\":\"\xc3\xa4\\u0001\"}", "{\n  \"a\": \"\xc3\xa4\\u0001\"\n}\n");
	check(&render, "{}", "{}\n");
	render_clear(&render);
	render_clear(&render);
	check(&render, "{}", "{}\n");
	render_clear(&render);
}

/* Texts of all lengths around those at which the buffer must grow. */
static void test_lengths(void **state)
{
	char json[4400], wanted[4500];
	struct render render = {0};

	(void)state;
	for (size_t size = 0; size < 4200; size += size < 1000 || size % 1024 > 40 ? 7 : 1) {
		memset(json, 'x', size);
		json[size] = '\0';
		snprintf(wanted, sizeof(wanted), "{\n  \"%s\": 1\n}\n", json);
		memmove(json + 2, json, size);
		memcpy(json, "{\"", 2);
		memcpy(json + 2 + size, "\":1}", 5);
		check(&render, json, wanted);
		if (size % 3 == 0)
			render_clear(&render);
	}
	render_clear(&render);
}

static void test_numbers(void **state)
{
	struct render render = {0};

	(void)state;
	check(&render, "[0.1]", "[\n  0.1\n]\n");
	check(&render, "[37.1,-0.0,1e300]", "[\n  37.1,\n  -0.0,\n  1e300\n]\n");
	check(&render, "[-122.419416]", "[\n  -122.419416\n]\n");
	check(&render, "[999999999.999999]", "[\n  999999999.999999\n]\n");
	check(&render, "[1e-7]", "[\n  1e-7\n]\n");
	check(&render, "[123456789.0]", "[\n  123456789.0\n]\n");
	/* what needs 16 digits or 17 gets them */
	check(&render, "[0,-7,9223372036854775807]", "[\n  0,\n  -7,\n  9223372036854775807\n]\n");
	check(&render, "[0.30000000000000004]", "[\n  0.30000000000000004\n]\n");
	check(&render, "[9007199254740993.5,1e+300]", "[\n  9007199254740993.5,\n  1e+300\n]\n");
	render_clear(&render);
}

/* Each number reads back as what it was, with no more digits than needed for that. */
static void check_number(struct render *render, double number)
{
	json_t *array = json_array();
	char text[64], shorter[64];

	json_array_append_new(array, json_real(number));
	assert_int_equal(render_object(render, array), 0);
	assert_true(render->length < sizeof(text));
	memcpy(text, render->text, render->length);
	text[render->length] = '\0';
	assert_true(strtod(text + 4, NULL) == number);
	snprintf(shorter, sizeof(shorter), "%.15g", number);
	if (strtod(shorter, NULL) == number)
		assert_true(strcspn(text + 4, "\n") <= strlen(shorter) + 2);
	json_decref(array);
}

static void test_random_numbers(void **state)
{
	struct render render = {0};

	(void)state;
	srandom(7);
	for (size_t i = 0; i < 20000; i++) {
		double places[] = {1, 10, 100, 1e3, 1e6, 1e7, 1e9};
		double number = (double)(random() - (1 << 30)) / places[random() % 7];
		uint64_t bits = (uint64_t)random() << 40 ^ (uint64_t)random() << 20 ^
				(uint64_t)random();

		check_number(&render, number);
		check_number(&render, number * 1e5 + 0.1);
		memcpy(&number, &bits, sizeof(number));
		if (number - number == 0) /* neither infinite nor none */
			check_number(&render, number);
	}
	render_clear(&render);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_form),
	    cmocka_unit_test(test_lengths),
	    cmocka_unit_test(test_numbers),
	    cmocka_unit_test(test_random_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

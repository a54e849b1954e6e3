/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_body.c - bodies of requests, and the words of responses. Input: a body, and an object with
 * the values, a line each.
 */
#include "tests/fuzz/fuzz_values.h"

#include "vendors/rest/words.h"
#include "vendors/template/body.h"

/* Return how many values of each kind a tree has, added up in some way. */
static size_t shape_of(const json_t *value)
{
	size_t shape = (size_t)json_typeof(value) + 1, i;
	const char *key;
	json_t *part;

	json_array_foreach(value, i, part)
		shape = shape * 31 + shape_of(part);
	json_object_foreach((json_t *)(uintptr_t)value, key, part)
		shape = shape * 37 + shape_of(part);
	return shape;
}

static void check_json(const char *body, const char *made, struct fuzz_values *values)
{
	json_t *tree = exact_parse(made, strlen(made), EXACT_PARSE_ANY, NULL), *twin;
	char why[100], *again;

	FUZZ_CHECK(tree);
	/* with the same values, the same is made */
	again = body_expand(body, &values->values, why, sizeof(why));
	FUZZ_CHECK(again && strcmp(again, made) == 0);
	twin = exact_parse(again, strlen(again), EXACT_PARSE_ANY, NULL);
	FUZZ_CHECK(twin && shape_of(tree) == shape_of(twin));
	json_decref(twin);
	json_decref(tree);
	free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_begin(data, size);
	const char *body = fuzz_line(&input);
	json_t *object = fuzz_json(&input);
	struct fuzz_values values = {.values = {fuzz_value}, .object = object};
	const char *wrong = body_check(body);
	char why[100] = "", words[64], *made;

	made = body_expand(body, &values.values, why, sizeof(why));
	FUZZ_CHECK(made || *why);
	if (made && body_is_json(body)) {
		check_json(body, made, &values);
	} else if (made) {
		char *harmless;

		values.harmless = true;
		harmless = body_expand(body, &values.values, why, sizeof(why));
		FUZZ_CHECK(harmless);
		fuzz_same_marks(made, harmless, "&= \r\n");
		free(harmless);
	}
	FUZZ_CHECK(wrong || made || strstr(why, "no value") || strstr(why, "has "));
	free(made);
	words_of_body(input.rest, strlen(input.rest), words, sizeof(words));
	FUZZ_CHECK(strlen(words) < sizeof(words));
	json_decref(object);
	free(input.text);
	return 0;
}

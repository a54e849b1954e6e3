/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_pointer.c - pointers, values, sources and conditions. Input: a pointer or source, a value,
 * headers (with "|" between them), and JSON, a line each.
 */
#include "tests/fuzz/fuzz.h"

#include "vendors/json/pointer.h"
#include "vendors/template/source.h"
#include "vendors/template/value.h"

/* What pointer_each finds. */
struct found {
	json_t *first;
	size_t count;
};

static int count(json_t *at, void *arg)
{
	struct found *found = arg;

	if (!found->count++)
		found->first = at;
	return found->count == 1000;
}

/* Names of a pointer relate to it as they must. */
static void check_names(const char *pointer)
{
	char names[64][POINTER_NAME_MAX], *path[64];
	const char *at = pointer;
	size_t depth = 0;

	while (depth < 64 && pointer_next(&at, names[depth])) {
		path[depth] = names[depth];
		depth++;
	}
	FUZZ_CHECK(pointer_relate(pointer, path, depth) == POINTER_COVERS);
	if (depth)
		FUZZ_CHECK(pointer_relate(pointer, path, depth - 1) == POINTER_BELOW);
}

static void check_changes(const json_t *value, const char *pointer)
{
	json_t *copy = json_deep_copy(value), *new = json_string("new");
	const json_t *after;
	int rc;

	pointer_remove(copy, pointer);
	after = pointer_get(copy, pointer);
	FUZZ_CHECK(!after || json_is_null(after) || strcmp(pointer, ".") == 0);
	rc = pointer_set(copy, pointer, json_incref(new));
	FUZZ_CHECK(rc || pointer_get(copy, pointer) == new);
	json_decref(new);
	json_decref(copy);
}

static void check_source(const char *text, const struct value *value, char *headers, json_t *body)
{
	const struct source_reply reply = {.body = body, .headers = headers, .last = body};
	const struct value values[] = {*value, {VALUE_END, NULL}};
	struct source sources[2] = {{SOURCE_NONE, NULL}, {SOURCE_NONE, NULL}};
	const char *wrong = source_read(text, sources);
	struct condition condition;

	condition = (struct condition){sources[0], values};
	if (wrong)
		return;
	json_decref(source_first(sources, &reply));
	(void)condition_holds(&condition, &reply);
	condition.values = NULL;
	FUZZ_CHECK(!condition_holds(&condition, &reply));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_begin(data, size);
	const char *pointer = fuzz_line(&input), *text = fuzz_line(&input);
	char *headers = fuzz_line(&input);
	json_t *json = fuzz_json(&input);
	struct found found = {0};
	struct value value;

	for (char *at = headers; (at = strchr(at, '|'));)
		*at = '\n';
	if (value_read(text, &value) == 0) {
		json_t *own = value_json(&value);

		FUZZ_CHECK(!own || value_is(&value, own));
		json_decref(own);
		(void)value_is(&value, json);
		check_source(pointer, &value, headers, json);
	}
	value_clear(&value);
	pointer_each(json, pointer, count, &found);
	FUZZ_CHECK(found.first == pointer_get(json, pointer));
	if (!pointer_check(pointer)) {
		check_names(pointer);
		if (json)
			check_changes(json, pointer);
	}
	json_decref(json);
	free(input.text);
	return 0;
}

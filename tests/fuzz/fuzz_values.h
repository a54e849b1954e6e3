/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_values.h - values for templates from an object, and the same with harmless ones in their
 * place.
 */
#ifndef TESTS_FUZZ_FUZZ_VALUES_H
#define TESTS_FUZZ_FUZZ_VALUES_H

#include "tests/fuzz/fuzz.h"
#include "vendors/template/template.h"

struct fuzz_values {
	struct template_values values;
	const json_t *object;
	bool harmless;
};

static inline json_t *fuzz_value(const struct template_values *values, const char *name)
{
	const struct fuzz_values *own = (const struct fuzz_values *)values;
	json_t *value = json_object_get(own->object, name);

	return value && own->harmless ? json_string("x") : json_incref(value);
}

/* Write the characters of TEXT that are among MARKS to OUT (of the size of TEXT). */
static inline void fuzz_marks(const char *text, const char *marks, char *out)
{
	for (; *text; text++) {
		if (strchr(marks, *text))
			*out++ = *text;
	}
	*out = '\0';
}

/* Values must not add or take away one of MARKS: A was made with those of the input, B with
 * harmless ones. */
static inline void fuzz_same_marks(const char *a, const char *b, const char *marks)
{
	char *left = malloc(strlen(a) + 1), *right = malloc(strlen(b) + 1);

	FUZZ_CHECK(left && right);
	fuzz_marks(a, marks, left);
	fuzz_marks(b, marks, right);
	FUZZ_CHECK(strcmp(left, right) == 0);
	free(left);
	free(right);
}

#endif

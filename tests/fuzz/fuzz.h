/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz.h - what the fuzz targets share: LLVM's entry point, and the parts of an input.
 *
 * A target aborts if what it tests breaks a promise of its header; sanitizers find the rest. To
 * repeat one input: build/fuzz/fuzz/fuzz_NAME FILE.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include "vendors/json/exact_parse.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Stop with WORDS, so that the input is kept. */
#define FUZZ_CHECK(condition)                                                                      \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);    \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* An input, as lines. */
struct fuzz_input {
	char *text; /* a copy, terminated */
	char *rest;
};

static inline struct fuzz_input fuzz_begin(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	FUZZ_CHECK(text);
	memcpy(text, data, size);
	text[size] = '\0';
	return (struct fuzz_input){text, text};
}

/* Return the next line, which is "" at the end. */
static inline char *fuzz_line(struct fuzz_input *input)
{
	char *line = input->rest, *end = strchr(line, '\n');

	input->rest = end ? end + 1 : line + strlen(line);
	if (end)
		*end = '\0';
	return line;
}

/* Return the rest as JSON, or NULL. */
static inline json_t *fuzz_json(const struct fuzz_input *input)
{
	return exact_parse(input->rest, strlen(input->rest), EXACT_PARSE_ANY, NULL);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_json.c - JSON of vendors and of users. Input: a text.
 *
 * What is read and printed is read as the same, in each form; the scanner of documents accepts what
 * the parser accepts; and the bounded parser makes the same tree.
 */
#include "tests/fuzz/fuzz.h"

#include "cache/document/document.h"
#include "cache/document/merge.h"
#include "cache/document/render.h"
#include "vendors/base/one_line.h"
#include "vendors/json/exact.h"
#include "vendors/json/exact_bounded.h"
#include "vendors/json/exact_mend.h"
#include "vendors/json/exact_print.h"
#include "vendors/json/json_heap.h"

static void check_print(const json_t *value, unsigned flags)
{
	char *text = exact_print_text(value, flags), *again;
	json_t *copy;

	FUZZ_CHECK(text);
	copy = exact_parse(text, strlen(text), EXACT_PARSE_ANY, NULL);
	FUZZ_CHECK(copy && json_equal(copy, value));
	again = exact_print_text(copy, flags);
	FUZZ_CHECK(again && strcmp(again, text) == 0);
	if (flags & EXACT_PRINT_LINE) {
		one_line(again, '?');
		FUZZ_CHECK(strcmp(again, text) == 0);
	} else {
		FUZZ_CHECK(exact_print_fits(value, flags, strlen(text)));
		/* 0 is no limit */
		FUZZ_CHECK(!text[1] || !exact_print_fits(value, flags, strlen(text) - 1));
	}
	free(again);
	free(text);
	json_decref(copy);
}

static void check_value(const json_t *value)
{
	char *brief = exact_print_brief(value), *words = exact_string_words(value);
	json_t *copy = json_deep_copy(value);

	check_print(value, 0);
	check_print(value, EXACT_PRINT_INDENT | EXACT_PRINT_NEWLINE);
	check_print(value, EXACT_PRINT_SORT);
	check_print(value, EXACT_PRINT_LINE);
	FUZZ_CHECK(brief && strlen(brief) <= 100);
	FUZZ_CHECK(!words == !exact_is_string(value));
	FUZZ_CHECK(merge_same(value, copy) && merge_alike(value, copy));
	FUZZ_CHECK(!exact_is_rounded(value, copy));
	if (exact_is_number(value))
		FUZZ_CHECK(exact_same_number(value, copy) &&
			   exact_hash_number(value) == exact_hash_number(copy));
	json_decref(copy);
	free(words);
	free(brief);
}

static void check_render(const json_t *object)
{
	size_t length = 0;
	char *text = render_string(object, &length);
	json_t *again = text ? exact_parse(text, length, 0, NULL) : NULL;

	FUZZ_CHECK(again && json_equal(again, object) && text[length - 1] == '\n');
	json_decref(again);
	free(text);
}

/* Check what the scanner says of the LENGTH bytes at TEXT, of which the parser has made VALUE. */
static void check_scanner(const char *text, size_t length, const json_t *value, bool deep)
{
	struct document whole, parts;
	size_t half = length / 2;

	document_init(&whole);
	document_init(&parts);
	(void)document_feed(&whole, text, length);
	(void)document_feed(&parts, text, half);
	FUZZ_CHECK(document_feed(&parts, text + half, length - half) == whole.state);
	FUZZ_CHECK(!whole.why || whole.state == DOCUMENT_WRONG);
	if (whole.state == DOCUMENT_WHOLE)
		FUZZ_CHECK(json_is_object(value));
	else
		FUZZ_CHECK(deep || !json_is_object(value));
}

static void check_bounded(const char *text, size_t length, const json_t *value)
{
	static const enum exact_bounded_place places[] = {EXACT_BOUNDED_HEAP, EXACT_BOUNDED_BLOCK};
	json_t *mended;

	for (size_t i = 0; i < 2; i++) {
		enum exact_bounded_failure failure = EXACT_BOUNDED_BROKEN;
		json_t *own = exact_bounded_parse(text, length, EXACT_PARSE_ANY, places[i],
						  &failure, NULL);

		FUZZ_CHECK(failure != EXACT_BOUNDED_BROKEN ? !own : !own == !value);
		if (own)
			FUZZ_CHECK(json_equal(own, value));
		json_decref(own);
		json_heap_free();
		FUZZ_CHECK(json_heap_used() == 0);
	}
	mended = exact_bounded_mend(text, length);
	if (mended)
		check_print(mended, 0);
	json_decref(mended);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool installed;
	struct fuzz_input input = fuzz_begin(data, size);
	struct exact_parse_error error = {.words = ""};
	json_t *value;
	size_t depth = 0;

	if (!installed)
		json_heap_install();
	installed = true;
	for (size_t i = 0; i < size; i++)
		depth += strchr("[{", input.text[i]) != NULL;
	value = exact_parse(input.text, size, EXACT_PARSE_ANY, &error);
	FUZZ_CHECK(value || (error.words[0] && error.position <= size));
	check_scanner(input.text, size, value, depth > DOCUMENT_DEPTH_MAX);
	check_bounded(input.text, size, value);
	if (value)
		check_value(value);
	if (json_is_object(value))
		check_render(value);
	json_decref(value);
	free(input.text);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_document.c - does the scanner of cache/document/document.c agree with the parser, however a
 * text is cut?
 *
 * First a table of texts with the state each must have. Then thousands of generated documents, and
 * mutations of them. For each text, exact_parse says whether it is a whole object; each prefix that
 * the scanner calls begun is completed by a few bytes and must then be whole for it, and what the
 * scanner calls wrong must stay wrong for it, whatever is put behind it. Each text is also fed
 * cut at every place. The seed is fixed: a failure comes again.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cache/document/document.h"
#include "tests/unit/document_examples.h"
#include "vendors/json/exact_parse.h"

#define TEXT_MAX 4096
#define DOCUMENTS 1500
#define MUTATIONS 12

struct text {
	size_t length;
	char bytes[TEXT_MAX];
};

static uint64_t seed;

static uint64_t next_random(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed >> 11;
}

static unsigned below(unsigned limit)
{
	return (unsigned)(next_random() % limit);
}

/* ---- what is asked of the scanner, and of the parser ---- */

static enum document_state scan(const char *bytes, size_t length)
{
	struct document document;

	document_init(&document);
	return document_feed(&document, bytes, length);
}

static bool parses(const char *bytes, size_t length)
{
	json_t *value = exact_parse(bytes, length, 0, NULL);
	bool whole = json_is_object(value);

	json_decref(value);
	return whole;
}

static void fail_with(const char *what, const char *bytes, size_t length)
{
	print_error("%s: [%.*s]\n", what, (int)length, bytes);
	fail();
}

/*
 * Bring a begun text to its end: of a list of bytes, always the first that the scanner does not
 * call wrong. The order makes sure that each byte comes nearer to the end.
 */
static void complete(const struct document *begun, const char *bytes, size_t length)
{
	static const char choice[] = "\"}]:0dc\\u{rueals\x80\x90\xA0";
	struct document document = *begun;
	struct text text = {.length = length};

	memcpy(text.bytes, bytes, length);
	while (document.state == DOCUMENT_BEGUN) {
		struct document trial = document;
		const char *c = choice;

		for (; *c; c++) {
			trial = document;
			if (document_feed(&trial, c, 1) != DOCUMENT_WRONG)
				break;
		}
		if (!*c || text.length == TEXT_MAX)
			fail_with("begun, but nothing may follow", bytes, length);
		text.bytes[text.length++] = *c;
		document = trial;
	}
	if (!parses(text.bytes, text.length))
		fail_with("completed, but the parser refuses it", text.bytes, text.length);
}

/* The first LENGTH bytes are wrong: is it so for the parser, whatever end is put behind them? */
static void check_hopeless(const struct text *whole, size_t length)
{
	static const char *const ends[] = {
	    "", "\"", "}", "]", "\"}", "\"]}", "]}", "}}", "0}", "\":0}", ":0}", "00\"}", "c00\"}",
	};

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct text text = {.length = length};

		memcpy(text.bytes, whole->bytes, length);
		memcpy(text.bytes + length, ends[i], strlen(ends[i]));
		text.length += strlen(ends[i]);
		if (parses(text.bytes, text.length))
			fail_with("wrong, but the parser takes it", text.bytes, text.length);
		assert_int_equal(scan(text.bytes, text.length), DOCUMENT_WRONG);
	}
}

/* ---- checks of one text ---- */

static void check_cuts(const struct text *text, enum document_state want)
{
	struct document cut;

	for (size_t i = 0; i <= text->length; i++) {
		document_init(&cut);
		document_feed(&cut, text->bytes, i);
		document_feed(&cut, text->bytes + i, 0);
		if (document_feed(&cut, text->bytes + i, text->length - i) != want)
			fail_with("cut in two, another state", text->bytes, text->length);
	}
	document_init(&cut);
	for (size_t i = 0; i < text->length;) {
		size_t piece = 1 + below(7);

		if (piece > text->length - i)
			piece = text->length - i;
		document_feed(&cut, text->bytes + i, piece);
		i += piece;
	}
	assert_int_equal(cut.state, want);
}

/* Each prefix, byte by byte: once wrong always wrong; begun can be mended; whole is whole. */
static void check_prefixes(const struct text *text)
{
	enum document_state before = DOCUMENT_BEGUN;
	struct document document;

	document_init(&document);
	for (size_t i = 0; i < text->length; i++) {
		enum document_state state;

		if (before == DOCUMENT_BEGUN)
			complete(&document, text->bytes, i);
		state = document_feed(&document, text->bytes + i, 1);
		if (before == DOCUMENT_WRONG)
			assert_int_equal(state, DOCUMENT_WRONG);
		if (before == DOCUMENT_WHOLE)
			assert_int_not_equal(state, DOCUMENT_BEGUN);
		if (state == DOCUMENT_WRONG && before != DOCUMENT_WRONG)
			check_hopeless(text, i + 1);
		if (state == DOCUMENT_WHOLE && !parses(text->bytes, i + 1))
			fail_with("whole, but the parser refuses it", text->bytes, i + 1);
		before = state;
	}
}

static void check_text(const struct text *text)
{
	enum document_state state = scan(text->bytes, text->length);

	if (parses(text->bytes, text->length) != (state == DOCUMENT_WHOLE))
		fail_with("the parser disagrees", text->bytes, text->length);
	check_cuts(text, state);
	check_prefixes(text);
}

/* ---- generated documents ---- */

static void put(struct text *text, const char *bytes)
{
	size_t length = strlen(bytes);

	assert_true(text->length + length < TEXT_MAX / 2);
	memcpy(text->bytes + text->length, bytes, length);
	text->length += length;
}

#define PUT_ONE(text, list) put(text, (list)[below(sizeof(list) / sizeof((list)[0]))])

static void put_space(struct text *text)
{
	static const char *const spaces[] = {" ", "\n", "\t", "\r\n", "  "};

	if (below(4) == 0)
		PUT_ONE(text, spaces);
}

static void put_string(struct text *text)
{
	/* clang-format off */
	static const char *const pieces[] = {
	    "a", "Zoe", " ", "/", "\x7f", "{", "}", "]", ",", ":", "'", "\\\"", "\\\\", "\\/",
	    "\\b", "\\f", "\\n", "\\r", "\\t", "\\u00e9", "\\uD83D\\uDE00", "\\udbff\\udfff",
	    "\\uFFFF", "\\ud7ff", "\\uE000", "\\u0001", "\xc2\x80", "\xc3\xa9", "\xdf\xbf",
	    "\xe0\xa0\x80", "\xe2\x82\xac", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf",
	    "\xf0\x90\x80\x80", "\xf0\x9f\x98\x80", "\xf3\xbf\xbf\xbf", "\xf4\x8f\xbf\xbf",
	    "\xef\xbb\xbf",
	};
	/* clang-format on */

	put(text, "\"");
	for (unsigned count = below(5); count; count--)
		PUT_ONE(text, pieces);
	put(text, "\"");
}

static void put_value(struct text *text, unsigned depth)
{
	/* clang-format off */
	static const char *const plain[] = {
	    "true", "false", "null", "0", "-0", "7", "-12", "340", "1.5", "0.25", "-0.0", "1e5",
	    "1E+2", "0e-7", "12.75e3", "\"\"", "[]", "{}", "9223372036854775807", "\"\\u0000\"",
	};
	/* clang-format on */
	unsigned kind = depth ? below(6) : below(3);
	bool object = kind >= 4;

	put_space(text);
	if (kind == 0)
		put_string(text);
	else if (kind < 3)
		PUT_ONE(text, plain);
	else {
		put(text, object ? "{" : "[");
		put_space(text);
		for (unsigned i = 0, count = below(4); i < count; i++) {
			if (i)
				put(text, ",");
			if (object) {
				put_space(text);
				put_string(text);
				put_space(text);
				put(text, ":");
			}
			put_value(text, depth - 1);
		}
		put(text, object ? "}" : "]");
	}
	put_space(text);
}

static void make_document(struct text *text)
{
	text->length = 0;
	put_space(text);
	put(text, "{\"n\":");
	put_value(text, 3);
	while (below(3)) {
		put(text, ",");
		put_space(text);
		put_string(text);
		put(text, ":");
		put_value(text, 2);
	}
	put(text, "}");
	put_space(text);
}

static void mutate(struct text *text)
{
	static const char bytes[] = "{}[]\",:\\/ \n\t0123456789.-+eEtrufalsnbdcDC\x01\x1f\x7f"
				    "\x80\x90\xa0\xbf\xc0\xc1\xc2\xe0\xed\xf0\xf4\xf5\xff";
	size_t place = below((unsigned)text->length);
	char byte = bytes[below(sizeof(bytes))]; /* the NUL at the end too */
	size_t other;

	switch (below(5)) {
	case 0: /* one byte less */
		memmove(text->bytes + place, text->bytes + place + 1, text->length - place - 1);
		text->length--;
		break;
	case 1: /* one more */
		memmove(text->bytes + place + 1, text->bytes + place, text->length - place);
		text->bytes[place] = byte;
		text->length++;
		break;
	case 2: /* a piece again */
		other = 1 + below(6);
		if (other > text->length - place)
			other = text->length - place;
		memmove(text->bytes + place + other, text->bytes + place, text->length - place);
		text->length += other;
		break;
	case 3: /* two change places */
		other = below((unsigned)text->length);
		byte = text->bytes[other];
		text->bytes[other] = text->bytes[place];
		text->bytes[place] = byte;
		break;
	default:
		text->bytes[place] = byte;
		break;
	}
}

static void test_generated(void **state)
{
	unsigned wrong = 0;
	unsigned whole = 0;

	(void)state;
	seed = 0x5eed0001;
	for (unsigned i = 0; i < DOCUMENTS; i++) {
		struct text text;

		make_document(&text);
		assert_int_equal(scan(text.bytes, text.length), DOCUMENT_WHOLE);
		check_text(&text);
	}
	for (unsigned i = 0; i < DOCUMENTS; i++) {
		struct text original;

		make_document(&original);
		if (original.length > 160) /* long ones teach nothing more, and are slow */
			continue;
		for (unsigned j = 0; j < MUTATIONS; j++) {
			struct text text = original;

			for (unsigned count = 1 + below(3); count && text.length > 1; count--)
				mutate(&text);
			check_text(&text);
			switch (scan(text.bytes, text.length)) {
			case DOCUMENT_WRONG:
				wrong++;
				break;
			case DOCUMENT_WHOLE:
				whole++;
				break;
			default:
				break;
			}
		}
	}
	/* a generator that makes only one kind would prove little */
	assert_true(wrong > 2000);
	assert_true(whole > 500);
}

/* Each proper prefix of a document is begun, and none before its last bracket is whole. */
static void test_prefixes_begun(void **state)
{
	(void)state;
	seed = 0x5eed0002;
	for (unsigned i = 0; i < 2 * DOCUMENTS; i++) {
		struct document document;
		struct text text;

		make_document(&text);
		while (text.bytes[text.length - 1] != '}')
			text.length--;
		document_init(&document);
		for (size_t j = 0; j < text.length; j++) {
			assert_int_equal(document.state, DOCUMENT_BEGUN);
			document_feed(&document, text.bytes + j, 1);
		}
		assert_int_equal(document.state, DOCUMENT_WHOLE);
		assert_int_equal(document_feed(&document, " \n\t\r", 4), DOCUMENT_WHOLE);
		assert_int_equal(document_feed(&document, "{", 1), DOCUMENT_WRONG);
		assert_int_equal(document_feed(&document, "}", 1), DOCUMENT_WRONG);
	}
}

/* ---- by hand ---- */

static void test_table(void **state)
{
	(void)state;
	seed = 0x5eed0003;
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		const struct example *example = &examples[i];
		struct text text = {.length = example->length};

		memcpy(text.bytes, example->text, example->length);
		if (scan(text.bytes, text.length) != example->state)
			fail_with("not the state of the table", text.bytes, text.length);
		check_text(&text);
	}
}

static void test_depth(void **state)
{
	struct document document;

	(void)state;
	for (unsigned array = 0; array < 2; array++) {
		document_init(&document);
		assert_int_equal(document_feed(&document, "{\"a\":", 5), DOCUMENT_BEGUN);
		for (unsigned i = 1; i < DOCUMENT_DEPTH_MAX; i++)
			assert_int_equal(array ? document_feed(&document, "[", 1)
					       : document_feed(&document, "{\"a\":", 5),
					 DOCUMENT_BEGUN);
		/* neither takes one level more */
		for (unsigned brace = 0; brace < 2; brace++) {
			struct document deeper = document;

			assert_int_equal(document_feed(&deeper, brace ? "{" : "[", 1),
					 DOCUMENT_WRONG);
		}
		if (!array)
			document_feed(&document, "0", 1);
		for (unsigned i = 1; i < DOCUMENT_DEPTH_MAX; i++)
			assert_int_equal(document_feed(&document, array ? "]" : "}", 1),
					 DOCUMENT_BEGUN);
		assert_int_equal(document_feed(&document, "}", 1), DOCUMENT_WHOLE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_table),
	    cmocka_unit_test(test_depth),
	    cmocka_unit_test(test_prefixes_begun),
	    cmocka_unit_test(test_generated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

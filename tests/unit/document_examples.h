/* SPDX-License-Identifier: Apache-2.0 */
/*
 * document_examples.h - texts for test_document.c, each with the state it must have.
 *
 * The wrong ones are wrong by their last token only: what stands before it is the beginning of a
 * document.
 */
#ifndef ROSTERFS_TESTS_DOCUMENT_EXAMPLES_H
#define ROSTERFS_TESTS_DOCUMENT_EXAMPLES_H

#include "cache/document/document.h"

struct example {
	enum document_state state;
	size_t length;
	const char *text;
};

#define EXAMPLE(state, text)                                                                       \
	{                                                                                          \
		DOCUMENT_##state, sizeof(text) - 1, text                                           \
	}

static const struct example examples[] = {
    EXAMPLE(BEGUN, ""),
    EXAMPLE(BEGUN, " \n\t\r"),
    EXAMPLE(WHOLE, "{}"),
    EXAMPLE(WHOLE, " { } \n"),
    EXAMPLE(WRONG, "{}{}"),
    EXAMPLE(WRONG, "{}x"),
    EXAMPLE(WRONG, "{}\0"),
    EXAMPLE(WRONG, "\0"),
    EXAMPLE(WRONG, "\v"),
    EXAMPLE(WRONG, "\xef"), /* a byte order mark */
    EXAMPLE(WRONG, "["),
    EXAMPLE(WRONG, "\""),
    EXAMPLE(WRONG, "1"),
    EXAMPLE(WRONG, "n"),
    EXAMPLE(WRONG, "}"),
    /* members */
    EXAMPLE(WRONG, "{,"),
    EXAMPLE(WRONG, "{]"),
    EXAMPLE(WRONG, "{a"),
    EXAMPLE(WRONG, "{'"),
    EXAMPLE(WRONG, "{1"),
    EXAMPLE(WRONG, "{\"a\"}"),
    EXAMPLE(WRONG, "{\"a\",\"b\"}"),
    EXAMPLE(WRONG, "{\"a\":}"),
    EXAMPLE(WRONG, "{\"a\"::"),
    EXAMPLE(WRONG, "{\"a\":1,}"),
    EXAMPLE(WRONG, "{\"a\":1,,"),
    EXAMPLE(WRONG, "{\"a\":1 \"b\""),
    EXAMPLE(WRONG, "{\"a\":1]"),
    EXAMPLE(WRONG, "{\"a\":1//"),
    EXAMPLE(WHOLE, "{\"a\":1,\"a\":2}"),
    EXAMPLE(WHOLE, "{\"\":{\"a\":[{},[],[[1]],{\"b\":[]}]}}"),
    EXAMPLE(WRONG, "{\"a\":[1,]"),
    EXAMPLE(WRONG, "{\"a\":[,"),
    EXAMPLE(WRONG, "{\"a\":[1}"),
    EXAMPLE(WRONG, "{\"a\":[1:"),
    EXAMPLE(WRONG, "{\"a\":[1 2"),
    EXAMPLE(WRONG, "{\"a\":{]"),
    /* literals */
    EXAMPLE(BEGUN, "{\"a\":tru"),
    EXAMPLE(WHOLE, "{\"a\":true,\"b\":false,\"c\":null}"),
    EXAMPLE(WRONG, "{\"a\":truE"),
    EXAMPLE(WRONG, "{\"a\":nul}"),
    EXAMPLE(WRONG, "{\"a\":nulll"),
    EXAMPLE(WRONG, "{\"a\":True"),
    EXAMPLE(WRONG, "{\"a\":NaN"),
    EXAMPLE(WRONG, "{\"a\":Infinity"),
    EXAMPLE(WRONG, "{\"a\":tr ue"),
    /* numbers */
    EXAMPLE(BEGUN, "{\"a\":1"),
    EXAMPLE(WHOLE, "{\"a\":[0,-0,0.0,-0.5e+1,10,1e0,1E-00]}"),
    EXAMPLE(WHOLE, "{\"a\":123456789012345678901234567890}"),
    EXAMPLE(WRONG, "{\"a\":01"),
    EXAMPLE(WRONG, "{\"a\":-01"),
    EXAMPLE(WRONG, "{\"a\":00"),
    EXAMPLE(WRONG, "{\"a\":+1"),
    EXAMPLE(WRONG, "{\"a\":.5"),
    EXAMPLE(WRONG, "{\"a\":1.}"),
    EXAMPLE(WRONG, "{\"a\":1.e"),
    EXAMPLE(WRONG, "{\"a\":1.5."),
    EXAMPLE(WRONG, "{\"a\":-}"),
    EXAMPLE(WRONG, "{\"a\":--"),
    EXAMPLE(WRONG, "{\"a\":1e}"),
    EXAMPLE(WRONG, "{\"a\":1e+}"),
    EXAMPLE(WRONG, "{\"a\":1e+-"),
    EXAMPLE(WRONG, "{\"a\":1e5e"),
    EXAMPLE(WRONG, "{\"a\":1e5."),
    EXAMPLE(WRONG, "{\"a\":0x"),
    EXAMPLE(WRONG, "{\"a\":1 2"),
    EXAMPLE(WRONG, "{\"a\":- 1"),
    EXAMPLE(WRONG, "{\"a\":1-"),
    /* strings */
    EXAMPLE(WRONG, "{\"a\n"),
    EXAMPLE(WRONG, "{\"\x1f"),
    EXAMPLE(WRONG, "{\"\0"),
    EXAMPLE(WHOLE, "{\"\x7f\":\"\x20\"}"),
    EXAMPLE(WRONG, "{\"\\'"),
    EXAMPLE(WRONG, "{\"\\\0"),
    EXAMPLE(WRONG, "{\"\\x"),
    EXAMPLE(WRONG, "{\"\\U"),
    EXAMPLE(WRONG, "{\"\\u00g"),
    EXAMPLE(WRONG, "{\"\\u00\""),
    EXAMPLE(WHOLE, "{\"\\u0aF9\":0}"),
    EXAMPLE(BEGUN, "{\"\\ud83d"),
    EXAMPLE(BEGUN, "{\"\\ud83d\\ud"),
    EXAMPLE(WHOLE, "{\"\\ud83d\":\"\\ud83dx\"}"),
    EXAMPLE(WHOLE, "{\"\\ud83d\\n\":\"\\ud83d\\ud83d\\ude00\"}"),
    EXAMPLE(WHOLE, "{\"\\ude00\":\"\\ude00\\ud83d\"}"),
    EXAMPLE(WHOLE, "{\"\\u0000\":\"\\u0000\",\"\\u001a\":18446744073709551616}"),
    EXAMPLE(WRONG, "{\"\\ud83g"),
    EXAMPLE(WHOLE, "{\"\\ud83d\\ude00\\ud83d\\ude00\\u0041\":0}"),
    /* UTF-8 */
    EXAMPLE(WRONG, "{\"\x80"),
    EXAMPLE(WRONG, "{\"\xbf"),
    EXAMPLE(WRONG, "{\"\xc0"),
    EXAMPLE(WRONG, "{\"\xc1"),
    EXAMPLE(WRONG, "{\"\xc3\""),
    EXAMPLE(WRONG, "{\"\xc3\xc3"),
    EXAMPLE(WRONG, "{\"\xe0\x9f"),
    EXAMPLE(WRONG, "{\"\xe2\x82\""),
    EXAMPLE(WRONG, "{\"\xed\xa0"),
    EXAMPLE(WRONG, "{\"\xf0\x8f"),
    EXAMPLE(WRONG, "{\"\xf4\x90"),
    EXAMPLE(WRONG, "{\"\xf5"),
    EXAMPLE(WRONG, "{\"\xff"),
    EXAMPLE(WRONG, "{\"a\":\xc3"),
    EXAMPLE(WHOLE, "{\"\xf4\x8f\xbf\xbf\":\"\xef\xbb\xbf\"}"),
};

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_name.c - names of files, ids and emails. Input: an id or email, another one, and the name of
 * a file, a line each.
 *
 * A name that was made from an id gives that id and no other, and can be a file's; an email's
 * directory is that of its key; an escaped id is one segment of a path.
 */
#include "tests/fuzz/fuzz.h"

#include "fs/people/email_name.h"
#include "fs/tree/path.h"
#include "vendors/base/address.h"
#include "vendors/base/one_line.h"
#include "vendors/http/http_url.h"
#include "vendors/json/id_text.h"

#include <ctype.h>
#include <jansson.h>

/* Return true if TEXT may be a string of JSON. */
static bool is_utf8(const char *text)
{
	json_t *string = json_string(text);
	bool valid = string;

	json_decref(string);
	return valid;
}

/* A name that a directory can have, and that shows what it is. */
static void check_stem(const char *stem)
{
	size_t length = strlen(stem), one;
	uint32_t character;

	FUZZ_CHECK(length && length <= PATH_STEM_MAX && *stem != '.' && *stem != '#');
	FUZZ_CHECK(!strchr(stem, '/'));
	for (size_t at = 0; at < length; at += one)
		FUZZ_CHECK(!one_line_acts_at(stem + at, length - at, &one, &character) ||
			   (one == 1 && (unsigned char)stem[at] >= 0x80));
}

/* ---- ids ---- */

static void check_id(const char *id, char stem[PATH_STEM_MAX + 1])
{
	char text[PATH_NAME_MAX + 1];
	struct path_name name;

	path_stem(id, stem);
	check_stem(stem);
	for (size_t i = 0; i < 2; i++) {
		snprintf(text, sizeof(text), "%s%s", stem, i ? ".status" : ".json");
		path_parse(text, &name);
		FUZZ_CHECK(name.kind == (i ? PATH_STATUS : PATH_JSON) && name.reserved);
		FUZZ_CHECK(strcmp(name.stem, stem) == 0);
		FUZZ_CHECK(name.cut ? path_is_cut(stem) && strlen(id) > 16
				    : name.has_id && strcmp(name.id, id) == 0);
	}
	path_parse_folder(stem, &name);
	FUZZ_CHECK(name.cut || (name.has_id && strcmp(name.id, id) == 0));
}

static void check_ids(const char *id, const char *other)
{
	char stem[PATH_STEM_MAX + 1], stems[PATH_STEM_MAX + 1], joined[PATH_STEM_MAX + 1];

	check_id(id, stem);
	if (!*other)
		return;
	check_id(other, stems);
	FUZZ_CHECK((strcmp(id, other) == 0) == (strcmp(stem, stems) == 0));
	path_join(stem, other, false, joined);
	check_stem(joined);
	path_join(stem, other, true, joined);
	check_stem(joined);
	FUZZ_CHECK(path_is_cut(joined));
}

static void check_escaped(const char *id)
{
	size_t length = 0;
	char *escaped = http_url_escape(id);
	char *plain = escaped ? http_url_unescape(escaped, &length) : NULL;

	FUZZ_CHECK(plain && length == strlen(id) && memcmp(plain, id, length) == 0);
	FUZZ_CHECK(strcmp(escaped, ".") != 0 && strcmp(escaped, "..") != 0);
	for (const char *at = escaped; *at; at++)
		FUZZ_CHECK(isalnum((unsigned char)*at) || strchr("-._~%", *at));
	free(plain);
	free(escaped);
}

/* What a program looks for. */
static void check_name(const char *text)
{
	char email[PATH_STEM_MAX + 1], stem[PATH_STEM_MAX + 1];
	struct path_name name;

	path_parse(text, &name);
	FUZZ_CHECK(name.kind != PATH_OTHER || (!name.has_id && !name.cut));
	if (name.has_id) {
		path_stem(name.id, stem);
		FUZZ_CHECK(strcmp(stem, name.stem) == 0);
	}
	path_parse_folder(text, &name);
	if (name.has_id) {
		path_stem(name.id, stem);
		FUZZ_CHECK(strcmp(stem, text) == 0);
	}
	if (strlen(text) <= PATH_STEM_MAX)
		(void)path_email(text, email);
}

/* ---- emails ---- */

static void check_email(const char *email)
{
	char stem[PATH_STEM_MAX + 1], again[PATH_STEM_MAX + 1];

	for (int ascii = 0; ascii < 2; ascii++) {
		path_email_stem(email, ascii, stem);
		check_stem(stem);
		if (!path_is_cut(stem))
			FUZZ_CHECK(path_email(stem, again) && strcmp(again, email) == 0);
	}
}

/* Check KEY, and write the name of its directory to STEM. */
static void check_key(const char *key, char stem[PATH_STEM_MAX + 1])
{
	char email[PATH_STEM_MAX + 1];
	char *again = address_key(key), *shown = address_display(key);
	char *back = shown ? address_key(shown) : NULL;

	FUZZ_CHECK(again && strcmp(again, key) == 0);
	FUZZ_CHECK(back && strcasecmp(back, key) == 0);
	free(again);
	free(back);
	free(shown);
	FUZZ_CHECK(email_name_stem(key, stem));
	check_stem(stem);
	if (path_is_cut(stem))
		return;
	FUZZ_CHECK(path_email(stem, email));
	again = address_key(email);
	FUZZ_CHECK(again && strcasecmp(again, key) == 0);
	free(again);
}

static void check_keys(const char *email, const char *other)
{
	char stem[PATH_STEM_MAX + 1] = "", stems[PATH_STEM_MAX + 1] = "";
	char *key = address_key(email), *keys = address_key(other);
	char *spelling = address_spelling(email), *written = address_written(email);

	FUZZ_CHECK(key && keys && spelling && written);
	for (const char *at = written; *at; at++)
		FUZZ_CHECK(*at >= 0x20 && *at < 0x7f);
	FUZZ_CHECK(address_compare_spelling(email, spelling) == 0);
	if (*key)
		check_key(key, stem);
	if (*keys)
		check_key(keys, stems);
	FUZZ_CHECK((strcasecmp(key, keys) == 0) == (strcmp(stem, stems) == 0));
	free(key);
	free(keys);
	free(spelling);
	free(written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_begin(data, size);
	const char *id = fuzz_line(&input), *other = fuzz_line(&input), *text = fuzz_line(&input);

	/* an id is of JSON, which is UTF-8 */
	if (*id && is_utf8(id) && is_utf8(other)) {
		char *one = id_text_of_bytes(id, strlen(id));
		char *two = id_text_of_bytes(other, strlen(other));

		FUZZ_CHECK(one && two);
		check_ids(one, two);
		check_escaped(one);
		free(one);
		free(two);
		check_email(id);
		check_keys(id, other);
	}
	check_name(text);
	free(input.text);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * path.c - see path.h.
 *
 * What a vendor calls a user must become exactly one file name, and back, whatever bytes are in it.
 * No state, no I/O.
 */
#include "fs/tree/path.h"

#include "vendors/base/address.h"
#include "vendors/base/hash.h"
#include "vendors/base/one_line.h"
#include "vendors/json/id_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CUT_MARK "%~"
#define CUT_TAIL 18 /* the mark and 16 hex digits */
#define NUL_CODE "%00"
#define CODE_MAX 10 /* what stands for one character that the text of an id marks, with its end */

static const char *const path_suffixes[] = {[PATH_JSON] = ".json", [PATH_STATUS] = ".status"};

/* Return true if byte AT of ID stands for itself in a name. Letters and digits, the most frequent,
 * are tested first. */
static inline bool path_is_plain(const char *id, size_t at)
{
	unsigned char byte = (unsigned char)id[at];

	if (byte > '/')
		return byte != 0x7f;
	if (byte < 0x20 || byte == '/' || byte == '%')
		return false;
	return at > 0 || (byte != '.' && byte != '#');
}

/* Which bytes are encoded in a name. */
enum coded {
	CODED_ID,    /* what is not plain, what acts on a terminal (one_line.h), and what the text
			of an id marks */
	CODED_EMAIL, /* the same without marks, ADDRESS_NUL, and halves of surrogate pairs */
	CODED_ASCII, /* the same, and what is not ASCII */
};

/* Return true if half a surrogate pair begins at BYTES. */
static bool path_is_half(const unsigned char *bytes)
{
	return bytes[0] == 0xed && bytes[1] >= 0xa0 && bytes[1] < 0xc0;
}

/* Return true if byte AT of ID is part of half a surrogate pair. */
static bool is_half(const char *id, size_t at)
{
	const unsigned char *bytes = (const unsigned char *)id;

	for (size_t back = 0; back < 3 && back <= at; back++) {
		if (path_is_half(bytes + at - back))
			return true;
	}
	return false;
}

/* Return true if byte AT of ID is part of a character that is not ASCII and would act on a terminal
 * or on the order of letters. */
static bool is_acting(const char *id, size_t at)
{
	size_t first = at, length;
	uint32_t character;

	while (first && ((unsigned char)id[first] & 0xc0) == 0x80 && at - first < 3)
		first--;
	/* what is not UTF-8 has the length 1 */
	return one_line_acts_at(id + first, strlen(id + first), &length, &character) &&
	       length > 1 && at < first + length;
}

/* Write what stands for the marked character at *AT of ID in a name to CODE, and move *AT behind
 * it. Return the length of CODE. */
static size_t encode_marked(const char *id, size_t *at, char code[CODE_MAX])
{
	char digits[5] = "";
	unsigned unit;

	if (id[*at + 1] != 'd') {
		memcpy(code, id[*at + 1] == '0' ? NUL_CODE : "%1A", sizeof(NUL_CODE));
		*at += id[*at + 1] ? 2 : 1;
		return strlen(code);
	}
	snprintf(digits, sizeof(digits), "%s", id + *at + 1);
	*at += 1 + strlen(digits);
	unit = (unsigned)strtoul(digits, NULL, 16);
	return (size_t)snprintf(code, CODE_MAX, "%%ED%%%02X%%%02X", 0x80 | (unit >> 6 & 0x3f),
				0x80 | (unit & 0x3f));
}

/* Write what stands for ID at *AT in a name to CODE, and move *AT behind the bytes that it stands
 * for. Return the length of CODE. */
static size_t encode_next(const char *id, enum coded coded, size_t *at, char code[CODE_MAX])
{
	unsigned char byte = (unsigned char)id[*at];

	if (coded == CODED_ID && byte == ID_TEXT_MARK)
		return encode_marked(id, at, code);
	if (coded != CODED_ID && strncmp(id + *at, ADDRESS_NUL, strlen(ADDRESS_NUL)) == 0) {
		*at += strlen(ADDRESS_NUL);
		memcpy(code, NUL_CODE, sizeof(NUL_CODE));
		return strlen(NUL_CODE);
	}
	if (path_is_plain(id, *at) && !(coded == CODED_ASCII && byte > 0x7f) &&
	    !(byte > 0x7f && is_acting(id, *at)) && !(coded != CODED_ID && is_half(id, *at))) {
		code[0] = id[(*at)++];
		return 1;
	}
	++*at;
	return (size_t)snprintf(code, CODE_MAX, "%%%02X", byte);
}

static void path_encode(const char *id, enum coded coded, char *stem)
{
	size_t length = 0, whole = 0, at = 0;
	char code[CODE_MAX];

	while (id[at]) {
		size_t need = encode_next(id, coded, &at, code);

		if (length + need > PATH_STEM_MAX) {
			snprintf(stem + whole, CUT_TAIL + 1, "%s%016" PRIx64, CUT_MARK,
				 hash_text(id));
			return;
		}
		memcpy(stem + length, code, need);
		length += need;
		/* Where it may be cut: after a whole character, with room for the tail. */
		if (length <= PATH_STEM_MAX - CUT_TAIL && ((unsigned char)id[at] & 0xc0) != 0x80)
			whole = length;
	}
	stem[length] = '\0';
}

void path_stem(const char *id, char *stem)
{
	size_t length = 0;

	/* most ids are ASCII, plain and short */
	while (length < PATH_STEM_MAX && path_is_plain(id, length) && (signed char)id[length] > 0) {
		stem[length] = id[length];
		length++;
	}
	stem[length] = '\0';
	if (id[length])
		path_encode(id, CODED_ID, stem);
}

void path_email_stem(const char *email, bool ascii, char *stem)
{
	path_encode(email, ascii ? CODED_ASCII : CODED_EMAIL, stem);
}

/* Return how many bytes of STEM fit before the tail, whole characters only. */
static size_t whole_length(const char *stem)
{
	size_t whole = 0, at = 0;

	for (; at <= PATH_STEM_MAX - CUT_TAIL && stem[at]; at++) {
		if (((unsigned char)stem[at] & 0xc0) != 0x80)
			whole = at;
		/* one byte is encoded as three, except the mark of a stem that was cut before */
		if (stem[at] == '%' && stem[at + 1] != CUT_MARK[1])
			at += 2;
	}
	return at <= PATH_STEM_MAX - CUT_TAIL ? at : whole;
}

void path_join(const char *head, const char *id, bool cut, char *stem)
{
	char joined[2 * PATH_STEM_MAX + 2], own[PATH_STEM_MAX + 1];
	int length;

	path_stem(id, own);
	length = snprintf(joined, sizeof(joined), "%s~%s", head, own);
	if (length <= PATH_STEM_MAX && !cut) {
		memcpy(stem, joined, (size_t)length + 1);
		return;
	}
	snprintf(stem, PATH_STEM_MAX + 1, "%.*s%s%016" PRIx64, (int)whole_length(joined), joined,
		 CUT_MARK, hash_text(head) * 31 ^ hash_text(id));
}

static int hex_digit(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

/* Write what STEM stands for to ID, unterminated, with ADDRESS_NUL for a NUL byte. Return its
 * length; 0: STEM stands for nothing. */
static size_t path_decode(const char *stem, char *id)
{
	size_t length = 0;

	for (size_t at = 0; stem[at]; at++) {
		if (stem[at] != '%') {
			id[length++] = stem[at];
			continue;
		}
		if (!stem[at + 1] || hex_digit(stem[at + 1]) < 0 || hex_digit(stem[at + 2]) < 0)
			return 0;
		id[length] = (char)(hex_digit(stem[at + 1]) * 16 + hex_digit(stem[at + 2]));
		if (id[length])
			length++;
		else
			length = (size_t)(stpcpy(id + length, ADDRESS_NUL) - id);
		at += 2;
	}
	return length;
}

/* Return true if EMAIL can be an email: none has a byte that is not UTF-8. */
static bool is_text(const char *email)
{
	while (*email) {
		if (address_next(&email) == UINT32_MAX)
			return false;
	}
	return true;
}

bool path_email(const char *stem, char *email)
{
	char again[PATH_STEM_MAX + 1];
	size_t length = path_decode(stem, email);

	email[length] = '\0';
	if (length && is_text(email)) {
		path_email_stem(email, false, again);
		if (strcmp(again, stem) == 0)
			return true;
		path_email_stem(email, true, again);
		if (strcmp(again, stem) == 0)
			return true;
	}
	/* It is no listed name, so it is the email as the vendor has it. Without an @ it is a file
	 * that some program looks for. */
	if (!*stem || ((*stem == '.' || *stem == '#' || strchr(stem, '%')) && !strchr(stem, '@')))
		return false;
	memcpy(email, stem, strlen(stem) + 1);
	return true;
}

/* Write the id that STEM stands for to ID, which a text is never too long for: what it marks has
 * more bytes in STEM. Return false if STEM stands for nothing, or without memory. */
static bool decode_id(const char *stem, char *id)
{
	size_t length = path_decode(stem, id), kept = 0;
	char *text;

	if (!length || !strchr(stem, '%')) {
		id[length] = '\0';
		return length;
	}
	for (size_t at = 0; at < length; at++) {
		bool nul = length - at >= 2 && memcmp(id + at, ADDRESS_NUL, 2) == 0;

		id[kept++] = (char)(nul ? '\0' : id[at]);
		at += nul;
	}
	text = id_text_of_bytes(id, kept);
	if (text)
		snprintf(id, PATH_STEM_MAX + 1, "%s", text);
	free(text);
	return text;
}

bool path_id(const char *stem, char *id)
{
	char again[PATH_STEM_MAX + 1];

	if (!decode_id(stem, id))
		return false;
	/* 12%33.json is not another name of 123.json: each record has one. */
	path_stem(id, again);
	return strcmp(again, stem) == 0;
}

bool path_is_cut(const char *stem)
{
	size_t length = strlen(stem);

	return length > CUT_TAIL &&
	       strncmp(stem + length - CUT_TAIL, CUT_MARK, strlen(CUT_MARK)) == 0;
}

/* ---- names ---- */

/* Return which suffix NAME ends in, and the length of what precedes it in *LENGTH. */
static enum path_kind kind_of_suffix(const char *name, size_t *length)
{
	size_t whole = strlen(name);

	for (enum path_kind kind = PATH_JSON; kind <= PATH_STATUS; kind++) {
		size_t suffix = strlen(path_suffixes[kind]);

		if (whole >= suffix && strcmp(name + whole - suffix, path_suffixes[kind]) == 0) {
			*length = whole - suffix;
			return kind;
		}
	}
	return PATH_OTHER;
}

/* NAME's stem is the first LENGTH bytes of its text. */
static void set_stem(struct path_name *name, size_t length)
{
	memcpy(name->stem, name->text, length);
	name->stem[length] = '\0';
	name->cut = path_is_cut(name->stem);
	name->has_id = !name->cut && path_id(name->stem, name->id);
}

static void clear_name(struct path_name *name, const char *text)
{
	name->text = text;
	name->kind = PATH_OTHER;
	name->reserved = name->cut = name->has_id = false;
	name->stem[0] = name->id[0] = '\0';
}

void path_parse(const char *text, struct path_name *name)
{
	bool hidden = text[0] == '.' || text[0] == '#';
	size_t length = 0;
	enum path_kind kind = kind_of_suffix(text, &length);

	clear_name(name, text);
	name->reserved = kind != PATH_OTHER && (!hidden || !length);
	if (kind == PATH_OTHER || hidden || !length || length > PATH_STEM_MAX)
		return;
	name->kind = kind;
	set_stem(name, length);
}

void path_parse_folder(const char *text, struct path_name *name)
{
	size_t length = strlen(text);

	clear_name(name, text);
	if (length <= PATH_STEM_MAX)
		set_stem(name, length);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redact.c - see redact.h. Pure functions over text; nothing is known of records or of calls.
 *
 * What is to be overwritten is marked first, and overwritten when all forms were looked for, so
 * that one form does not hide another. Parts are found by the hashes of all windows of REDACT_PART
 * bytes in the words: a token may have thousands of letters.
 */
#include "vendors/rest/redact.h"

#include "vendors/base/vault.h"
#include "vendors/http/http_url.h"
#include "vendors/json/exact_print.h"
#include "vendors/json/json_heap.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* This many letters identify a value that the user wrote, because the rest may have been cut. */
#define FIRST 5
/* The shortest secret of the config that is overwritten, and the shortest rest at a cut end. */
#define WHOLE_MIN 4
/* The shortest part of base64 that stands for all of a short secret. */
#define BASE64_MIN 6

#define SLOTS (1u << 15)

/* The words that are searched. */
struct scan {
	char *words;
	size_t length;
	char *marks;              /* not 0: to be overwritten */
	bool whole;               /* of a secret of the config: redact_whole */
	uint8_t slots[SLOTS / 8]; /* bits: a window with this hash is there */
};

/* Return C as call_fail shows it, without its case, and in the first alphabet of base64. */
static unsigned char fold(char c)
{
	unsigned char byte = (unsigned char)c;

	if (byte < 0x20 || byte == 0x7f)
		return ' ';
	if (byte == '-')
		return '+';
	if (byte == '_')
		return '/';
	return byte >= 'A' && byte <= 'Z' ? (unsigned char)(byte - 'A' + 'a') : byte;
}

static unsigned slot_of(uint64_t window)
{
	return (unsigned)(window * UINT64_C(0x9e3779b97f4a7c15) >> 49);
}

/* Begin to search WORDS. Returns false without memory: then all of WORDS is overwritten. */
static bool scan_begin(struct scan *scan, char *words, bool whole)
{
	uint64_t window = 0;

	memset(scan->slots, 0, sizeof(scan->slots));
	scan->words = words;
	scan->length = strlen(words);
	scan->whole = whole;
	scan->marks = calloc(1, scan->length + 1);
	if (!scan->marks) {
		memset(words, '*', scan->length);
		return false;
	}
	for (size_t i = 0; i < scan->length; i++) {
		window = window << 8 | fold(words[i]);
		if (i + 1 >= REDACT_PART)
			scan->slots[slot_of(window) / 8] |= (uint8_t)(1u << slot_of(window) % 8);
	}
	return true;
}

static void scan_end(struct scan *scan)
{
	for (size_t i = 0; i < scan->length; i++) {
		if (scan->marks[i])
			scan->words[i] = '*';
	}
	free(scan->marks);
}

/* Return how many bytes FORM and the words at AT have in common. */
static size_t common(const struct scan *scan, size_t at, const char *form)
{
	size_t same = 0;

	while (form[same] && at + same < scan->length &&
	       fold(scan->words[at + same]) == fold(form[same]))
		same++;
	return same;
}

/* As common; what was overwritten before, as a part of another secret, may be anything. */
static size_t common_or_hidden(const struct scan *scan, size_t at, const char *form)
{
	size_t same = 0;

	while (form[same] && at + same < scan->length &&
	       (scan->words[at + same] == '*' || fold(scan->words[at + same]) == fold(form[same])))
		same++;
	return same;
}

/* Mark where FORM, of LENGTH bytes, begins. */
static void mark_beginnings(struct scan *scan, const char *form, size_t length)
{
	for (size_t at = 0; at < scan->length; at++) {
		size_t same = common_or_hidden(scan, at, form);

		if (same && (same == length || (!scan->whole && same >= FIRST) ||
			     (scan->whole && same >= WHOLE_MIN && at + same == scan->length)))
			memset(scan->marks + at, 1, same);
	}
}

/* Mark each part of FORM, of LENGTH bytes, that is long enough. */
static void mark_parts(struct scan *scan, const char *form, size_t length)
{
	uint64_t window = 0;

	for (size_t i = 0; i < length; i++) {
		unsigned slot;

		window = window << 8 | fold(form[i]);
		slot = slot_of(window);
		if (i + 1 < REDACT_PART || !(scan->slots[slot / 8] & 1u << slot % 8))
			continue;
		for (size_t at = 0; at + REDACT_PART <= scan->length; at++) {
			size_t same = common(scan, at, form + i + 1 - REDACT_PART);

			if (same >= REDACT_PART)
				memset(scan->marks + at, 1, same);
		}
	}
}

/* Mark FORM (or NULL), which is wiped and freed. */
static void mark_form(struct scan *scan, char *form)
{
	size_t length = form ? strlen(form) : 0;

	if (length >= (scan->whole ? WHOLE_MIN : 1)) {
		mark_beginnings(scan, form, length);
		mark_parts(scan, form, length);
	}
	if (form)
		explicit_bzero(form, length);
	free(form);
}

/* ---- forms: each returns a text that the caller wipes and frees, or NULL ---- */

/* Return TEXT as JSON writes it, without the quotes. */
static char *json_form(const char *text, size_t flags)
{
	json_t *string = json_string(text);
	char *form = string ? flags ? json_dumps(string, flags) : exact_print_text(string, 0)
			    : NULL;
	size_t length = form ? strlen(form) : 0;

	if (length >= 2) {
		memmove(form, form + 1, length - 2);
		memset(form + length - 2, 0, 2);
	}
	json_decref(string);
	return form;
}

/* Return TEXT as HTML writes it, or NULL: as it is. */
static char *html_form(const char *text)
{
	static const char special[] = "&<>\"'";
	static const char *const names[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
	char *form, *end;

	if (!strpbrk(text, special))
		return NULL;
	form = end = calloc(6, strlen(text) + 1);
	for (; form && *text; text++) {
		const char *found = strchr(special, *text);

		if (found)
			end = stpcpy(end, names[found - special]);
		else
			*end++ = *text;
	}
	return form;
}

/* Return TEXT with '+' in place of blanks, as forms have it, or NULL: it has none. */
static char *plus_form(const char *text)
{
	char *form = strchr(text, ' ') ? http_url_escape(text) : NULL, *to = form;

	for (const char *at = form; at && *at; to++) {
		bool blank = strncmp(at, "%20", 3) == 0;

		*to = *at;
		if (blank)
			*to = '+';
		at += blank ? 3 : 1;
	}
	if (form)
		*to = '\0';
	return form;
}

/*
 * Return the digits of base64 that LENGTH bytes of TEXT alone decide, if BEFORE bytes (0 to 2) are
 * before them in a group of three. ALL: and the digits behind, as if TEXT were the end.
 */
static char *base64_form(const char *text, size_t length, size_t before, bool all)
{
	static const char
	    digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t first = (before * 8 + 5) / 6, last = (before + length) * 8 / 6;
	char *form = calloc(1, (length + before + 3) / 3 * 4 + 2), *end = form;

	if (form && all)
		last = ((before + length) * 8 + 5) / 6;
	for (size_t digit = first; form && digit < last; digit++) {
		unsigned bits = 0;

		for (size_t bit = digit * 6; bit < digit * 6 + 6; bit++) {
			size_t byte = bit / 8 - before;
			unsigned value = byte < length ? (unsigned char)text[byte] : 0;

			bits = bits << 1 | (value >> (7 - bit % 8) & 1);
		}
		*end++ = digits[bits];
	}
	while (form && all && (size_t)(end - form + (ptrdiff_t)first) % 4)
		*end++ = '=';
	return form;
}

/* ---- words without escapes ---- */

/* Return the value of the hexadecimal DIGITS at TEXT, or -1. */
static long hex_value(const char *text, size_t digits)
{
	char number[9] = "", *end;
	long value;

	for (size_t i = 0; i < digits && text[i]; i++)
		number[i] = text[i];
	value = strtol(number, &end, 16);
	return end == number + digits && number[0] != '-' && number[0] != '+' && number[0] != ' '
		   ? value
		   : -1;
}

/* Return the ASCII character of the entity of HTML at TEXT, and its length in *LENGTH, or -1. */
static long entity(const char *text, size_t *length)
{
	static const struct {
		const char *name;
		char letter;
	} names[] = {{"&amp;", '&'},
		     {"&lt;", '<'},
		     {"&gt;", '>'},
		     {"&quot;", '"'},
		     {"&apos;", '\''}};
	bool hex = text[1] == '#' && (text[2] == 'x' || text[2] == 'X');
	char *end;
	long value;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		*length = strlen(names[i].name);
		if (strncmp(text, names[i].name, *length) == 0)
			return names[i].letter;
	}
	if (text[1] != '#')
		return -1;
	value = strtol(text + 2 + hex, &end, hex ? 16 : 10);
	*length = (size_t)(end - text) + 1;
	return end > text + 2 + hex && *end == ';' ? value : -1;
}

/*
 * Return the byte that TEXT begins with, and in *LENGTH how many bytes stand for it: an escape of
 * URLs, JSON or HTML for one byte, or the byte itself.
 */
static char unescaped(const char *text, size_t *length)
{
	long value = -1;

	if (*text == '%') {
		*length = 3;
		value = hex_value(text + 1, 2);
	} else if (*text == '\\' && text[1] == 'u') {
		*length = 6;
		value = hex_value(text + 2, 4);
	} else if (*text == '\\' && text[1] && strchr("\\/\"'", text[1])) {
		*length = 2;
		value = (unsigned char)text[1];
	} else if (*text == '&') {
		value = entity(text, length);
	}
	if (value > 0 && value < (*text == '%' ? 0x100 : 0x80))
		return (char)value;
	*length = 1;
	return *text;
}

static void mark_base64(struct scan *scan, const char *secret)
{
	size_t length = strlen(secret);

	for (size_t before = 0; before < 3; before++) {
		char *form = base64_form(secret, length, before, false);

		if (form && strlen(form) < BASE64_MIN)
			explicit_bzero(form, strlen(form));
		mark_form(scan, form);
	}
}

/* Mark FORM (or NULL) of SECRET, which is wiped and freed, unless it is the same. */
static void mark_other(struct scan *scan, const char *secret, char *form)
{
	if (form && strcmp(form, secret) == 0)
		explicit_bzero(form, strlen(form));
	mark_form(scan, form);
}

static void mark_all_forms(struct scan *scan, const char *secret)
{
	mark_form(scan, strdup(secret));
	mark_other(scan, secret, http_url_escape(secret));
	mark_other(scan, secret, plus_form(secret));
	mark_other(scan, secret, json_form(secret, 0));
	mark_other(scan, secret, json_form(secret, JSON_ENCODE_ANY | JSON_ENSURE_ASCII));
	mark_other(scan, secret, json_form(secret, JSON_ENCODE_ANY | JSON_ESCAPE_SLASH));
	mark_other(scan, secret, html_form(secret));
	mark_base64(scan, secret);
}

/* Mark SECRET in SCAN's words as they are without escapes: a vendor may escape what needs none. */
static void mark_escaped(struct scan *scan, const char *secret)
{
	size_t *begins = calloc(scan->length + 1, sizeof(*begins)), at = 0, count = 0, length;
	char *text = calloc(1, scan->length + 1);
	struct scan plain;

	for (; begins && text && at < scan->length; at += length) {
		begins[count] = at;
		text[count++] = unescaped(scan->words + at, &length);
	}
	if (begins && text && count < scan->length && scan_begin(&plain, text, scan->whole)) {
		begins[count] = scan->length;
		mark_form(&plain, strdup(secret));
		mark_base64(&plain, secret);
		for (size_t i = 0; i < count; i++) {
			if (plain.marks[i])
				memset(scan->marks + begins[i], 1, begins[i + 1] - begins[i]);
		}
		free(plain.marks);
	}
	if (text)
		explicit_bzero(text, count);
	free(begins);
	free(text);
}

/* Overwrite SECRET in WORDS. */
static void overwrite(char *words, const char *secret, bool whole)
{
	struct scan scan;

	if (!scan_begin(&scan, words, whole))
		return;
	json_heap_wipe(true);
	mark_all_forms(&scan, secret);
	mark_escaped(&scan, secret);
	json_heap_wipe(false);
	scan_end(&scan);
}

void redact(char *words, const char *secret)
{
	if (secret[0] && secret[1])
		overwrite(words, secret, false);
}

void redact_whole(char *words, const char *secret)
{
	if (secret && strlen(secret) >= WHOLE_MIN)
		overwrite(words, secret, true);
}

/* Overwrite USER:PASSWORD in base64, as HTTP Basic sends it. */
static void overwrite_basic(char *words, const char *user, const char *password, bool whole)
{
	struct scan scan;
	char *text = vault_join(user, ":", password);

	if (!text || !scan_begin(&scan, words, whole))
		goto out;
	mark_form(&scan, base64_form(text, strlen(text), 0, true));
	mark_base64(&scan, text);
	scan_end(&scan);
out:
	vault_free(text);
}

void redact_basic(char *words, const char *user, const char *password)
{
	overwrite_basic(words, user, password, false);
}

void redact_whole_basic(char *words, const char *user, const char *password)
{
	overwrite_basic(words, user, password, true);
}

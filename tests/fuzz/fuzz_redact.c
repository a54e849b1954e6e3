/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_redact.c - secrets in what a vendor says. Input: a secret, and the words, a line each. In
 * the words stand for the secret: {r} as it is, {u} in capitals, {%} percent-encoded, {j} as JSON
 * writes it, {h} as HTML does, {0} {1} {2} in base64 behind so many bytes, {m} each letter in
 * another way.
 *
 * However the words are read, no REDACT_PART bytes of the secret are left.
 */
#include "tests/fuzz/fuzz.h"

#include "vendors/rest/redact.h"

#include <ctype.h>

#define SECRET_MAX 64

/* ---- words with the secret ---- */

/* Write LETTER in the form KIND, one of "ru%jhm". */
static void write_letter(FILE *out, char kind, unsigned char letter, size_t at)
{
	/* what begins an escape never stands for itself beside escapes */
	if (kind == 'm' && strchr("\\%&", letter))
		kind = 'h';
	else if (kind == 'm')
		kind = "r%jhu"[(at * 7 + letter) % 5];
	if (kind == '%')
		fprintf(out, at % 2 ? "%%%02x" : "%%%02X", letter);
	else if (kind == 'j')
		fprintf(out, "\\u%04x", letter);
	else if (kind == 'h')
		fprintf(out, at % 2 ? "&#%u;" : "&#x%x;", letter);
	else
		fputc(kind == 'u' ? toupper(letter) : letter, out);
}

/* Write SECRET in base64, with BEFORE bytes in front of it. */
static void write_base64(FILE *out, const char *secret, size_t before)
{
	static const char
	    digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char text[SECRET_MAX + 8];
	size_t length = (size_t)snprintf(text, sizeof(text), "%.*s%s", (int)before, "::", secret);

	for (size_t at = 0; at < length; at += 3) {
		unsigned bits = 0;

		for (size_t i = 0; i < 3; i++)
			bits = bits << 8 | (at + i < length ? (unsigned char)text[at + i] : 0);
		for (size_t i = 0; i < 4; i++)
			fputc(at + i > length ? '=' : digits[bits >> (18 - 6 * i) & 63], out);
	}
}

/* Return TEXT with SECRET in it, new. */
static char *make_words(const char *text, const char *secret)
{
	char *words = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&words, &size);

	FUZZ_CHECK(out);
	for (; *text && ftell(out) < 4096; text++) {
		if (text[0] != '{' || !text[1] || text[2] != '}' || !strchr("ru%jhm012", text[1])) {
			fputc(*text, out);
			continue;
		}
		if (isdigit((unsigned char)text[1]))
			write_base64(out, secret, (size_t)(text[1] - '0'));
		for (size_t at = 0; !isdigit((unsigned char)text[1]) && secret[at]; at++)
			write_letter(out, text[1], (unsigned char)secret[at], at);
		text += 2;
	}
	FUZZ_CHECK(fclose(out) == 0);
	return words;
}

/* ---- ways of reading them ---- */

/* Check that TEXT of LENGTH bytes has no REDACT_PART bytes of SECRET, in any case. */
static void check_none(const char *text, size_t length, const char *secret)
{
	for (size_t at = 0; at + REDACT_PART <= length; at++) {
		for (const char *part = secret; strlen(part) >= REDACT_PART; part++)
			FUZZ_CHECK(strncasecmp(text + at, part, REDACT_PART) != 0);
	}
}

/* Put WORDS without escapes into TEXT, of the same size. */
static void unescape(const char *words, char *text)
{
	unsigned value;
	int length;

	while (*words) {
		length = 0;
		if ((sscanf(words, "%%%2x%n", &value, &length) == 1 && length == 3) ||
		    (sscanf(words, "\\u%4x%n", &value, &length) == 1 && length == 6) ||
		    (sscanf(words, "&#%3u;%n", &value, &length) == 1 && length) ||
		    (sscanf(words, "&#x%2x;%n", &value, &length) == 1 && length)) {
			*text++ = (char)(value && value < 0x80 ? value : '?');
			words += length;
		} else if (*words == '\\' && words[1] && strchr("\\/\"'", words[1])) {
			*text++ = words[1];
			words += 2;
		} else {
			*text++ = *words++;
		}
	}
	*text = '\0';
}

/* Check each run of base64 in WORDS from its first, second, third and fourth digit on. */
static void check_base64(const char *words, const char *secret)
{
	size_t length = strlen(words);
	char *plain = malloc(length + 3);

	FUZZ_CHECK(plain);
	for (size_t start = 0; start < 4; start++) {
		size_t count = 0, digits = 0;
		unsigned bits = 0;

		for (size_t at = start; at < length; at++) {
			char c = words[at];
			int digit = isupper((unsigned char)c)   ? c - 'A'
				    : islower((unsigned char)c) ? c - 'a' + 26
				    : isdigit((unsigned char)c) ? c - '0' + 52
				    : c == '+' || c == '-'      ? 62
				    : c == '/' || c == '_'      ? 63
								: -1;

			/* what is no digit keeps the alignment, and breaks the text */
			bits = bits << 6 | (unsigned)(digit < 0 ? 0 : digit);
			if (++digits % 4)
				continue;
			plain[count++] = (char)(bits >> 16);
			plain[count++] = (char)(bits >> 8);
			plain[count++] = (char)bits;
			bits = 0;
		}
		for (size_t at = 0; at < count; at++)
			plain[at] = (char)(plain[at] ? plain[at] : 1);
		check_none(plain, count, secret);
	}
	free(plain);
}

static void check(const char *words, const char *secret)
{
	char *text = malloc(strlen(words) + 1);

	FUZZ_CHECK(text);
	check_none(words, strlen(words), secret);
	unescape(words, text);
	check_none(text, strlen(text), secret);
	check_base64(words, secret);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_begin(data, size);
	char *secret = fuzz_line(&input), *words, *again;
	bool plain = true;

	if (strlen(secret) > SECRET_MAX)
		secret[SECRET_MAX] = '\0';
	/* as a secret of the config is; an asterisk is what is left of others */
	for (const char *at = secret; *at; at++)
		plain = plain && *at > 0x20 && *at < 0x7f && *at != '*';
	if (plain && strlen(secret) >= REDACT_PART) {
		words = make_words(fuzz_line(&input), secret);
		again = strdup(words);
		FUZZ_CHECK(words && again);
		redact_whole(words, secret);
		FUZZ_CHECK(strlen(words) == strlen(again));
		check(words, secret);
		redact(again, secret);
		check(again, secret);
		free(again);
		free(words);
	}
	free(input.text);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * address.c - see address.h.
 *
 * libunistring and libidn2 do the work, on code points. Emails in plain ASCII, which nearly all
 * are, never get that far: address_is_plain finds them. It knows no vendor and no record.
 */
#include "vendors/base/address.h"

#include <idn2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#define MAILTO "mailto:"
#define ASCII_COMPATIBLE "xn--"

/* Code points; owns its memory. */
struct text {
	uint32_t *at;
	size_t length;
};

/* ---- characters ---- */

bool address_is_blank(uint32_t character)
{
	/* U+2800, a braille pattern without dots, is not white space but looks like it */
	return uc_is_property_white_space(character) || character == 0x2800;
}

/* Return true for a character that is invisible and has no width. */
static bool is_invisible(uint32_t character)
{
	return uc_is_property_default_ignorable_code_point(character) ||
	       (character >= 0xfff9 && character <= 0xfffb);
}

bool address_is_half(uint32_t character)
{
	return character >= 0xd800 && character < 0xe000;
}

uint32_t address_next(const char **text)
{
	const uint8_t *at = (const uint8_t *)*text;
	ucs4_t character;
	int length;

	if (at[0] == (uint8_t)ADDRESS_NUL[0] && at[1] == (uint8_t)ADDRESS_NUL[1]) {
		*text += 2;
		return 0;
	}
	if (at[0] == 0xed && at[1] >= 0xa0 && at[1] < 0xc0 && (at[2] & 0xc0) == 0x80) {
		*text += 3;
		return 0xd000 | (uint32_t)(at[1] & 0x3f) << 6 | (at[2] & 0x3f);
	}
	length = u8_strmbtouc(&character, at);
	if (length <= 0) {
		++*text;
		return UINT32_MAX;
	}
	*text += length;
	return character;
}

static bool is_dot(uint32_t character)
{
	/* the dots of UTS #46 before its mapping */
	return character == '.' || character == 0x3002 || character == 0xff0e ||
	       character == 0xff61;
}

static char address_lower(char letter)
{
	return (char)(letter >= 'A' && letter <= 'Z' ? letter - 'A' + 'a' : letter);
}

/* ---- plain ---- */

bool address_is_plain(const char *email, size_t length)
{
	const unsigned char *at = (const unsigned char *)email;

	if (!length || at[0] <= ' ' || at[length - 1] <= ' ' || at[length - 1] == '.')
		return false;
	for (size_t i = 0; i < length; i++) {
		if (!at[i] || at[i] > 0x7f)
			return false;
	}
	return length < strlen(MAILTO) || strncasecmp(email, MAILTO, strlen(MAILTO)) != 0;
}

static char *copy_lower(const char *email)
{
	char *copy = strdup(email);

	for (char *at = copy; at && *at; at++)
		*at = address_lower(*at);
	return copy;
}

char *address_text(const char *email, size_t length)
{
	char *text = malloc(2 * length + 1), *to = text;

	for (size_t i = 0; text && i < length; i++) {
		if (email[i])
			*to++ = email[i];
		else
			to = stpcpy(to, ADDRESS_NUL);
	}
	if (text)
		*to = '\0';
	return text;
}

/* ---- to code points and back ---- */

/* Return false if EMAIL is not UTF-8, or has half a surrogate pair, which libraries replace by
 * U+FFFD, or if there is no memory (text->at is NULL then). */
static bool address_decode(const char *email, struct text *text)
{
	text->length = 0;
	text->at = malloc((strlen(email) + 1) * sizeof(*text->at));
	if (!text->at)
		return false;
	while (*email) {
		uint32_t character = address_next(&email);

		if (character == UINT32_MAX || address_is_half(character))
			return false;
		text->at[text->length++] = character;
	}
	return true;
}

/* Return LENGTH code points as UTF-8. NULL: no memory. */
static char *address_encode(const uint32_t *at, size_t length)
{
	char *text = malloc(length * 4 + 1), *to = text;

	for (size_t i = 0; text && i < length; i++) {
		if (at[i])
			to += u8_uctomb((uint8_t *)to, at[i], 4);
		else
			to = stpcpy(to, ADDRESS_NUL);
	}
	if (text)
		*to = '\0';
	return text;
}

/* Replace what TEXT has by RESULT, which it then owns. Returns false if RESULT is NULL. */
static bool address_take(struct text *text, uint32_t *result, size_t length)
{
	if (!result)
		return false;
	free(text->at);
	text->at = result;
	text->length = length;
	return true;
}

/* ---- trimming ---- */

static void remove_invisible(struct text *text)
{
	size_t length = 0;

	for (size_t i = 0; i < text->length; i++) {
		if (!is_invisible(text->at[i]))
			text->at[length++] = text->at[i];
	}
	text->length = length;
}

static void trim_blanks(const uint32_t **at, size_t *length)
{
	for (; *length && address_is_blank(**at); ++*at)
		--*length;
	while (*length && address_is_blank((*at)[*length - 1]))
		--*length;
}

static bool begins_with_mailto(const uint32_t *at, size_t length)
{
	if (length < strlen(MAILTO))
		return false;
	for (size_t i = 0; i < strlen(MAILTO); i++) {
		if (at[i] > 0x7f || address_lower((char)at[i]) != MAILTO[i])
			return false;
	}
	return true;
}

/* Return the place of the last @ in AT, or LENGTH if there is none. */
static size_t find_at(const uint32_t *at, size_t length)
{
	for (size_t i = length; i; i--) {
		if (at[i - 1] == '@')
			return i - 1;
	}
	return length;
}

/* Remove from TEXT what does not identify a person. */
static void address_trim(struct text *text)
{
	const uint32_t *at, *sign;
	size_t before, length;

	remove_invisible(text);
	at = text->at;
	length = text->length;
	/* nothing that is trimmed holds an @ */
	sign = at + find_at(at, length);
	do {
		before = length;
		trim_blanks(&at, &length);
		if (begins_with_mailto(at, length)) {
			at += strlen(MAILTO);
			length -= strlen(MAILTO);
		}
		/* a dot can only end a domain: without an @ it is part of the name */
		if (length && is_dot(at[length - 1]) && sign < at + length - 1)
			length--;
	} while (length != before);
	memmove(text->at, at, length * sizeof(*at));
	text->length = length;
}

/* ---- the key ---- */

/* Fold the case of TEXT as in Unicode's definition of a canonical caseless match. False: no memory.
 */
static bool fold(struct text *text)
{
	size_t length;
	uint32_t *result = u32_normalize(UNINORM_NFD, text->at, text->length, NULL, &length);

	if (!address_take(text, result, length))
		return false;
	result = u32_casefold(text->at, text->length, NULL, UNINORM_NFC, NULL, &length);
	return address_take(text, result, length);
}

static bool is_ascii(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text > 0x7f)
			return false;
	}
	return true;
}

/* Return the ASCII form of DOMAIN. NULL: it has none, or no memory. */
static char *to_ascii(const char *domain)
{
	uint8_t *ascii = NULL;
	char *copy = NULL;

	if (idn2_lookup_u8((const uint8_t *)domain, &ascii,
			   IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) == IDN2_OK &&
	    is_ascii((const char *)ascii) && *ascii)
		copy = copy_lower((const char *)ascii);
	if (ascii)
		idn2_free(ascii);
	return copy;
}

/* Return LENGTH bytes of HEAD followed by DOMAIN, which is freed. NULL: no memory. */
static char *address_join(const char *head, size_t length, char *domain)
{
	char *joined = domain ? malloc(length + strlen(domain) + 1) : NULL;

	if (joined) {
		memcpy(joined, head, length);
		stpcpy(joined + length, domain);
	}
	free(domain);
	return joined;
}

/* Return the key of DOMAIN (LENGTH code points): its ASCII form, or folded if it has none. */
static char *domain_key(const uint32_t *domain, size_t length)
{
	char *text = address_encode(domain, length), *ascii;
	struct text folded = {0};

	if (!text || is_ascii(text)) {
		for (char *at = text; at && *at; at++)
			*at = address_lower(*at);
		return text;
	}
	ascii = to_ascii(text);
	if (!ascii && address_decode(text, &folded) && fold(&folded))
		ascii = address_encode(folded.at, folded.length);
	free(folded.at);
	free(text);
	return ascii;
}

/* Return the key of TEXT, which is trimmed. NULL: no memory. */
static char *make_key(struct text *text)
{
	size_t at = find_at(text->at, text->length);
	struct text domain = {0};
	char *head, *key;

	if (at < text->length) {
		at++;
		domain.at = text->at + at;
		domain.length = text->length - at;
	}
	for (size_t i = 0; i < domain.length; i++) {
		/* the capital of U+00DF; UTS #46 maps it like this since Unicode 15.1 */
		if (domain.at[i] == 0x1e9e)
			domain.at[i] = 0xdf;
	}
	key = domain.at ? domain_key(domain.at, domain.length) : strdup("");
	text->length = at;
	if (!key || !fold(text)) {
		free(key);
		return NULL;
	}
	head = address_encode(text->at, text->length);
	key = head ? address_join(head, strlen(head), key) : (free(key), NULL);
	free(head);
	return key;
}

/* Do one round of making a key. NULL: no memory. */
static char *address_step(const char *email)
{
	struct text text;
	char *key;

	if (address_decode(email, &text)) {
		address_trim(&text);
		key = make_key(&text);
	} else {
		key = text.at ? copy_lower(email) : NULL;
	}
	free(text.at);
	return key;
}

char *address_key(const char *email)
{
	char *key, *next;

	if (address_is_plain(email, strlen(email)))
		return copy_lower(email);
	key = address_step(email);
	/* folding may produce characters that must be trimmed or folded again */
	for (int turn = 0; key && turn < 4; turn++) {
		next = address_step(key);
		if (next && strcmp(next, key) == 0) {
			free(next);
			break;
		}
		free(key);
		key = next;
	}
	return key;
}

/* As address_display, for KEY in small letters. */
static char *display(const char *key)
{
	const char *at = strrchr(key, '@');
	char *shown = NULL, *again, *domain = NULL;

	if (!at || !strstr(at, ASCII_COMPATIBLE))
		return strdup(key);
	if (idn2_to_unicode_8z8z(at + 1, &domain, IDN2_NONTRANSITIONAL) == IDN2_OK && domain)
		shown = address_join(key, (size_t)(at - key) + 1, strdup(domain));
	if (domain)
		idn2_free(domain);
	/* only if the result has the same key */
	again = shown ? address_key(shown) : NULL;
	if (again && strcmp(again, key) == 0) {
		free(again);
		return shown;
	}
	free(again);
	free(shown);
	return strdup(key);
}

char *address_display(const char *key)
{
	char *small = copy_lower(key), *shown = small ? display(small) : NULL;

	free(small);
	return shown;
}

/* ---- the spelling ---- */

char *address_spelling(const char *email)
{
	struct text text;
	const uint32_t *at;
	size_t length;
	char *spelling;

	if (address_is_plain(email, strlen(email)))
		return copy_lower(email);
	if (address_decode(email, &text)) {
		at = text.at;
		length = text.length;
		trim_blanks(&at, &length);
		for (size_t i = 0; i < text.length; i++) {
			/* U+0130 folds to an i with its dot, not to an i */
			if (text.at[i] != 0x130)
				text.at[i] = uc_tolower(text.at[i]);
		}
		spelling = address_encode(at, length);
	} else {
		spelling = text.at ? copy_lower(email) : NULL;
	}
	free(text.at);
	return spelling;
}

int address_compare_spelling(const char *a, const char *b)
{
	int order = strcasecmp(a, b);
	char *left, *right;

	if (!order || (address_is_plain(a, strlen(a)) && address_is_plain(b, strlen(b))))
		return order;
	left = address_spelling(a);
	right = address_spelling(b);
	if (left && right)
		order = strcmp(left, right);
	free(left);
	free(right);
	return order;
}

/* ---- for people ---- */

char *address_written(const char *email)
{
	char *written = malloc(strlen(email) * strlen("<U+0020>") + 1), *to = written;
	const char *begin = email;

	while (written && *email) {
		const char *at = email;
		uint32_t character = address_next(&email);
		bool at_end = at == begin || !*email;

		if (character > (at_end ? 0x20 : 0x1f) && character < 0x7f)
			*to++ = (char)character;
		else if (character == UINT32_MAX)
			to += sprintf(to, "<%02X>", (unsigned char)*at);
		else
			to += sprintf(to, "<U+%04X>", (unsigned)character);
	}
	if (written)
		*to = '\0';
	return written;
}

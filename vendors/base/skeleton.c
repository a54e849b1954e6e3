/* SPDX-License-Identifier: Apache-2.0 */
/*
 * skeleton.c - see skeleton.h.
 *
 * Characters that look like ASCII are replaced by ASCII, and then ASCII is reduced byte by byte.
 * The table of letters is chosen by eye, for emails: Unicode's list of confusables (UTS #39) is a
 * hundred times as long, and maps digits and capitals that no folded email has. It knows no vendor
 * and no record.
 */
#include "vendors/base/skeleton.h"

#include "vendors/base/address.h"
#include "vendors/base/hash.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#define SHORT_MAX 320 /* the longest email of SMTP: 64 bytes, an @, 255 bytes */

/* ---- letters ---- */

#define LOOKS_MAX 24

/* Characters that look like an ASCII character, in small letters and without marks. */
static const struct {
	char ascii;
	uint16_t looks[LOOKS_MAX];
} letters[] = {
    {'a', {0x0430, 0x03b1, 0x0250, 0x0251, 0x1d00, 0x2c65}},
    {'b', {0x0432, 0x044c, 0x048d, 0x03b2, 0x0180, 0x0183, 0x0185, 0x0253, 0x0299}},
    {'c', {0x0441, 0x04ab, 0x03f2, 0x0188, 0x023c, 0x0297, 0x1d04, 0x2ca5}},
    {'d', {0x0501, 0x0503, 0x0111, 0x018c, 0x0221, 0x0256, 0x0257, 0x1d05}},
    {'e', {0x0435, 0x0454, 0x04bd, 0x04d9, 0x03b5, 0x01dd, 0x0247, 0x0259, 0x025b, 0x1d07, 0x212e}},
    {'f', {0x0493, 0x03dd, 0x0192, 0x0584, 0xa730, 0xa799}},
    {'g', {0x018d, 0x01e5, 0x0260, 0x0261, 0x0262, 0x0581, 0x1d83}},
    {'h', {0x043d, 0x0452, 0x045b, 0x04bb, 0x04ca, 0x0127, 0x0266, 0x029c, 0x0570, 0x2c68}},
    {'j', {0x0458, 0x03f3, 0x0249, 0x029d, 0x0575, 0x1d0a}},
    {'k', {0x043a, 0x049b, 0x049d, 0x049f, 0x04c4, 0x03ba, 0x0138, 0x0199, 0x1d0b, 0x2c6a}},
    {'l', {0x0456, 0x04cf, 0x03b9, 0x0131, 0x0142, 0x019a, 0x01c0, 0x0268, 0x0269, 0x026a, 0x026b,
	   0x026c, 0x026d, 0x029f, 0x0582, 0x05d5, 0x05df, 0x0627, 0x2223, 0x2758, 0x2c61, 0x4e28}},
    {'m', {0x043c, 0x04ce, 0x03fb, 0x0271, 0x028d, 0x1d0d}},
    {'n', {0x043f, 0x03b7, 0x03c0, 0x014b, 0x019e, 0x0272, 0x0273, 0x0274, 0x0572, 0x0578, 0x057c}},
    {'o',
     {0x043e, 0x0473, 0x04e9, 0x03b8, 0x03bf, 0x03c3, 0x00f8, 0x0275, 0x0585, 0x05e1, 0x0647,
      0x0d20, 0x101d, 0x10ff, 0x1d0f, 0x25cb, 0x2c9f, 0x3007}},
    {'p', {0x0440, 0x048f, 0x03c1, 0x03f8, 0x00fe, 0x01a5, 0x1d18, 0x1d7d, 0x2ca3}},
    {'q', {0x051b, 0x024b, 0x0563, 0x0566}},
    {'r', {0x0433, 0x0491, 0x024d, 0x027c, 0x027d, 0x027e, 0x0280, 0x1d26}},
    {'s', {0x0455, 0x01bd, 0x023f, 0x0282, 0x10fd, 0xa731}},
    {'t', {0x0442, 0x04ad, 0x03c4, 0x0167, 0x01ab, 0x01ad, 0x0288, 0x1d1b, 0x2c66}},
    {'u', {0x0446, 0x03bc, 0x03c5, 0x0289, 0x028a, 0x057d, 0x1d1c}},
    {'v', {0x0475, 0x03bd, 0x028b, 0x1d20, 0x2228}},
    {'w', {0x0448, 0x0461, 0x051d, 0x03c9, 0x026f, 0x0561, 0x1d21, 0x2c73}},
    {'x', {0x0445, 0x04b3, 0x03c7, 0x00d7, 0x2cad}},
    {'y', {0x0443, 0x04af, 0x04b1, 0x03b3, 0x01b4, 0x024f, 0x0263, 0x028f, 0x10e7}},
    {'z', {0x03b6, 0x01b6, 0x0225, 0x0290, 0x0291, 0x1d22, 0x2c6c}},
    {'3', {0x0437, 0x04e1, 0x021d, 0x025c, 0x0292}},
    {'-', {0x2010, 0x2012, 0x2013, 0x2014, 0x2015, 0x2043, 0x2212, 0x2500, 0x30fc, 0x4e00}},
    {'.', {0x00b7, 0x06d4, 0x2022, 0x2027, 0x3002, 0x30fb, 0xa78f}},
    {'_', {0x02cd}},
    {'\'', {0x02b9, 0x02bb, 0x02bc, 0x055a, 0x05f3, 0x2018, 0x2019, 0x2032, 0xa78c}},
    {'/', {0x2044, 0x2215, 0x29f8, 0x3033}},
};

/* Characters that look like two. */
static const struct {
	uint16_t character;
	char ascii[3];
} pairs[] = {{0x00e6, "ae"}, {0x0153, "oe"}, {0x044b, "bl"}, {0x04d5, "ae"}};

/* Write what CHARACTER looks like to *TO, and move *TO behind it. */
static void put_look(uint32_t character, uint32_t **to)
{
	int digit = character > 0x7f ? uc_decimal_value(character) : -1;

	if (digit >= 0) {
		*(*to)++ = (uint32_t)('0' + digit);
		return;
	}
	for (size_t i = 0; character > 0x7f && i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		if (pairs[i].character == character) {
			*(*to)++ = (uint32_t)pairs[i].ascii[0];
			*(*to)++ = (uint32_t)pairs[i].ascii[1];
			return;
		}
	}
	for (size_t i = 0; character > 0x7f && i < sizeof(letters) / sizeof(letters[0]); i++) {
		for (size_t j = 0; j < LOOKS_MAX && letters[i].looks[j]; j++) {
			if (letters[i].looks[j] == character)
				character = (uint32_t)letters[i].ascii;
		}
	}
	*(*to)++ = character;
}

/* Return SHOWN in the letters that it looks like, without marks. The caller frees it. NULL: no
 * memory. */
static char *to_letters(const char *shown)
{
	size_t length = 0, count = 0;
	uint32_t *text = calloc(strlen(shown) + 1, sizeof(*text)), *folded, *looks, *to;
	char *result;

	while (text && *shown) {
		uint32_t character = address_next(&shown);

		/* a NUL byte stays one until the result is written */
		if (character != UINT32_MAX)
			text[length++] = address_is_half(character) ? 0xfffd : character;
	}
	folded = text ? u32_casefold(text, length, NULL, UNINORM_NFKD, NULL, &count) : NULL;
	looks = folded ? calloc(2 * count + 1, sizeof(*looks)) : NULL;
	to = looks;
	for (size_t i = 0; looks && i < count; i++) {
		if (!uc_is_general_category_withtable(folded[i], UC_CATEGORY_MASK_M))
			put_look(folded[i], &to);
	}
	result = looks ? malloc(4 * (size_t)(to - looks) + 1) : NULL;
	if (result) {
		char *end = result;

		for (const uint32_t *at = looks; at < to; at++)
			end += u8_uctomb((uint8_t *)end, *at ? *at : 1, 4);
		*end = '\0';
	}
	free(text);
	free(folded);
	free(looks);
	return result;
}

/* ---- a display name ---- */

/* Return true if the words from TEXT to EMAIL are a person's name. An email may hold one blank by
 * mistake. Therefore one word is a name if the email begins with it, and several are if none is a
 * single letter. */
static bool are_names(const char *text, const char *email)
{
	size_t words = 0, length = strcspn(text, " "), shortest = length;

	if (strncasecmp(text, email, length) == 0)
		return true;
	for (; text < email; text += strspn(text, " ")) {
		length = strcspn(text, " ");
		shortest = length < shortest ? length : shortest;
		text += length;
		words++;
	}
	return words > 1 && shortest > 1;
}

/* Return where the email begins in TEXT, which may begin with a person's name: "Jane Doe jane@x".
 */
static char *skip_names(char *text)
{
	char *at = strchr(text, '@'), *email = at;

	while (email && email > text && email[-1] != ' ')
		email--;
	text += strspn(text, " ");
	return email && email > text && email < at && are_names(text, email) ? email : text;
}

/* Return TEXT without a scheme before its email ("smtp:") and without what follows it
 * ("?subject=x"). Changes TEXT. */
static char *strip_link(char *text)
{
	char *at = strchr(text, '@'), *end = at ? at + strcspn(at, "?") : NULL;
	size_t length;

	if (!at)
		return text;
	*end = '\0';
	while (end > at && strchr(",; ", end[-1]))
		*--end = '\0';
	while ((length = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")) &&
	       text[length] == ':')
		text += length + 1;
	return text;
}

/* Return the email in TEXT: "Jane <jane@x>", "(Jane) jane@x". Changes TEXT. */
static char *find_email(char *text)
{
	char *open = strrchr(text, '<'), *close = open ? strchr(open, '>') : NULL;
	char *to;

	if (close && memchr(open, '@', (size_t)(close - open))) {
		*close = '\0';
		text = open + 1;
	}
	/* remove comments and quotes */
	close = strrchr(text, ')');
	to = text;
	for (const char *at = text; *at; at++) {
		if (*at == '(' && close && at < close)
			at = strchr(at, ')');
		else if (!strchr("\"<>[]", *at))
			*to++ = *at;
	}
	*to = '\0';
	if (to - text > 1 && text[0] == '\'' && to[-1] == '\'') {
		to[-1] = '\0';
		text++;
	}
	return strip_link(text);
}

/* ---- ASCII ---- */

static char skeleton_lower(char letter)
{
	return (char)(letter >= 'A' && letter <= 'Z' ? letter - 'A' + 'a' : letter);
}

/* Append LETTER at TO to the text that begins at BEGIN. Returns its end. */
static char *put_letter(char letter, const char *begin, char *to)
{
	if (letter == 'i' || letter == '1' || letter == '|')
		letter = 'l';
	else if (letter == '0')
		letter = 'o';
	if (to > begin && letter == 'n' && to[-1] == 'r')
		to[-1] = 'm';
	else if (to > begin && letter == 'v' && to[-1] == 'v')
		to[-1] = 'w';
	else
		*to++ = letter;
	return to;
}

/* Write EMAIL to REDUCED, which has room for it, without what the STEPS name, for ASCII. */
static void reduce(const char *email, unsigned steps, char *reduced)
{
	const char *at = strrchr(email, '@'), *name = at ? at : email + strlen(email);
	char *to = reduced;

	for (const char *from = email; *from; from++) {
		char letter = skeleton_lower(*from);
		bool in_name = from < name;

		if ((steps & SKELETON_TAG) && in_name && letter == '+' && from > email) {
			from = name - 1;
			continue;
		}
		if ((steps & SKELETON_DOTS) && in_name && letter == '.')
			continue;
		if (steps & SKELETON_SIGNS) {
			/* of several @, the last one counts */
			if (letter == '@' && from[1] == '@')
				continue;
			if (letter == ',' && from > name)
				letter = '.';
			if (letter == '.' && from > name && to > reduced &&
			    (to[-1] == '.' || to[-1] == '@'))
				continue;
		}
		if ((steps & SKELETON_BLANKS) && ((letter > 0 && letter <= ' ') || letter == 0x7f))
			continue;
		if (steps & SKELETON_LETTERS)
			to = put_letter(letter, reduced, to);
		else
			*to++ = letter;
	}
	*to = '\0';
}

/* Return true if reduce is enough for KEY with all steps. */
static bool is_simple(const char *key, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if ((unsigned char)key[i] > 0x7f)
			return false;
	}
	return key[0] != '\'' && !key[strcspn(key, "\"<>[]() ,;:?")] && !strcasestr(key, "xn--");
}

/* ---- the whole ---- */

/* Remove from TEXT the blanks and control characters beyond ASCII, ADDRESS_NUL, and halves of
 * surrogate pairs. Returns TEXT. */
static char *remove_blanks(char *text)
{
	char *to = text;

	for (const char *at = text; *at;) {
		const char *from = at;
		uint32_t character = address_next(&at);

		if (!character || address_is_half(character) ||
		    (character != UINT32_MAX &&
		     (address_is_blank(character) ||
		      uc_is_general_category_withtable(character, UC_CATEGORY_MASK_Cc))))
			continue;
		memmove(to, from, (size_t)(at - from));
		to += at - from;
	}
	*to = '\0';
	return text;
}

/* Return KEY in the letters that a reader sees, with what the STEPS name beyond ASCII removed. The
 * caller frees it. NULL: no memory. */
static char *prepare(const char *key, unsigned steps)
{
	char *text = address_display(key), *next;

	if (text && (steps & SKELETON_NAME)) {
		next = strdup(skip_names(text));
		free(text);
		text = next;
	}
	if (text && (steps & SKELETON_BLANKS))
		text = remove_blanks(text);
	if (text && (steps & SKELETON_LETTERS)) {
		next = to_letters(text);
		free(text);
		text = next;
	}
	if (text && (steps & SKELETON_NAME)) {
		next = address_key(find_email(text));
		free(text);
		text = next ? address_display(next) : NULL;
		free(next);
	}
	return text;
}

char *skeleton_make(const char *key, unsigned steps)
{
	size_t length = strlen(key);
	char *text, *reduced;

	if (is_simple(key, length)) {
		reduced = malloc(length + 1);
		if (reduced)
			reduce(key, steps, reduced);
		return reduced;
	}
	text = prepare(key, steps);
	reduced = text ? malloc(strlen(text) + 1) : NULL;
	if (reduced)
		reduce(text, steps, reduced);
	free(text);
	return reduced;
}

uint32_t skeleton_hash(const char *key)
{
	char reduced[SHORT_MAX + 1], *made = NULL;
	size_t length = strlen(key);
	uint64_t hash;

	if (length <= SHORT_MAX && is_simple(key, length)) {
		reduce(key, SKELETON_ALL, reduced);
	} else {
		made = skeleton_make(key, SKELETON_ALL);
		if (!made)
			return 0;
	}
	hash = hash_text(made ? made : reduced);
	free(made);
	return (uint32_t)(hash ^ hash >> 32);
}

/* Return true if A and B have the same skeleton with STEPS. */
static bool are_equal(const char *a, const char *b, unsigned steps)
{
	char *left = skeleton_make(a, steps), *right = skeleton_make(b, steps);
	bool equal = left && right && strcmp(left, right) == 0;

	free(left);
	free(right);
	return equal;
}

unsigned skeleton_compare(const char *a, const char *b)
{
	unsigned steps = SKELETON_ALL;

	if (!are_equal(a, b, steps))
		return 0;
	for (unsigned step = 1; step < SKELETON_ALL; step <<= 1) {
		if (are_equal(a, b, steps & ~step))
			steps &= ~step;
	}
	return steps;
}

const char *skeleton_words(enum skeleton_step step)
{
	switch (step) {
	case SKELETON_NAME:
		return "a display name, or brackets or quotes around the email";
	case SKELETON_TAG:
		return "a plus-tag";
	case SKELETON_DOTS:
		return "dots in the name";
	case SKELETON_BLANKS:
		return "blanks or control characters";
	case SKELETON_LETTERS:
		return "a look-alike letter";
	case SKELETON_SIGNS:
		return "a comma, or two dots or @ for one";
	}
	return "";
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * document.c - see document.h.
 *
 * One state machine over bytes. `expect` says what may come next; the other fields hold what a
 * state alone cannot remember (open brackets, the middle of a character). A byte is refused as soon
 * as nothing that follows can make the text valid, because the write() that brought it must fail.
 *
 * It builds no values and must not know what a record is: exact_parse parses the text once it is
 * whole. The unit test checks that both agree on what is JSON.
 */
#include "cache/document/document.h"

#include <string.h>

enum expect {
	EXPECT_OBJECT,       /* the `{` at the top */
	EXPECT_NAME_OR_END,  /* after `{` */
	EXPECT_NAME,         /* after `,` in an object */
	EXPECT_COLON,        /* after a name */
	EXPECT_VALUE_OR_END, /* after `[` */
	EXPECT_VALUE,        /* after `:`, or `,` in an array */
	EXPECT_NEXT,         /* after a value: `,` or the end of what is open */
	EXPECT_SPACE,        /* after the document */
	EXPECT_CHARACTER,    /* in a string; the states from here on take no white space */
	EXPECT_UTF8,         /* in a character of several bytes */
	EXPECT_ESCAPED,      /* after `\` */
	EXPECT_HEX,          /* in \uXXXX */
	EXPECT_LITERAL,      /* in true, false, null */
	EXPECT_MINUS_DIGIT,  /* after `-` */
	EXPECT_ZERO_END,     /* after a leading `0` */
	EXPECT_DIGITS,       /* in the integer part */
	EXPECT_FRACTION,     /* after `.` */
	EXPECT_FRACTION_END, /* and at least one digit */
	EXPECT_EXPONENT,     /* after `e` */
	EXPECT_EXPONENT_1,   /* and a sign */
	EXPECT_EXPONENT_END, /* and at least one digit */
};

/* Each take_ function returns true if the byte is allowed there. */

static bool go(struct document *document, enum expect expect)
{
	document->expect = (unsigned char)expect;
	return true;
}

static bool document_is_digit(unsigned char byte)
{
	return byte >= '0' && byte <= '9';
}

static bool document_is_space(unsigned char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static bool in_array(const struct document *document)
{
	unsigned level = document->depth - 1;

	return document->nesting[level / 8] & (1U << level % 8);
}

static bool open_level(struct document *document, bool array)
{
	unsigned level = document->depth;
	unsigned char bit = (unsigned char)(1U << level % 8);

	if (level == DOCUMENT_DEPTH_MAX) {
		document->why = "the document has more than 512 levels";
		return false;
	}
	if (array)
		document->nesting[level / 8] |= bit;
	else
		document->nesting[level / 8] &= (unsigned char)~bit;
	document->depth++;
	return go(document, array ? EXPECT_VALUE_OR_END : EXPECT_NAME_OR_END);
}

static bool close_level(struct document *document)
{
	document->depth--;
	if (document->depth)
		return go(document, EXPECT_NEXT);
	document->state = DOCUMENT_WHOLE;
	return go(document, EXPECT_SPACE);
}

static bool begin_string(struct document *document, bool name)
{
	document->in_name = name;
	return go(document, EXPECT_CHARACTER);
}

static bool begin_literal(struct document *document, const char *rest)
{
	document->literal = rest;
	return go(document, EXPECT_LITERAL);
}

static bool take_value(struct document *document, unsigned char byte)
{
	switch (byte) {
	case '{':
		return open_level(document, false);
	case '[':
		return open_level(document, true);
	case '"':
		return begin_string(document, false);
	case 't':
		return begin_literal(document, "rue");
	case 'f':
		return begin_literal(document, "alse");
	case 'n':
		return begin_literal(document, "ull");
	case '-':
		return go(document, EXPECT_MINUS_DIGIT);
	case '0':
		return go(document, EXPECT_ZERO_END);
	default:
		return document_is_digit(byte) && go(document, EXPECT_DIGITS);
	}
}

static bool take_next(struct document *document, unsigned char byte)
{
	bool array = in_array(document);

	if (byte == ',')
		return go(document, array ? EXPECT_VALUE : EXPECT_NAME);
	return byte == (array ? ']' : '}') && close_level(document);
}

/* Take BYTE between two tokens. */
static bool take_between(struct document *document, unsigned char byte)
{
	if (document_is_space(byte))
		return true;
	switch (document->expect) {
	case EXPECT_OBJECT:
		return byte == '{' && open_level(document, false);
	case EXPECT_NAME_OR_END:
		if (byte == '}')
			return close_level(document);
		return byte == '"' && begin_string(document, true);
	case EXPECT_NAME:
		return byte == '"' && begin_string(document, true);
	case EXPECT_COLON:
		return byte == ':' && go(document, EXPECT_VALUE);
	case EXPECT_VALUE_OR_END:
		if (byte == ']')
			return close_level(document);
		return take_value(document, byte);
	case EXPECT_VALUE:
		return take_value(document, byte);
	case EXPECT_NEXT:
		return take_next(document, byte);
	default: /* EXPECT_SPACE */
		return false;
	}
}

/*
 * Take the first byte of a UTF-8 character. The bounds of the second byte exclude overlong forms
 * (E0, F0), surrogates (ED) and characters above U+10FFFF (F4).
 */
static bool begin_utf8(struct document *document, unsigned char byte)
{
	if (byte < 0xC2 || byte > 0xF4)
		return false;
	document->left = byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3;
	document->low = byte == 0xE0 ? 0xA0 : byte == 0xF0 ? 0x90 : 0x80;
	document->high = byte == 0xED ? 0x9F : byte == 0xF4 ? 0x8F : 0xBF;
	return go(document, EXPECT_UTF8);
}

static bool take_utf8(struct document *document, unsigned char byte)
{
	if (byte < document->low || byte > document->high)
		return false;
	document->low = 0x80;
	document->high = 0xBF;
	document->left--;
	return document->left || go(document, EXPECT_CHARACTER);
}

static bool document_take_character(struct document *document, unsigned char byte)
{
	if (byte == '"')
		return go(document, document->in_name ? EXPECT_COLON : EXPECT_NEXT);
	if (byte == '\\')
		return go(document, EXPECT_ESCAPED);
	if (byte >= 0x80)
		return begin_utf8(document, byte);
	return byte >= 0x20;
}

static bool take_escaped(struct document *document, unsigned char byte)
{
	if (byte == 'u') {
		document->left = 4;
		return go(document, EXPECT_HEX);
	}
	return byte && strchr("\"\\/bfnrt", byte) && go(document, EXPECT_CHARACTER);
}

static bool take_hex(struct document *document, unsigned char byte)
{
	unsigned char lower = byte | 0x20;

	if (!document_is_digit(byte) && !(lower >= 'a' && lower <= 'f'))
		return false;
	document->left--;
	return document->left || go(document, EXPECT_CHARACTER);
}

static bool take_literal(struct document *document, unsigned char byte)
{
	if (byte != (unsigned char)*document->literal)
		return false;
	document->literal++;
	return *document->literal || go(document, EXPECT_NEXT);
}

static bool take_number(struct document *document, unsigned char byte)
{
	bool exponent = byte == 'e' || byte == 'E';

	switch (document->expect) {
	case EXPECT_MINUS_DIGIT:
		if (byte == '0')
			return go(document, EXPECT_ZERO_END);
		return document_is_digit(byte) && go(document, EXPECT_DIGITS);
	case EXPECT_FRACTION:
		return document_is_digit(byte) && go(document, EXPECT_FRACTION_END);
	case EXPECT_EXPONENT:
		if (byte == '+' || byte == '-')
			return go(document, EXPECT_EXPONENT_1);
		return document_is_digit(byte) && go(document, EXPECT_EXPONENT_END);
	case EXPECT_EXPONENT_1:
		return document_is_digit(byte) && go(document, EXPECT_EXPONENT_END);
	case EXPECT_ZERO_END:
	case EXPECT_DIGITS:
		if (byte == '.')
			return go(document, EXPECT_FRACTION);
		break;
	default:
		break;
	}
	/* The number may end here: BYTE is more of it, or what follows a value. */
	if (document_is_digit(byte) && document->expect != EXPECT_ZERO_END)
		return true;
	if (exponent && document->expect != EXPECT_EXPONENT_END)
		return go(document, EXPECT_EXPONENT);
	document->expect = EXPECT_NEXT;
	return take_between(document, byte);
}

static bool document_take(struct document *document, unsigned char byte)
{
	if (document->expect < EXPECT_CHARACTER)
		return take_between(document, byte);
	switch (document->expect) {
	case EXPECT_CHARACTER:
		return document_take_character(document, byte);
	case EXPECT_UTF8:
		return take_utf8(document, byte);
	case EXPECT_ESCAPED:
		return take_escaped(document, byte);
	case EXPECT_HEX:
		return take_hex(document, byte);
	case EXPECT_LITERAL:
		return take_literal(document, byte);
	default:
		return take_number(document, byte);
	}
}

/* Return true if the LENGTH bytes at TEXT begin with MARK, as far as they go. */
static bool begins_with(const char *text, size_t length, const char *mark)
{
	size_t size = strlen(mark);

	return memcmp(text, mark, length < size ? length : size) == 0;
}

/* Outside of strings, JSON is ASCII. Another character is most likely an invisible blank. */
static const char *find_foreign(const char *text)
{
	if ((unsigned char)*text < 0x80)
		return NULL;
	return "a character outside of the strings is not ASCII, perhaps a no-break space (U+00A0)";
}

/*
 * Return why the first of the LENGTH bytes at TEXT is not allowed in state EXPECT, if the bytes
 * show what kind of file it is, or NULL.
 */
static const char *find_cause(enum expect expect, const char *text, size_t length)
{
	if (!*text)
		return "the text holds zero bytes, as UTF-16 does: save it as UTF-8";
	if (expect == EXPECT_UTF8 || (expect == EXPECT_CHARACTER && (unsigned char)*text >= 0x80))
		return "the text is not UTF-8: save it as UTF-8";
	if (expect != EXPECT_OBJECT)
		return find_foreign(text);
	if (begins_with(text, length, "\xEF\xBB\xBF"))
		return "the text begins with a byte order mark: save it as UTF-8 without one";
	if (begins_with(text, length, "\xFF\xFE") || begins_with(text, length, "\xFE\xFF"))
		return "the text begins with the byte order mark of UTF-16: save it as UTF-8";
	return find_foreign(text);
}

void document_init(struct document *document)
{
	*document = (struct document){.state = DOCUMENT_BEGUN, .expect = EXPECT_OBJECT};
}

enum document_state document_feed(struct document *document, const char *text, size_t length)
{
	for (size_t i = 0; i < length && document->state != DOCUMENT_WRONG; i++) {
		enum expect expect = document->expect;

		if (!document_take(document, (unsigned char)text[i])) {
			document->state = DOCUMENT_WRONG;
			if (!document->why)
				document->why = find_cause(expect, text + i, length - i);
		}
	}
	return document->state;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * document.h - is what was written so far a whole JSON document, the beginning of one, or neither?
 *
 * An editor writes a file in pieces, and the only place where a shell sees an error is write(). So
 * each piece is looked at as it comes: the scanner goes byte by byte, in constant memory plus one
 * bit a nesting level, and never looks back. It accepts exactly one JSON object (RFC 8259, valid
 * UTF-8, no byte order mark) with white space around it. What is whole here is what exact_parse
 * takes as well, so that a text is accepted or refused whatever way it comes: a repeated key, or
 * half a surrogate pair that the record has not, is refused later and for each of them.
 * No locks, no allocation; nesting deeper than DOCUMENT_DEPTH_MAX is DOCUMENT_WRONG. A copy of the
 * struct is a scanner of its own.
 */
#ifndef ROSTERFS_DOCUMENT_H
#define ROSTERFS_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DOCUMENT_DEPTH_MAX 512

enum document_state {
	DOCUMENT_BEGUN, /* more must come (an empty text is this) */
	DOCUMENT_WHOLE, /* complete; white space may follow */
	DOCUMENT_WRONG, /* no continuation can mend it; said at the first such byte */
};

struct document {
	enum document_state state;
	/* In DOCUMENT_WRONG, why, where the bytes show it (static words, which quote none of them);
	 * NULL: it is just no JSON. */
	const char *why;
	/* the scanner's own: */
	unsigned char expect; /* what may come next: see document.c */
	unsigned char left;   /* bytes or hex digits missing in a character */
	unsigned char low;    /* the next byte of a UTF-8 character is at least this... */
	unsigned char high;   /* ...and at most this */
	bool in_name;         /* the string is a member's name */
	const char *literal;  /* the rest of true, false or null */
	unsigned depth;       /* objects and arrays that are open */
	uint8_t nesting[DOCUMENT_DEPTH_MAX / 8]; /* one bit a level: 1 is an array */
};

void document_init(struct document *document);

/* Take LENGTH more bytes; returns the state after them. How the text is cut makes no difference. */
enum document_state document_feed(struct document *document, const char *text, size_t length);

#endif

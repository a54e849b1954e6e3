/* SPDX-License-Identifier: Apache-2.0 */
/*
 * document.h - tell whether a text is a whole JSON document, the beginning of one, or neither.
 *
 * An editor writes a file in pieces, and a shell sees an error only from write(). So the scanner
 * reads each piece as it comes, byte by byte, in constant memory plus one bit per nesting level. It
 * accepts exactly one JSON object (RFC 8259, valid UTF-8, no byte order mark) with white space
 * around it. What is whole here is what exact_parse accepts as well, so it does not matter in which
 * way a text comes: a repeated key, or half a surrogate pair that the record does not have, is
 * refused later in all cases. No locks, no allocation. Nesting deeper than DOCUMENT_DEPTH_MAX is
 * DOCUMENT_WRONG. A copy of the struct is an independent scanner.
 */
#ifndef ROSTERFS_DOCUMENT_H
#define ROSTERFS_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DOCUMENT_DEPTH_MAX 512

enum document_state {
	DOCUMENT_BEGUN, /* more must come; also for an empty text */
	DOCUMENT_WHOLE, /* complete; white space may follow */
	DOCUMENT_WRONG, /* no continuation can make it valid; set at the first such byte */
};

struct document {
	enum document_state state;
	/* In DOCUMENT_WRONG, the cause, if the bytes show it (a static text that quotes none of
	 * them); NULL: it is just not JSON. */
	const char *why;
	/* private to the scanner: */
	unsigned char expect; /* what may come next: see document.c */
	unsigned char left;   /* bytes or hex digits missing in a character */
	unsigned char low;    /* the next byte of a UTF-8 character is at least this... */
	unsigned char high;   /* ...and at most this */
	bool in_name;         /* the string is a member's name */
	const char *literal;  /* the rest of true, false or null */
	unsigned depth;       /* number of open objects and arrays */
	uint8_t nesting[DOCUMENT_DEPTH_MAX / 8]; /* one bit per level: 1 is an array */
};

void document_init(struct document *document);

/*
 * Scan LENGTH more bytes. Return the state after them. It does not matter how the text is cut into
 * pieces.
 */
enum document_state document_feed(struct document *document, const char *text, size_t length);

#endif

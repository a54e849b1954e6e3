/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replies.h - a vendor that answers with the responses of an input, in place of vendors/http.
 *
 * replies.c defines the functions of http.h, so that http.c is not linked. Nothing waits. Each
 * request is checked: what would be sent must be one request, to one path.
 *
 * Responses, each but the last followed by a line "~":
 *
 *	STATUS [xN]		0: there is no response. xN: what stands between the first [ and the
 *				last ] of the body comes N times, each # in it as a number
 *	NAME: VALUE		headers
 *
 *	BODY			{echo}: the request's headers and body, as JSON writes them,
 *				{echo%} percent-encoded, {echo64} in base64; {token}: TOKEN
 *
 * After the last one, it is repeated: a list may have no end. Then there is no response any more.
 */
#ifndef TESTS_FUZZ_REPLIES_H
#define TESTS_FUZZ_REPLIES_H

#include <stdbool.h>
#include <stddef.h>

struct replies {
	const char *rest;  /* of the input */
	const char *last;  /* the response that was played last */
	const char *token; /* for {token}; NULL: nothing */
	char *first;    /* the path and query of the first request, owned; NULL: there was none */
	unsigned asked; /* requests */
	unsigned repeated; /* how often the last response was repeated */
	size_t bytes;      /* of all bodies */
	size_t objects;    /* how many objects may be in them */
	bool accepted;     /* the status of any response was a success */
};

extern struct replies replies;

/* Play the responses in TEXT, which is borrowed until replies_end. */
void replies_begin(const char *text);
void replies_end(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exchange.h - one request to a vendor and the verdict on its response.
 *
 * Between http.h, which knows transport, and the code that knows records: proves the identity,
 * renews the proof after a 401, and holds the one table from HTTP status to verdict.
 */
#ifndef ROSTERFS_EXCHANGE_H
#define ROSTERFS_EXCHANGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct account;
struct call;
struct http_reply;
struct http_request;

/*
 * Put the proof of identity into REQUEST, after its plain_headers: that of its api (vendor->apis),
 * or what vendor->authorize knows. May wait for a token. Returns 0, or a negative errno with words
 * in CALL. Call exchange_done once the request has been handed to http.h.
 */
int exchange_prepare(struct call *call, struct account *account, struct http_request *request);

/*
 * Return true if the request with proof MADE (of http_request) that got REPLY is to be repeated,
 * because the keys of ACCOUNT were replaced: it was not sent, or the vendor refused the old keys.
 */
bool exchange_has_new_keys(const struct account *account, unsigned made,
			   const struct http_reply *reply);

/*
 * Get a new proof after a 401 to a request with token SERIAL. May wait. Returns 0 if there is a new
 * one to try, -ENOTSUP for a vendor whose keys cannot be renewed (without a message in CALL), or
 * another negative errno with words in CALL.
 */
int exchange_renew(struct call *call, struct account *account, uint64_t serial);

/* Wipe what exchange_prepare put into REQUEST. */
void exchange_done(struct http_request *request);

/* What a request is about: a status means something else to a record than to a list. */
enum exchange_subject {
	EXCHANGE_RECORD, /* a record that is read or created */
	EXCHANGE_CHANGE, /* a record that is changed or deleted */
	EXCHANGE_LIST,   /* a list or an action: the path names no record */
	EXCHANGE_TOKEN,  /* an access token */
};

/*
 * Judge REPLY, the answer to a request about SUBJECT. Returns 0 for a 2xx status, unless the
 * vendor's table says that it is a failure (CALL_REFUSED). Otherwise CALL
 * fails with the verdict that exchange.c's table has for the status, and with the vendor's own
 * words, redacted; without a complete response, with the errno and words of REPLY.
 */
int exchange_judge(struct call *call, struct account *account, enum exchange_subject subject,
		   const struct http_reply *reply);

/*
 * Send REQUEST (not yet prepared) and judge the response; one new proof and one replay after a 401,
 * and replays while exchange_has_new_keys.
 * Returns 0 with a 2xx response in REPLY, else a negative errno with words in CALL. REPLY is always
 * filled: http_reply_clear it. May wait.
 */
int exchange(struct call *call, struct account *account, enum exchange_subject subject,
	     struct http_request *request, struct http_reply *reply);

/*
 * Return the JSON in REPLY, a new reference. NULL: CALL fails with CALL_MALFORMED (an empty body is
 * an error here) or CALL_NO_MEMORY.
 */
json_t *exchange_json(struct call *call, struct account *account, const struct http_reply *reply);

/*
 * Parse LENGTH bytes of a vendor's JSON. NULL: TEXT is not JSON, an object has two equal keys, or
 * the tree would take too much memory (exact_bounded.h). Then WHY (or NULL), of WHY_SIZE bytes,
 * says what is wrong.
 */
json_t *exchange_parse(const char *text, size_t length, char *why, size_t why_size);

/*
 * Return true if ANSWER, whose status is a success, reports an error all the same. Then WORDS (or
 * NULL), of SIZE bytes, has what it says, one line, not redacted.
 */
bool exchange_tells_error(const json_t *answer, char *words, size_t size);

/*
 * Put what BODY, of an error response, says into WORDS, of SIZE bytes: one line, not redacted, ""
 * if nothing can be read. Accepts every known shape.
 */
void exchange_words(const char *body, size_t length, char *words, size_t size);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exchange.h - one request to a vendor and the verdict on its answer.
 *
 * Between http.h, which knows transport, and the code that knows records: proves who we are, asks
 * for a new token when the old one is refused, and holds the one table from HTTP status to verdict.
 * Used by list.c, item.c and the vendors only.
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
 * Put into REQUEST what proves who we are. May wait. Returns 0 or a negative errno. Pair with
 * exchange_done, once the request has been handed to http.h.
 */
int exchange_prepare(struct call *call, struct account *account, struct http_request *request);

/*
 * After a 401 on a request with token SERIAL: get a new proof. May wait. Returns 0 when there is a
 * new one to try, or -ENOTSUP for a vendor whose keys cannot be renewed (nothing is said in CALL
 * then), or another negative errno.
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
 * Judge REPLY, the answer to a request about SUBJECT. Returns 0 for a 2xx status. Otherwise CALL
 * fails with the verdict that exchange.c's table has for the status, and with the vendor's own
 * words, redacted; without a complete response, with the errno and words of REPLY.
 */
int exchange_judge(struct call *call, struct account *account, enum exchange_subject subject,
		   const struct http_reply *reply);

/*
 * Send REQUEST (not yet prepared) and judge the response; one new proof and one replay after a 401.
 * Returns 0 with a 2xx response in REPLY, else a negative errno with words in CALL. REPLY is always
 * filled: http_reply_clear it. May wait.
 */
int exchange(struct call *call, struct account *account, enum exchange_subject subject,
	     struct http_request *request, struct http_reply *reply);

/*
 * The JSON in REPLY, a new reference, or NULL with -EREMOTEIO and words in CALL. An empty body is
 * an error here.
 */
json_t *exchange_json(struct call *call, struct account *account, const struct http_reply *reply);

/*
 * Parse LENGTH bytes of a vendor's JSON. NULL: not JSON, or an object has two equal keys; WHY (or
 * NULL), of WHY_SIZE, says why.
 */
json_t *exchange_parse(const char *text, size_t length, char *why, size_t why_size);

/*
 * Does ANSWER, whose status is a success, tell of an error all the same? Then WORDS (or NULL), of
 * SIZE, has what it says of it, one line, not redacted.
 */
bool exchange_tells_error(const json_t *answer, char *words, size_t size);

/* What a vendor's error answer says, one line, "" if nothing; cut to SIZE. Accepts every known
 * shape. */
void exchange_words(const char *body, size_t length, char *words, size_t size);

#endif

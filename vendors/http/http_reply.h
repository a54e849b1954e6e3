/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_reply.h - the result of a request (http.h).
 */
#ifndef ROSTERFS_HTTP_REPLY_H
#define ROSTERFS_HTTP_REPLY_H

#include "vendors/base/call.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct http_reply {
	enum call_verdict verdict; /* why there is no complete response; CALL_OK: there is one */
	bool untrusted;            /* CALL_PROTOCOL, and other certificates (ca_file) may help */
	int status; /* HTTP status, 0: none. 429 with sent false: an earlier 429 still holds */
	int came;   /* the status that came, if the vendor's table says that it means 429; else 0 */
	bool sent;  /* the vendor may have received the request, and so may have applied it */
	bool stale; /* it rests on a read that is too old and was not sent (again): CALL_LATE */
	bool outdated; /* its keys were replaced, and it was not sent (again): CALL_CANCELLED */
	char *body;    /* NUL-terminated, length bytes; NULL when empty */
	size_t length;
	char *headers; /* "Name: value\n" for each, as it came, of the last response; NULL: none */
	char *etag;    /* as it came; NULL: none, or several that differ */
	time_t date;   /* the vendor's clock (Date header), 0: unknown */
	int64_t told;  /* milliseconds that the vendor asks to wait before another try, 0: none */
	/* why there is no response, without secrets; "" if there is one. For a 429 that was not
	 * sent: why it was not */
	char words[256];
};

/* Wipe and free what REPLY holds, and leave it empty. */
void http_reply_clear(struct http_reply *reply);

#endif

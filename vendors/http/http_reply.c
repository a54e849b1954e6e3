/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_reply.c - see http_reply.h.
 */
#include "vendors/http/http_reply.h"

#include <stdlib.h>
#include <string.h>

void http_reply_clear(struct http_reply *reply)
{
	if (reply->body)
		explicit_bzero(reply->body, reply->length);
	free(reply->body);
	/* a vendor may send a secret in a header, such as a cookie */
	if (reply->headers)
		explicit_bzero(reply->headers, strlen(reply->headers));
	free(reply->headers);
	free(reply->etag);
	memset(reply, 0, sizeof(*reply));
}

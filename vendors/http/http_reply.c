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
	free(reply->etag);
	memset(reply, 0, sizeof(*reply));
}

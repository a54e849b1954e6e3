/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reply: putting an answer together (the half of http.h that needs no network).
 *
 * It must not know how an answer is sent, nor which vendor gives it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "document.h"
#include "http.h"

void reply_json(struct reply *reply, unsigned status, json_t *value)
{
	char *text = document_text(value, false);
	json_decref(value);
	reply_raw(reply, status, "application/json", text);
	free(text);
}

void reply_raw(struct reply *reply, unsigned status, const char *type, const char *body)
{
	reply->status = status;
	reply->type = type;
	reply->body.len = 0;
	text_str(&reply->body, body);
}

void reply_header(struct reply *reply, const char *name, const char *format, ...)
{
	if (reply->headers >= REPLY_HEADERS)
		return;
	va_list args;
	va_start(args, format);
	reply->header[reply->headers].name = name;
	vsnprintf(reply->header[reply->headers].value, sizeof reply->header[0].value, format, args);
	va_end(args);
	reply->headers++;
}

void reply_free(struct reply *reply)
{
	text_free(&reply->body);
}

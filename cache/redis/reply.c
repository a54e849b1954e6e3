/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reply.c - see reply.h. A struct redis_reply is a redisReply of hiredis.
 */
#include "cache/redis/reply.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stdlib.h>

static const redisReply *reply_of(const struct redis_reply *reply)
{
	return (const redisReply *)(const void *)reply;
}

enum redis_type redis_type(const struct redis_reply *reply)
{
	switch (reply ? reply_of(reply)->type : REDIS_REPLY_NIL) {
	case REDIS_REPLY_INTEGER:
		return REDIS_INTEGER;
	case REDIS_REPLY_STRING:
	case REDIS_REPLY_STATUS:
		return REDIS_TEXT;
	case REDIS_REPLY_ARRAY:
		return REDIS_ARRAY;
	case REDIS_REPLY_ERROR:
		return REDIS_REFUSAL;
	default:
		return REDIS_NIL;
	}
}

const char *redis_text(const struct redis_reply *reply, size_t *length)
{
	enum redis_type type = redis_type(reply);
	bool some = (type == REDIS_TEXT || type == REDIS_REFUSAL) && reply_of(reply)->str;

	if (length)
		*length = some ? reply_of(reply)->len : 0;
	return some ? reply_of(reply)->str : "";
}

int64_t redis_integer(const struct redis_reply *reply)
{
	const char *text;
	char *end;
	long long number;

	if (redis_type(reply) == REDIS_INTEGER)
		return reply_of(reply)->integer;
	if (redis_type(reply) != REDIS_TEXT)
		return 0;
	text = redis_text(reply, NULL);
	errno = 0;
	number = strtoll(text, &end, 10);
	return errno || end == text || *end ? 0 : number;
}

size_t redis_count(const struct redis_reply *reply)
{
	return redis_type(reply) == REDIS_ARRAY ? reply_of(reply)->elements : 0;
}

const struct redis_reply *redis_at(const struct redis_reply *reply, size_t i)
{
	static const redisReply none = {.type = REDIS_REPLY_NIL};
	const redisReply *element = i < redis_count(reply) ? reply_of(reply)->element[i] : &none;

	return (const struct redis_reply *)(const void *)element;
}

void redis_reply_free(struct redis_reply *reply)
{
	if (reply)
		freeReplyObject(reply);
}

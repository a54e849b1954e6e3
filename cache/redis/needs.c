/* SPDX-License-Identifier: Apache-2.0 */
/*
 * needs.c - see needs.h.
 */
#include "cache/redis/needs.h"

#include <string.h>

#define PARTS_MAX 12
#define SCRIPT "return 1"
#define SCRIPT_SHA1 "e0e1f9fabfc9d4800c877a703b823ac0578ff8db"

/* "@" is the name of the probe. */
static const char *const needs[][PARTS_MAX] = {
    {"TIME"},
    {"INFO", "server"},
    {"SCRIPT", "LOAD", SCRIPT},
    {"EVALSHA", SCRIPT_SHA1, "1", "@"},
    {"SET", "@", "1", "PX", "10000", "NX"},
    {"PEXPIRE", "@", "10000"},
    {"PTTL", "@"},
    {"INCR", "@"},
    {"GET", "@"},
    {"DEL", "@"},
    {"HSET", "@", "a", "1"},
    {"PEXPIRE", "@", "10000"},
    {"HINCRBY", "@", "a", "1"},
    {"HGET", "@", "a"},
    {"HMGET", "@", "a"},
    {"HGETALL", "@"},
    {"HDEL", "@", "a"},
    {"DEL", "@"},
    {"XADD", "@", "MAXLEN", "~", "10", "*", "a", "1"},
    {"PEXPIRE", "@", "10000"},
    {"XRANGE", "@", "-", "+", "COUNT", "1"},
    {"XREVRANGE", "@", "+", "-", "COUNT", "1"},
    {"XREAD", "COUNT", "1", "STREAMS", "@", "0"},
    {"DEL", "@"},
    {"ZADD", "@", "1", "a", "2", "b", "3", "c"},
    {"PEXPIRE", "@", "10000"},
    {"ZCOUNT", "@", "-inf", "+inf"},
    {"ZRANGEBYSCORE", "@", "-inf", "+inf"},
    {"ZREM", "@", "a"},
    {"ZREMRANGEBYSCORE", "@", "2", "2"},
    {"DEL", "@"},
};

_Static_assert(sizeof(needs) / sizeof(*needs) == REDIS_NEEDS, "REDIS_NEEDS counts them");

void redis_need(size_t index, const char *probe, struct redis_command *command)
{
	for (size_t i = 0; i < PARTS_MAX && needs[index][i]; i++) {
		const char *part = needs[index][i];

		redis_add_text(command, strcmp(part, "@") != 0 ? part : probe);
	}
}

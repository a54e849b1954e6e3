/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mend.c - see mend.h.
 *
 * A script does not tell which of its keys it has stumbled over. All of them are deleted then, as
 * if the server had forgotten them: each part of the store can live with that.
 */
#include "cache/redis/mend.h"

#include "cache/redis/redis_state.h"
#include "cache/redis/stock.h"
#include "vendors/base/log.h"

#include <string.h>

#define MEND_MAX (1 + REDIS_PARTS_MAX)

bool mend_is_due(const struct redis_reply *reply)
{
	/* of the server; and of Lua, for what is no number */
	static const char *const marks[] = {"WRONGTYPE", "not an integer", "would overflow",
					    "not a valid float", "attempt to "};
	const char *text = redis_text(reply, NULL);

	if (redis_type(reply) != REDIS_REFUSAL)
		return false;
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		if (strstr(text, marks[i]))
			return true;
	}
	return false;
}

int mend_keys(struct redis *redis, const char *const *keys, const size_t *lengths, size_t count)
{
	const char *parts[MEND_MAX] = {"DEL"};
	size_t sizes[MEND_MAX] = {3};
	const struct wire wire = {1 + count, parts, sizes};
	char words[REDIS_WORDS_MAX];
	struct redis_reply *reply;
	int error;

	memcpy(parts + 1, keys, count * sizeof(*keys));
	memcpy(sizes + 1, lengths, count * sizeof(*lengths));
	error = stock_ask(redis, &wire, 1, REDIS_DEADLINE, &reply, words);
	redis_reply_free(reply);
	if (!error)
		log_line("the shared store %s has a value that rosterfs did not write: it counts "
			 "as absent",
			 redis->where);
	return error;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shared_try.c - tries the server as --check does, command by command, so that it can say which one
 * the user of the server may not run.
 */
#include "cache/redis/needs.h"
#include "cache/redis/redis.h"
#include "cache/shared/shared_meet.h"
#include "cache/store/seal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define PROBE_MAX 64

/* Set WHY to how COMMAND failed with WORDS. */
static void note_refusal(struct redis *redis, const char *command, const char *words, char *why,
			 size_t why_size)
{
	snprintf(why, why_size, "%s: %s: %s%s", redis_where(redis), command, words,
		 strstr(words, "NOPERM") ? "; give the user of shared_user the permissions that "
					   "rosterfs-shared(7) lists"
					 : "");
}

/* Set WHY to why REDIS cannot be used, or else to ERROR. Returns ERROR. */
static int note_trouble(struct redis *redis, const char *command, int error, char *why,
			size_t why_size)
{
	char words[REDIS_WORDS_MAX];

	redis_trouble(redis, words);
	if (strstr(words, "NOPERM"))
		note_refusal(redis, command, words, why, why_size);
	else
		snprintf(why, why_size, "%s: %s", redis_where(redis),
			 words[0] ? words : strerror(-error));
	return error;
}

/* Try command INDEX of needs.h. Returns 0 or a negative errno with words in WHY. */
static int try_one(struct redis *redis, size_t index, const char *probe, char *why, size_t why_size)
{
	struct redis_command command = {0};
	struct redis_reply *reply;
	int error;

	redis_need(index, probe, &command);
	error = redis_ask(redis, &command, 1, REDIS_DEADLINE, &reply);
	if (error)
		return note_trouble(redis, command.parts[0], error, why, why_size);
	if (redis_type(reply) == REDIS_REFUSAL) {
		note_refusal(redis, command.parts[0], redis_text(reply, NULL), why, why_size);
		error = -EREMOTEIO;
	}
	redis_reply_free(reply);
	return error;
}

/* Look whether the others have the same key. Returns 0, 1 or a negative errno, as shared_try. */
static int try_key(struct redis *redis, const uint8_t *key, char *why, size_t why_size)
{
	struct seal *seal = seal_new(key);
	int error = seal ? shared_mark(redis, seal, false) : -ENOMEM;

	seal_free(seal);
	if (error == -EBADMSG || error == -EPROTONOSUPPORT) {
		snprintf(why, why_size,
			 "%s: other hosts there use another %s, and nothing is shared with them; "
			 "if they are yours, %s",
			 redis_where(redis), error == -EBADMSG ? "key" : "version of rosterfs",
			 error == -EBADMSG ? "copy their shared_key_file"
					   : "use the same version on each host");
		return 1;
	}
	return error ? note_trouble(redis, "GET", error, why, why_size) : 0;
}

int shared_try(const struct shared_settings *settings, char *why, size_t why_size)
{
	char probe[PROBE_MAX];
	uint64_t number = 0;
	struct redis *redis;
	int error;

	snprintf(why, why_size, "%s", strerror(ENOMEM));
	error = shared_client(settings, &redis, why, why_size);
	if (error)
		return error;
	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		error = -errno;
	snprintf(probe, sizeof(probe), "rosterfs:try:%016llx", (unsigned long long)number);
	for (size_t i = 0; !error && i < REDIS_NEEDS; i++)
		error = try_one(redis, i, probe, why, why_size);
	if (!error)
		error = try_key(redis, settings->key, why, why_size);
	redis_free(redis);
	return error;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command.c - see command.h.
 */
#include "cache/redis/command.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void redis_add(struct redis_command *command, const void *bytes, size_t length)
{
	assert(command->count < REDIS_PARTS_MAX);
	command->parts[command->count] = bytes;
	command->lengths[command->count++] = length;
}

void redis_add_text(struct redis_command *command, const char *text)
{
	redis_add(command, text, strlen(text));
}

void redis_add_number(struct redis_command *command, int64_t number)
{
	char *place = command->numbers[command->printed++];

	assert(command->printed <= sizeof(command->numbers) / sizeof(command->numbers[0]));
	snprintf(place, sizeof(command->numbers[0]), "%" PRId64, number);
	redis_add_text(command, place);
}

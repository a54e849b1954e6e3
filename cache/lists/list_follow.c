/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list_follow.c - see list_follow.h.
 *
 * Chunks are asked for a few at a time, so that few bytes are held twice and the server is never
 * busy for long.
 */
#include "cache/lists/list_follow.h"

#include "cache/lists/list_value.h"
#include "cache/redis/redis.h"
#include "vendors/base/call.h"
#include "vendors/list/trail.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define AT_ONCE 4

void list_follow_forget(struct list_walk *walk)
{
	if (walk->reading[0])
		walk->list->reset(walk->list);
	walk->reading[0] = '\0';
	walk->read = walk->told = 0;
	walk->taken = 0;
	list_trail_free(walk->trail);
	walk->trail = NULL;
	walk->trailing = true;
}

/* Note the trail in CHUNK. */
static void follow_trail(struct list_walk *walk, const struct list_chunk *chunk)
{
	json_t *json;

	if (!chunk->trail[0])
		return;
	json = json_loads(chunk->trail, 0, NULL);
	if (!json || list_trail_extend(&walk->trail, json))
		walk->trailing = false;
	json_decref(json);
}

/* Hand the rows of chunk NUMBER of HEAD, which is REPLY, to the list. */
static int follow_chunk(struct list_walk *walk, const struct list_head *head, unsigned number,
			const struct redis_reply *reply, bool trail)
{
	struct list_chunk chunk = {0};
	struct record *record;
	size_t length;
	const char *sealed = redis_text(reply, &length);
	int error = 0;

	if (redis_type(reply) != REDIS_TEXT)
		return -EBADMSG;
	error = list_chunk_open(walk->seat, head->id, number, sealed, length, &chunk);
	if (error)
		return error == -EPROTONOSUPPORT ? -EBADMSG : error;
	if (trail)
		follow_trail(walk, &chunk);
	else
		walk->trailing = false;
	while (!error && (record = list_chunk_next(&chunk, &error))) {
		error = walk->list->add(walk->list, record);
		walk->taken++;
	}
	free(chunk.plain);
	return error == -EEXIST ? -EBADMSG : error;
}

/* Take COUNT chunks of HEAD from walk->read on. */
static int follow_some(struct list_walk *walk, const struct list_head *head, unsigned count,
		       bool trail)
{
	struct redis_command commands[AT_ONCE] = {{0}};
	struct redis_reply *replies[AT_ONCE] = {NULL};
	char chunks[SEAL_NAME_MAX];
	int error;

	list_chunks_name(walk->seat, head->id, chunks);
	for (unsigned i = 0; i < count; i++) {
		redis_add_text(&commands[i], "HGET");
		redis_add_text(&commands[i], chunks);
		redis_add_number(&commands[i], walk->read + i);
	}
	error = redis_ask(walk->seat->shared->redis, commands, count, REDIS_DEADLINE, replies);
	for (unsigned i = 0; i < count; i++) {
		if (!error)
			error = follow_chunk(walk, head, walk->read, replies[i], trail);
		if (!error)
			walk->read++;
		redis_reply_free(replies[i]);
	}
	return error;
}

/* Tell the list how far HEAD is. */
static void follow_tell(struct list_walk *walk, const struct list_head *head)
{
	struct store_list *list = walk->list;

	/* page 1 tells how many rows a page has */
	if (!walk->told && head->pages > 1 && head->step)
		list->progress(list, head->host, 1, head->step, head->total);
	if (walk->told != head->pages)
		list->progress(list, head->host, head->pages, head->rows, head->total);
	walk->told = head->pages;
}

int list_follow(struct list_walk *walk, const struct list_head *head, bool trail)
{
	int error = 0;

	if (strcmp(walk->reading, head->id) != 0 || walk->read > head->chunks) {
		list_follow_forget(walk);
		snprintf(walk->reading, sizeof(walk->reading), "%s", head->id);
		walk->list->progress(walk->list, head->host, 0, 0, head->total);
	}
	while (!error && walk->read < head->chunks) {
		unsigned left = head->chunks - walk->read;

		error = call_cancelled(walk->list->call)
			    ? -EINTR
			    : follow_some(walk, head, left < AT_ONCE ? left : AT_ONCE, trail);
	}
	if (!error)
		follow_tell(walk, head);
	return error;
}

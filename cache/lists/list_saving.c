/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list_saving.c - see list_saving.h.
 *
 * Chunks are large enough to be worth a round trip, small enough for the server, and saved often
 * enough for those who wait. The head names only chunks up to the end of a page, so that nobody
 * sees half of one.
 */
#include "cache/lists/list_saving.h"

#include "cache/lists/list_lock.h"
#include "cache/lists/list_value.h"
#include "cache/redis/redis.h"
#include "cache/store/store_clock.h"
#include "vendors/base/call.h"
#include "vendors/base/clock.h"
#include "vendors/list/trail.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BYTES_MIN 65536u  /* of records, before a chunk is saved at once */
#define BYTES_MAX 524288u /* in a chunk, but for one record */
#define SECONDS_MAX 0.1   /* after which a chunk is saved however small it is */
#define COST_MAX 4        /* save at most each COST_MAX times what it takes */

static void stop_saving(struct list_walk *walk)
{
	walk->saving = false;
	free(walk->bytes);
	walk->bytes = NULL;
	walk->length = walk->room = 0;
}

/* ---- beginning ---- */

int list_saving_begin(struct list_walk *walk, const struct list_head *old)
{
	struct shared *shared = walk->seat->shared;
	struct list_head *head = &walk->head;
	int error;

	*head = (struct list_head){.phase = LIST_WALKING, .trailed = true};
	snprintf(head->host, sizeof(head->host), "%s", shared->host);
	error = list_id_new(head->id);
	if (!error)
		error = store_clock_ask(shared->clock, shared->redis);
	/* before the first request: whoever loads the list replays what was told since */
	if (!error)
		error = feed_position(walk->seat, head->position);
	head->began = store_clock_now(shared->clock);
	if (!error)
		error = list_lock_save(walk, NULL, 0, 0, true);
	if (!error)
		error = list_lock_keep_on(walk);
	if (error)
		return error;
	list_lock_expire(walk->seat, old->id);
	walk->flushed = clock_seconds();
	walk->saving = true;
	return 0;
}

int list_saving_resume(struct list_walk *walk, const struct list_head *head)
{
	int error;

	walk->head = *head;
	snprintf(walk->head.host, sizeof(walk->head.host), "%s", walk->seat->shared->host);
	walk->chunks = head->chunks;
	walk->noted = list_trail_pages(walk->trail);
	error = list_lock_save(walk, NULL, 0, 0, true);
	if (!error)
		error = list_lock_keep_on(walk);
	if (error)
		return error;
	walk->flushed = clock_seconds();
	walk->saving = true;
	return 0;
}

/* ---- what is read ---- */

/* Save what is there as a chunk with TRAIL (a text or NULL). WHOLE: a page is complete. */
static int save_chunk(struct list_walk *walk, const char *trail, bool whole)
{
	size_t room = walk->length + list_chunk_room(trail), length = 0;
	char *bytes, *sealed = NULL;
	int error = 0;

	if (walk->length || trail) {
		bytes = walk->room < room ? realloc(walk->bytes, room) : walk->bytes;
		if (!bytes)
			return -ENOMEM;
		walk->bytes = bytes;
		if (walk->room < room)
			walk->room = room;
		error = list_chunk_close(walk->seat, walk->head.id, walk->chunks, bytes,
					 walk->length, trail, &sealed, &length);
	}
	if (error)
		return error;
	if (whole)
		walk->head.chunks = walk->chunks + (sealed != NULL);
	error = list_lock_save(walk, sealed, length, walk->chunks, whole);
	walk->chunks += sealed != NULL;
	walk->length = 0;
	free(sealed);
	return error;
}

/* As save_chunk, with what of TRAIL is not saved yet. Stops saving if that fails. */
static void flush(struct list_walk *walk, const struct list_trail *trail, bool whole)
{
	double began = clock_seconds();
	char *text = NULL;
	json_t *json;
	int error = 0;

	if (trail && list_trail_pages(trail) > walk->noted) {
		json = list_trail_json(trail, walk->noted);
		text = json ? json_dumps(json, JSON_COMPACT) : NULL;
		json_decref(json);
		if (text)
			walk->noted = list_trail_pages(trail);
		else
			walk->head.trailed = false;
	}
	error = list_lock_lost(walk) ? -ESTALE : save_chunk(walk, text, whole);
	free(text);
	walk->flushed = clock_seconds();
	walk->cost = walk->flushed - began;
	if (error)
		stop_saving(walk);
}

void list_saving_record(struct list_walk *walk, const struct record *record)
{
	if (!walk->saving)
		return;
	if (list_chunk_add(&walk->bytes, &walk->length, &walk->room, record))
		stop_saving(walk);
	else if (walk->length >= BYTES_MAX)
		flush(walk, NULL, false);
}

/* Return true if it is time to save what is there. */
static bool is_due(const struct list_walk *walk)
{
	double since = clock_seconds() - walk->flushed;

	if (walk->length < BYTES_MIN && since < SECONDS_MAX)
		return false;
	return since >= COST_MAX * walk->cost || walk->length >= BYTES_MAX / 2;
}

void list_saving_page(struct list_walk *walk, unsigned pages, size_t rows, unsigned total,
		      const struct list_trail *trail)
{
	struct list_head *head = &walk->head;

	if (!walk->saving)
		return;
	if (pages == 1)
		head->step = rows;
	head->pages = pages;
	head->rows = rows;
	head->total = total;
	head->trailed = head->trailed && trail;
	if (is_due(walk) || pages == 1)
		flush(walk, head->trailed ? trail : NULL, true);
}

void list_saving_reset(struct list_walk *walk)
{
	char old[LIST_ID_MAX];

	if (!walk->saving)
		return;
	memcpy(old, walk->head.id, sizeof(old));
	walk->length = walk->noted = 0;
	walk->chunks = walk->head.chunks = 0;
	walk->head.pages = walk->head.total = 0;
	walk->head.rows = walk->head.step = 0;
	walk->head.trailed = false;
	if (list_id_new(walk->head.id) || list_lock_save(walk, NULL, 0, 0, true))
		stop_saving(walk);
	else
		list_lock_expire(walk->seat, old);
}

/* ---- the end ---- */

/* Let the others have the list, which is complete. */
static void saving_finish(struct list_walk *walk)
{
	struct store_clock *clock = walk->seat->shared->clock;
	double ends = walk->list->call->good_until;

	if (walk->length)
		flush(walk, NULL, false);
	if (!walk->saving)
		return;
	walk->head.chunks = walk->chunks;
	walk->head.phase = LIST_COMPLETE;
	walk->head.complete = store_clock_now(clock);
	walk->head.ends = ends > 0 ? store_clock_server(clock, ends) : 0;
	if (!list_lock_complete(walk))
		list_lock_expire(walk->seat, walk->replaced);
}

void list_saving_end(struct list_walk *walk, int error)
{
	bool failed = error && error != -EINTR && walk->saving;

	if (!error && walk->saving)
		saving_finish(walk);
	list_lock_rest(walk);
	walk->head.phase = failed ? LIST_FAILED : walk->head.phase;
	list_lock_release(walk, failed);
	stop_saving(walk);
}

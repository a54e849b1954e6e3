/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list_value.c - see list_value.h.
 *
 * A chunk is records, each behind its length, and at the end the trail of its pages as a text and
 * the length of that. Lengths are four bytes, the lowest first. Records are decoded without JSON,
 * because there may be 100,000 of them. This file knows no command of the store.
 */
#include "cache/lists/list_value.h"

#include "cache/record/pack.h"
#include "cache/record/record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define LENGTH_BYTES 4
#define ROOM_FIRST 65536

static const char *const phases[] =
    {[LIST_WALKING] = "walking", [LIST_COMPLETE] = "complete", [LIST_FAILED] = "failed"};

int list_id_new(char id[LIST_ID_MAX])
{
	unsigned char bytes[(LIST_ID_MAX - 1) / 2];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return -EIO;
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(id + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

void list_chunks_name(const struct store_seat *seat, const char *id, char name[SEAL_NAME_MAX])
{
	const char *const parts[] = {seat->identity, id};

	seal_name(seat->shared->seal, "list chunks", parts, 2, name);
}

/* ---- heads ---- */

int list_head_close(const struct store_seat *seat, const char *key, const struct list_head *head,
		    char **sealed, size_t *length)
{
	json_t *json = json_pack("{ss ss sI sI sI sI sI sI sI sI sb ss ss}", "id", head->id,
				 "phase", phases[head->phase], "began", (json_int_t)head->began,
				 "complete", (json_int_t)head->complete, "ends",
				 (json_int_t)head->ends, "chunks", (json_int_t)head->chunks,
				 "pages", (json_int_t)head->pages, "total", (json_int_t)head->total,
				 "rows", (json_int_t)head->rows, "step", (json_int_t)head->step,
				 "trailed", head->trailed, "host", head->host, "position",
				 head->position);
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
	int error = text ? seal_close(seat->shared->seal, key, text, strlen(text), sealed, length)
			 : -ENOMEM;

	free(text);
	json_decref(json);
	return error;
}

static void value_take_text(const json_t *json, const char *name, char *text, size_t size)
{
	const char *value = json_string_value(json_object_get(json, name));

	snprintf(text, size, "%s", value ? value : "");
}

static int64_t value_take_number(const json_t *json, const char *name)
{
	json_int_t value = json_integer_value(json_object_get(json, name));

	return value > 0 ? value : 0;
}

bool list_head_open(const struct store_seat *seat, const char *key, const char *sealed,
		    size_t length, struct list_head *head)
{
	char *text = NULL, phase[16];
	json_t *json = NULL;
	size_t size;

	*head = (struct list_head){0};
	if (!sealed ||
	    seal_open(seat->shared->seal, key, seat->label, sealed, length, &text, &size))
		return false;
	json = json_loadb(text, size, 0, NULL);
	free(text);
	value_take_text(json, "id", head->id, sizeof(head->id));
	value_take_text(json, "phase", phase, sizeof(phase));
	value_take_text(json, "host", head->host, sizeof(head->host));
	value_take_text(json, "position", head->position, sizeof(head->position));
	head->phase = !strcmp(phase, phases[LIST_COMPLETE])  ? LIST_COMPLETE
		      : !strcmp(phase, phases[LIST_WALKING]) ? LIST_WALKING
							     : LIST_FAILED;
	head->began = value_take_number(json, "began");
	head->complete = value_take_number(json, "complete");
	head->ends = value_take_number(json, "ends");
	head->chunks = (unsigned)value_take_number(json, "chunks");
	head->pages = (unsigned)value_take_number(json, "pages");
	head->total = (unsigned)value_take_number(json, "total");
	head->rows = (size_t)value_take_number(json, "rows");
	head->step = (size_t)value_take_number(json, "step");
	head->trailed = json_is_true(json_object_get(json, "trailed"));
	json_decref(json);
	return head->id[0];
}

/* ---- chunks ---- */

static void put_length(char *bytes, size_t length)
{
	for (size_t i = 0; i < LENGTH_BYTES; i++)
		bytes[i] = (char)(length >> (8 * i) & 0xff);
}

static size_t get_length(const char *bytes)
{
	size_t length = 0;

	for (size_t i = 0; i < LENGTH_BYTES; i++)
		length |= (size_t)(unsigned char)bytes[i] << (8 * i);
	return length;
}

/* What a chunk is bound to. */
static void chunk_place(const struct store_seat *seat, const char *id, unsigned number,
			char place[SEAL_NAME_MAX + 16])
{
	char name[SEAL_NAME_MAX];

	list_chunks_name(seat, id, name);
	snprintf(place, SEAL_NAME_MAX + 16, "%s %u", name, number);
}

int list_chunk_add(char **bytes, size_t *length, size_t *room, const struct record *record)
{
	char *packed, *more;
	size_t size, need;
	int error = record_pack(record, &packed, &size);

	if (error)
		return error;
	need = *length + LENGTH_BYTES + size;
	if (need > *room) {
		size_t larger = *room ? *room * 2 : ROOM_FIRST;

		if (larger < need)
			larger = need;
		more = realloc(*bytes, larger);
		if (!more) {
			free(packed);
			return -ENOMEM;
		}
		*bytes = more;
		*room = larger;
	}
	put_length(*bytes + *length, size);
	memcpy(*bytes + *length + LENGTH_BYTES, packed, size);
	*length = need;
	free(packed);
	return 0;
}

size_t list_chunk_room(const char *trail)
{
	return (trail ? strlen(trail) : 0) + 1 + LENGTH_BYTES;
}

int list_chunk_close(const struct store_seat *seat, const char *id, unsigned number, char *bytes,
		     size_t length, const char *trail, char **sealed, size_t *sealed_length)
{
	size_t size = trail ? strlen(trail) : 0;
	char place[SEAL_NAME_MAX + 16];

	if (size)
		memcpy(bytes + length, trail, size);
	bytes[length + size] = '\0';
	put_length(bytes + length + size + 1, size);
	chunk_place(seat, id, number, place);
	return seal_close(seat->shared->seal, place, bytes, length + size + 1 + LENGTH_BYTES,
			  sealed, sealed_length);
}

int list_chunk_open(const struct store_seat *seat, const char *id, unsigned number,
		    const char *sealed, size_t length, struct list_chunk *chunk)
{
	char place[SEAL_NAME_MAX + 16];
	size_t size, trail;
	int error;

	chunk_place(seat, id, number, place);
	error = seal_open(seat->shared->seal, place, seat->label, sealed, length, &chunk->plain,
			  &size);
	if (error)
		return error;
	trail = size > LENGTH_BYTES ? get_length(chunk->plain + size - LENGTH_BYTES) : size;
	if (size < LENGTH_BYTES + 1 || trail > size - LENGTH_BYTES - 1) {
		free(chunk->plain);
		return -EBADMSG;
	}
	chunk->at = chunk->plain;
	chunk->end = chunk->plain + size - LENGTH_BYTES - 1 - trail;
	chunk->trail = chunk->end;
	return 0;
}

struct record *list_chunk_next(struct list_chunk *chunk, int *error)
{
	size_t left = (size_t)(chunk->end - chunk->at), length;
	struct record *record;

	if (!left)
		return NULL;
	length = left >= LENGTH_BYTES ? get_length(chunk->at) : left;
	if (left < LENGTH_BYTES || length > left - LENGTH_BYTES) {
		*error = -EBADMSG;
		return NULL;
	}
	record = record_unpack(chunk->at + LENGTH_BYTES, length);
	if (!record)
		*error = -EBADMSG;
	chunk->at += LENGTH_BYTES + length;
	return record;
}

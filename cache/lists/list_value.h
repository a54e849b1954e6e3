/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list_value.h - heads and chunks of lists as sealed bytes. Private to cache/lists. Nothing waits.
 */
#ifndef ROSTERFS_LIST_VALUE_H
#define ROSTERFS_LIST_VALUE_H

#include "cache/lists/lists_state.h"

#include <jansson.h>

/* Put a random name into ID. Returns 0 or a negative errno. */
int list_id_new(char id[LIST_ID_MAX]);

/* Put the name of the chunks of the walk with ID into NAME. */
void list_chunks_name(const struct store_seat *seat, const char *id, char name[SEAL_NAME_MAX]);

/* Seal HEAD for the key KEY. Returns 0 and *SEALED for the caller to free, or a negative errno. */
int list_head_close(const struct store_seat *seat, const char *key, const struct list_head *head,
		    char **sealed, size_t *length);

/* Open the head that was found at KEY. Returns false, and an empty *HEAD, if it is not one. */
bool list_head_open(const struct store_seat *seat, const char *key, const char *sealed,
		    size_t length, struct list_head *head);

/*
 * Make chunk NUMBER of the walk with ID of LENGTH bytes of records, each as list_chunk_add wrote
 * it, and TRAIL (borrowed; NULL: none). BYTES has room for list_chunk_room more. Returns 0 and
 * *SEALED for the caller to free, or a negative errno.
 */
size_t list_chunk_room(const char *trail);
int list_chunk_close(const struct store_seat *seat, const char *id, unsigned number, char *bytes,
		     size_t length, const char *trail, char **sealed, size_t *sealed_length);

/* What a chunk holds. */
struct list_chunk {
	char *plain; /* for the caller to free */
	const char *at, *end;
	const char *trail; /* a text in PLAIN, "": none */
};

/* Open chunk NUMBER of the walk with ID. Returns 0 or a negative errno. */
int list_chunk_open(const struct store_seat *seat, const char *id, unsigned number,
		    const char *sealed, size_t length, struct list_chunk *chunk);

/* Return the next record of CHUNK, a new reference; NULL at its end, or, with *ERROR set, if it is
 * malformed or there is no memory. */
struct record *list_chunk_next(struct list_chunk *chunk, int *error);

/* Append RECORD to *BYTES, which has *LENGTH bytes and *ROOM. Returns 0 or a negative errno. */
int list_chunk_add(char **bytes, size_t *length, size_t *room, const struct record *record);

#endif

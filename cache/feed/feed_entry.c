/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feed_entry.c - see feed_entry.h.
 *
 * The bytes before they are sealed: a head with the lengths of the strings that follow, each with
 * its NUL. Numbers are little-endian.
 */
#include "cache/feed/feed_entry.h"

#include "cache/record/pack.h"
#include "cache/redis/redis.h"
#include "vendors/base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FEED_VERSION 1

enum feed_string { FEED_MOUNT, FEED_HOST, FEED_ROSTER, FEED_ID, FEED_PAYLOAD, FEED_STRINGS };

/* version, kind, late, nothing; sequence; lengths */
#define FEED_HEAD (4 + 8 + 4 * FEED_STRINGS)

struct feed_entry *feed_entry_new(const struct store_seat *seat, enum feed_kind kind,
				  const char *id, char *payload, size_t length)
{
	struct feed_entry *entry = calloc(1, sizeof(*entry));

	if (entry) {
		entry->kind = kind;
		entry->account = seat->index;
		memcpy(entry->roster, seat->name, sizeof(entry->roster));
		entry->id = id ? strdup(id) : NULL;
		entry->label = strdup(seat->label);
		entry->payload = payload;
		entry->length = length;
		entry->made = clock_seconds();
		if ((id && !entry->id) || !entry->label) {
			feed_entry_free(entry);
			entry = NULL;
		}
	} else {
		free(payload);
	}
	return entry;
}

void feed_entry_free(struct feed_entry *entry)
{
	if (!entry)
		return;
	free(entry->id);
	free(entry->label);
	free(entry->payload);
	free(entry);
}

bool feed_entry_is_record(enum feed_kind kind)
{
	return kind <= FEED_DOUBT;
}

int feed_entry_close(struct feed *feed, const struct feed_entry *entry, bool late,
		     uint64_t sequence, char **sealed, size_t *length)
{
	bool doubt = late && feed_entry_is_record(entry->kind);
	bool payload = entry->payload && !doubt;
	const char *strings[FEED_STRINGS] = {feed->shared->mount, feed->shared->host, entry->roster,
					     entry->id ? entry->id : "",
					     payload ? entry->payload : ""};
	size_t sizes[FEED_STRINGS], all = FEED_HEAD;
	unsigned char *head, *at;
	int error;

	for (unsigned i = 0; i < FEED_STRINGS; i++) {
		sizes[i] = i == FEED_PAYLOAD ? (payload ? entry->length : 0) : strlen(strings[i]);
		all += sizes[i] + 1;
	}
	if (all > SEAL_PLAIN_MAX)
		return -EFBIG;
	head = calloc(1, all);
	if (!head)
		return -ENOMEM;
	head[0] = FEED_VERSION;
	head[1] = (unsigned char)(doubt ? FEED_DOUBT : entry->kind);
	head[2] = late;
	pack_number(head + 4, sequence, 8);
	at = head + FEED_HEAD;
	for (unsigned i = 0; i < FEED_STRINGS; i++) {
		pack_number(head + 12 + 4 * (size_t)i, sizes[i], 4);
		memcpy(at, strings[i], sizes[i]);
		at += sizes[i] + 1;
	}
	error = seal_close(feed->shared->seal, feed->streams[entry->account].key, head, all, sealed,
			   length);
	free(head);
	return error;
}

/* Set what TOLD points at in its LENGTH bytes of plain. Return 0, or -EBADMSG or -EPROTONOSUPPORT.
 */
static int entry_parse(struct feed_told *told, size_t length)
{
	const unsigned char *head = (const unsigned char *)told->plain;
	const char *strings[FEED_STRINGS];
	size_t at = FEED_HEAD;

	if (length < FEED_HEAD)
		return -EBADMSG;
	if (head[0] != FEED_VERSION || head[1] >= FEED_KINDS)
		return -EPROTONOSUPPORT;
	told->kind = head[1];
	told->late = head[2];
	told->sequence = unpack_number(head + 4, 8);
	for (unsigned i = 0; i < FEED_STRINGS; i++) {
		size_t size = unpack_number(head + 12 + 4 * (size_t)i, 4);

		strings[i] = told->plain + at;
		if (size >= length - at || strings[i][size] != '\0' ||
		    (i != FEED_PAYLOAD && strlen(strings[i]) != size))
			return -EBADMSG;
		at += size + 1;
		told->length = size;
	}
	told->mount = strings[FEED_MOUNT];
	told->host = strings[FEED_HOST];
	told->roster = strings[FEED_ROSTER];
	told->id = strings[FEED_ID];
	told->payload = strings[FEED_PAYLOAD];
	return at == length ? 0 : -EBADMSG;
}

/* Return the value of field NAME, of one letter, in FIELDS, or NULL. */
static const struct redis_reply *entry_field(const struct redis_reply *fields, char name)
{
	for (size_t i = 0; i + 1 < redis_count(fields); i += 2) {
		const char *text = redis_text(redis_at(fields, i), NULL);

		if (text[0] == name && text[1] == '\0')
			return redis_at(fields, i + 1);
	}
	return NULL;
}

/* Set TOLD's place and time. Return 0 or -EBADMSG. */
static int entry_place(const struct redis_reply *reply, struct feed_told *told)
{
	const struct redis_reply *fields = redis_at(reply, 1);
	const struct redis_reply *number = entry_field(fields, 'n'),
				 *epoch = entry_field(fields, 'e');
	const char *id = redis_text(redis_at(reply, 0), NULL);
	struct feed_place *place = &told->place;

	snprintf(place->id, sizeof(place->id), "%s", id);
	told->time = strtoll(id, NULL, 10);
	if (!number || !epoch || strlen(redis_text(epoch, NULL)) >= sizeof(place->epoch) ||
	    strlen(id) >= sizeof(place->id) || redis_integer(number) <= 0)
		return -EBADMSG;
	snprintf(place->epoch, sizeof(place->epoch), "%s", redis_text(epoch, NULL));
	place->number = (uint64_t)redis_integer(number);
	return 0;
}

int feed_entry_open(struct feed *feed, const struct feed_stream *stream,
		    const struct redis_reply *reply, struct feed_told *told)
{
	const struct redis_reply *data;
	char subject[256];
	size_t size, length;
	const char *sealed;
	int error;

	memset(told, 0, sizeof(*told));
	if (entry_place(reply, told))
		return -EBADMSG;
	data = entry_field(redis_at(reply, 1), 'd');
	sealed = data ? redis_text(data, &size) : "";
	snprintf(subject, sizeof(subject), "an entry of the feed of %s", stream->label);
	error = seal_open(feed->shared->seal, stream->key, subject, sealed, data ? size : 0,
			  &told->plain, &length);
	if (!error)
		error = entry_parse(told, length);
	if (error) {
		feed_told_clear(told);
		return error == -EBADMSG ? -EILSEQ : error;
	}
	told->own = strcmp(told->mount, feed->shared->mount) == 0;
	return 0;
}

void feed_told_clear(struct feed_told *told)
{
	free(told->plain);
	told->plain = NULL;
}

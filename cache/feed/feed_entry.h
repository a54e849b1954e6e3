/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feed_entry.h - one entry of a feed, and the bytes that it is in the store.
 *
 * Nothing here waits.
 */
#ifndef ROSTERFS_FEED_ENTRY_H
#define ROSTERFS_FEED_ENTRY_H

#include "cache/feed/feed_state.h"

struct redis_reply;

enum feed_kind {
	FEED_RECORD, /* payload: the record (pack.h) */
	FEED_ABSENT, /* no payload, the same for the next two */
	FEED_DELETED,
	FEED_DOUBT,
	FEED_ACK,      /* payload: JSON */
	FEED_REFRESH,  /* payload: the server's time, as text */
	FEED_HOLD,     /* no roster; payload: index and time, as text */
	FEED_DISTRUST, /* no roster: entries were lost before they were told */
	FEED_ACTIVE,   /* no payload: a user was made active */
	FEED_KINDS
};

/* An entry that is to be told. */
struct feed_entry {
	enum feed_kind kind;
	size_t account;
	char roster[SEAL_NAME_MAX];
	char *id, *label;
	char *payload;
	size_t length;
	double made; /* monotonic seconds */
	/* protected by the feed's lock */
	bool awaited; /* the thread that made it waits, and frees it if it is done */
	bool
	    late; /* nobody waits any more, so that other hosts may have changed the record since */
	bool done;
	bool sending; /* it is part of what is told now */
	struct feed_entry *next, *prev;
};

/* Return an entry of KIND about record ID (NULL: none) of SEAT's roster, or NULL: no memory.
 * PAYLOAD (LENGTH bytes, or NULL) is taken in any case. */
struct feed_entry *feed_entry_new(const struct store_seat *seat, enum feed_kind kind,
				  const char *id, char *payload, size_t length);
void feed_entry_free(struct feed_entry *entry); /* NULL is a no-op */

/* Return true if KIND says what became of a record. */
bool feed_entry_is_record(enum feed_kind kind);

/* Seal ENTRY, or what is told in its place if it is LATE, as entry SEQUENCE of this mount. Returns
 * 0 and *SEALED for the caller to free, or -ENOMEM or -EFBIG. */
int feed_entry_close(struct feed *feed, const struct feed_entry *entry, bool late,
		     uint64_t sequence, char **sealed, size_t *length);

/* An entry as it was read. All but PLACE is in PLAIN. */
struct feed_told {
	struct feed_place place;
	int64_t time;      /* the server's, when it was told */
	char *plain;       /* NULL: it could not be read */
	uint64_t sequence; /* of the mount's entries */
	enum feed_kind kind;
	bool late;
	bool own; /* told by this mount */
	const char *mount, *host, *roster, *id;
	const char *payload;
	size_t length;
};

/*
 * Read REPLY, an element of XRANGE or XREAD, as TOLD, which the caller clears. Returns 0;
 * -EBADMSG: not even its place is known; or another negative errno: only its place is.
 */
int feed_entry_open(struct feed *feed, const struct feed_stream *stream,
		    const struct redis_reply *reply, struct feed_told *told);
void feed_told_clear(struct feed_told *told);

#endif

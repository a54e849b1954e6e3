/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record.h - one version of one user, as it is shown: immutable, counted.
 *
 * A record never changes once made; a change at the vendor makes another one. Readers hold a
 * reference and no lock. All functions are local and quick and may be called from any thread.
 */
#ifndef ROSTERFS_RECORD_H
#define ROSTERFS_RECORD_H

#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

struct collection;
struct render;

#define RECORD_STATUS_UNKNOWN "unknown"

/* There are as many of these as users: 40 bytes, since the strings have offsets, no pointers. */
struct record {
	atomic_uint references;
	uint32_t length;  /* bytes of text, without the NUL */
	uint64_t version; /* unlike that of any other record of this process; never 0 */
	int64_t seconds;  /* its time */
	uint32_t nanoseconds;
	uint32_t email;    /* where it begins, counted from id; 0: none */
	uint32_t text;     /* the same of the text */
	uint8_t status;    /* the number of a common word; else it stands behind the id */
	atomic_bool shown; /* somebody has opened this text for reading */
	/* set before others see it: */
	bool namesake : 1; /* a newer version has the same stamp */
	bool saved : 1;    /* its time is when it was saved here */
	bool row : 1;      /* it came in a list, which may show less of a record than a GET does */
	/* its row was not JSON: of the text nothing counts, of the rest what could be read */
	bool unreadable : 1;
	bool keyed : 1; /* the email's key stands behind it: it is not what the email shows */
	char id[];      /* and after it the strings above */
};

/* "active", "inactive", another word of the vendor's, or "unknown". */
const char *record_status(const struct record *record);

/*
 * As the vendor stores it, with ADDRESS_NUL for a NUL byte. NULL: it has none, or nothing that is
 * seen. To find people, compare record_key.
 */
static inline const char *record_email(const struct record *record)
{
	return record->email ? record->id + record->email : NULL;
}

/*
 * The matching key of the email (address.h), but in any case of its ASCII letters: compare with
 * strcasecmp. NULL: it has none.
 */
static inline const char *record_key(const struct record *record)
{
	const char *email = record_email(record);

	return record->keyed ? email + strlen(email) + 1 : email;
}

/* Pretty-printed JSON, one newline at its end. */
static inline const char *record_text(const struct record *record)
{
	return record->id + record->text;
}

static inline struct timespec record_time(const struct record *record)
{
	return (struct timespec){.tv_sec = record->seconds, .tv_nsec = record->nanoseconds};
}

/* RECORD, which nobody else sees yet, was updated at TIME. */
static inline void record_set_time(struct record *record, struct timespec time)
{
	record->seconds = time.tv_sec;
	record->nanoseconds = (uint32_t)time.tv_nsec;
}

/*
 * Render OBJECT (borrowed), whose id is ID. A record without a time of its own gets WHEN. Returns a
 * new record with one reference, or NULL: no memory.
 */
struct record *record_new(const struct collection *collection, const char *id, const json_t *object,
			  struct timespec when);

/* The same where OBJECT has been rendered already. */
struct record *record_new_rendered(const struct collection *collection, const char *id,
				   const json_t *object, const struct render *text,
				   struct timespec when);

struct record *record_get(struct record *record);
void record_put(struct record *record); /* NULL is fine */

/*
 * RECORD, which nobody else sees yet, comes after OLD. If that was saved here, and all that is new
 * is what the vendor itself says of the save (a stamp), then no one has changed anything since:
 * RECORD keeps OLD's time, or editors would ask about a file that somebody else changed.
 */
void record_keep_time(const struct collection *collection, struct record *record,
		      const struct record *old);

/* Do both show the same text? */
bool record_same(const struct record *a, const struct record *b);

/* Has RECORD, on its highest level, a member NAME (as JSON, with its quotes)? */
bool record_has(const struct record *record, const char *name);

/* Does RECORD show TEXT? */
bool record_shows(const struct record *record, const struct render *text);

/* The text parsed again, a new reference; NULL: no memory. */
json_t *record_json(const struct record *record);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record.h - one version of one user, as it is shown: immutable and reference-counted.
 *
 * A record never changes once made; a change at the vendor makes another one. Readers hold a
 * reference and no lock. All functions are local and quick, and any thread may call them.
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

/* There is one per user, so it is small: 40 bytes, with offsets in place of pointers to strings. */
struct record {
	atomic_uint references;
	uint32_t length;  /* bytes of text, without the NUL */
	uint64_t version; /* unique in this process; never 0 */
	int64_t seconds;  /* its time of update */
	uint32_t nanoseconds;
	uint32_t email;    /* where the email begins, counted from id; 0: none */
	uint32_t text;     /* where the text begins, counted from id */
	uint8_t status;    /* enum record_kind; the word of RECORD_OTHER is behind the id */
	atomic_bool shown; /* the text has been opened for reading */
	/* set before other threads see the record: */
	bool namesake : 1; /* a newer version has the same stamp */
	bool saved : 1;    /* its time is when this mount saved it */
	bool row : 1;      /* it came in a list, which may show less than a GET does */
	/* its row was not JSON, or too large for a file: the text does not count, the rest is what
	   could be read */
	bool unreadable : 1;
	bool keyed : 1; /* the key is stored behind the email, because it differs from it */
	char id[];      /* followed by the strings above */
};

/* Kinds of statuses: record->status is one of them. */
enum record_kind { RECORD_UNKNOWN, RECORD_ACTIVE, RECORD_INACTIVE, RECORD_OTHER, RECORD_KINDS };

/* Return "active", "inactive", another word of the vendor, or "unknown". */
const char *record_status(const struct record *record);

/*
 * Return the email as the vendor stores it, with ADDRESS_NUL for a NUL byte. NULL: there is none,
 * or nothing visible. To find people, compare record_key.
 */
static inline const char *record_email(const struct record *record)
{
	return record->email ? record->id + record->email : NULL;
}

/*
 * Return the matching key of the email (address.h), in any case of its ASCII letters: compare it
 * with strcasecmp. NULL: there is no email.
 */
static inline const char *record_key(const struct record *record)
{
	const char *email = record_email(record);

	return record->keyed ? email + strlen(email) + 1 : email;
}

/* Return the text: pretty-printed JSON with one newline at its end. */
static inline const char *record_text(const struct record *record)
{
	return record->id + record->text;
}

/* Return how many bytes RECORD takes, with its places in a snapshot. */
static inline size_t record_size(const struct record *record)
{
	return sizeof(*record) + record->text + record->length + 10 * sizeof(void *);
}

static inline struct timespec record_time(const struct record *record)
{
	return (struct timespec){.tv_sec = record->seconds, .tv_nsec = record->nanoseconds};
}

/* Set the time of update of RECORD, which no other thread sees yet. */
static inline void record_set_time(struct record *record, struct timespec time)
{
	record->seconds = time.tv_sec;
	record->nanoseconds = (uint32_t)time.tv_nsec;
}

/*
 * Make a record of OBJECT (borrowed), whose id is ID. If OBJECT has no time of update, the record
 * gets WHEN. Return a new reference, or NULL: no memory, or the text would be too long (render.h).
 */
struct record *record_new(const struct collection *collection, const char *id, const json_t *object,
			  struct timespec when);

/* As record_new, for an OBJECT that was rendered already: TEXT. */
struct record *record_new_rendered(const struct collection *collection, const char *id,
				   const json_t *object, const struct render *text,
				   struct timespec when);

/* As record_new, for an OBJECT that cannot be shown: the record is unreadable. */
struct record *record_new_unreadable(const struct collection *collection, const char *id,
				     const json_t *object, struct timespec when);

/* What a record is made of. All is borrowed. */
struct record_parts {
	const char *id;
	const char *word;  /* the status; only of RECORD_OTHER */
	const char *email; /* NULL: none */
	const char *key;   /* its matching key; NULL: the email is its own */
	const char *text;
	size_t length; /* of text */
	struct timespec time;
	uint8_t status; /* enum record_kind */
};

/* Make a record of PARTS, for pack.h. Return a new reference, or NULL: no memory. */
struct record *record_assemble(const struct record_parts *parts);

struct record *record_get(struct record *record);
void record_put(struct record *record); /* NULL is a no-op */

/*
 * Give RECORD, which no other thread sees yet and which comes after OLD, the time of OLD if OLD was
 * saved by this mount and RECORD differs only in what the vendor assigns (a stamp). Otherwise
 * editors would warn that the file was changed elsewhere.
 */
void record_keep_time(const struct collection *collection, struct record *record,
		      const struct record *old);

/* Return true if both show the same text. */
bool record_same(const struct record *a, const struct record *b);

/*
 * Return true if RECORD has each name of NAMES on its top level. NAMES is an object, and the values
 * of its members are the integers from 0 on. Reads the text without parsing it, for callers that
 * ask at each GET. False: parse the text to be certain, because a name may be written with escapes,
 * and only fewer than 64 names are looked for.
 */
bool record_has_all(const struct record *record, const json_t *names);

/* Return true if RECORD shows TEXT. */
bool record_shows(const struct record *record, const struct render *text);

/* Parse the text. Return a new reference; NULL: no memory. */
json_t *record_json(const struct record *record);

#endif

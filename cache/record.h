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
#include <time.h>

struct collection;

#define RECORD_STATUS_UNKNOWN "unknown"

struct record {
	atomic_uint references;
	atomic_bool shown; /* somebody has opened this text for reading */
	bool namesake;     /* a newer version has the same stamp; set before others see it */
	bool saved;        /* mtime is when it was saved here; set before others see it */
	uint32_t length;   /* bytes of text, without the NUL */
	uint64_t version;  /* unlike that of any other record of this process; never 0 */
	struct timespec mtime;
	const char *status; /* "active", "inactive", another word of the vendor's, or "unknown" */
	const char *email;  /* or NULL */
	const char *text;   /* pretty-printed JSON, one newline at its end */
	char id[];          /* and after it the strings above */
};

/*
 * Render OBJECT (borrowed), whose id is ID. A record without a time of its own gets WHEN. Returns a
 * new record with one reference, or NULL: no memory.
 */
struct record *record_new(const struct collection *collection, const char *id, const json_t *object,
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

/* The text parsed again, a new reference; NULL: no memory. */
json_t *record_json(const struct record *record);

/* The vendor's object as shown in a file; the caller frees. NULL: no memory. */
char *record_render(const json_t *object, size_t *length);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lag_member.h - one member of a record that was written, and the values that it had before.
 *
 * Private to lag.c. Values are stored as JSON text; NULL stands for null and for a missing member.
 * No function waits; the caller holds the lock of the table.
 */
#ifndef ROSTERFS_LAG_MEMBER_H
#define ROSTERFS_LAG_MEMBER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/* A vendor's time of update. */
struct lag_time {
	bool known;
	struct timespec value;
};

/* A member, and what the writes of the last seconds made of it. */
struct lag_member {
	char **path;
	size_t depth;
	char *after;  /* the value that was written */
	char **older; /* the values from before the writes */
	size_t older_count;
	struct lag_time acked;  /* of the newest version known to have AFTER */
	struct lag_time before; /* of the version before the write */
	double until;           /* monotonic seconds */
	bool vague;             /* the version before the write may go by the same time */
	/* a write replaced a part of it, or the object around it: any value may be an older one */
	bool loose;
	bool stale; /* the last read showed an older value */
	bool sure;  /* the time of the version before the newest write was known: none was later */
	struct lag_member *next, *prev;
};

/* Make a member at PATH (copied), DEPTH names deep, without values. NULL: no memory. */
struct lag_member *lag_member_new(char *const *path, size_t depth);
void lag_member_free(struct lag_member *member);

/* Return true if MEMBER is at PATH. */
bool lag_member_is_at(const struct lag_member *member, char *const *path, size_t depth);

/* Return true if MEMBER lies inside what is at PATH, or contains it. */
bool lag_member_overlaps(const struct lag_member *member, char *const *path, size_t depth);

/* ---- values ---- */

/* Set *TEXT to VALUE as text, which the caller frees. Return false without memory. */
bool lag_member_text(const json_t *value, char **text);

/* Return true if VALUE is the same as TEXT. */
bool lag_member_is_value(const json_t *value, const char *text);

/* Return true if VALUE is one from before the newest write of MEMBER. */
bool lag_member_is_older(const struct lag_member *member, const json_t *value);

/* Return the value of MEMBER in RECORD, borrowed, or NULL. */
json_t *lag_member_value(const struct lag_member *member, const json_t *record);

/* Set MEMBER in RECORD to TEXT; NULL clears it. */
void lag_member_set(const struct lag_member *member, json_t *record, const char *text);

/* Remember VALUE as one from before the newest write of MEMBER. */
void lag_member_add_older(struct lag_member *member, const json_t *value);

/* Give MEMBER the value TEXT (taken). Its value so far becomes an older one. */
void lag_member_renew(struct lag_member *member, char *text);

/* ---- times ---- */

/* Return the later time; an unknown time is earlier than any other. */
struct lag_time lag_member_newer(struct lag_time a, struct lag_time b);

/* Return true if TIME, of a record that was read, is later than what was acknowledged for MEMBER.
 */
bool lag_member_is_later(const struct lag_member *member, struct lag_time time);

/*
 * Return true if both times are known, and TIME is earlier than OTHER. Not all responses have the
 * fraction of a second: a TIME without one is compared by the second.
 */
bool lag_member_is_before(struct lag_time time, struct lag_time other);

/* As lag_member_is_before, of what was acknowledged for MEMBER. */
bool lag_member_is_earlier(const struct lag_member *member, struct lag_time time);

#endif

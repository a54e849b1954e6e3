/* SPDX-License-Identifier: Apache-2.0 */
/*
 * known.h - what a roster knows about a record, and for how long that is fresh.
 */
#ifndef ROSTERFS_KNOWN_H
#define ROSTERFS_KNOWN_H

#include <stdbool.h>

struct overlay;
struct record;
struct roster;

enum known {
	KNOWN_NOTHING,  /* a vendor must be asked, also if a fresh list lacks the record */
	KNOWN_ABSENT,   /* it is proven that there is no such record (absence.h) */
	KNOWN_STALE,    /* *RECORD is what was known last; a fetch is due */
	KNOWN_FETCHING, /* as KNOWN_STALE, and a fetch is under way; in grace good for *SECONDS more
			 */
	KNOWN_FRESH,    /* *RECORD is good for *SECONDS more */
};

/*
 * Return what is known about ID. *RECORD is set to a new reference or NULL, *SECONDS to the time
 * for which it may be shown without asking again (0: none). Never waits.
 */
enum known known_peek(struct roster *roster, const char *id, struct record **record,
		      double *seconds);

/* ---- private to cache/roster ---- */

/* The same, but *RECORD is borrowed. */
enum known known_peek_locked(struct roster *roster, const char *id, struct record **record,
			     double *seconds);

/*
 * Return the seconds for which something that was requested at BEGAN and received at SINCE stays
 * fresh; 0 or less: it is stale.
 */
double known_left_locked(const struct roster *roster, double began, double since);

/* The same for something that is good only until ENDS (0: no such limit). */
double known_limited_locked(const struct roster *roster, double began, double since, double ends);

/* The same for the snapshot. */
double known_snapshot_left_locked(const struct roster *roster);

/* Return true if there is a snapshot, and it is fresh. */
bool known_whole_fresh_locked(const struct roster *roster);

/* Return the seconds for which the snapshot may still be shown while a new one is fetched, or 0. */
double known_grace_locked(const struct roster *roster);

/* Return true if a write to ID ended in an unknown state and nothing was read since. */
bool known_doubts_locked(struct roster *roster, const char *id);

/* Return the fetch of the whole roster that is under way, or NULL. */
struct flight *known_fetching_locked(const struct roster *roster);

/* Return the entry of ID in the overlay, or NULL. */
struct overlay *known_overlay_locked(const struct roster *roster, const char *id);

/*
 * Put RECORD (borrowed; NULL: absent), requested at BEGAN, into the overlay. ALONE: it was fetched
 * alone, not written. Return the record that it replaces, a reference for the caller, or NULL.
 */
struct record *known_put_locked(struct roster *roster, const char *id, struct record *record,
				double began, bool alone);

/* Free ENTRY, which is in no table any more. */
void known_overlay_free(struct overlay *entry);

#endif

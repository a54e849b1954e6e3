/* SPDX-License-Identifier: Apache-2.0 */
/*
 * roster.h - one collection of one account as this mount knows it: snapshot, age, single flight.
 *
 * Readers ask; what is fresh is answered at once, for the rest there is one fetch at a time,
 * however many wait. Who waits is a parked request, not a thread: it is told through a callback.
 * Writers (cache/update) lock a record, and publish what the vendor acknowledged.
 */
#ifndef ROSTERFS_ROSTER_H
#define ROSTERFS_ROSTER_H

#include "cache/roster/snapshot.h"
#include "vendors/base/call.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct account;
struct collection;
struct flight;
struct lag;
struct merge;
struct pool;
struct roster;
struct versions;

/*
 * What the roster tells whoever shows it. Called with no lock held, from the thread that made the
 * change, before a writer or a waiter hears of it. Must be quick and must not ask the roster to
 * wait.
 */
struct roster_events {
	void *arg;
	void (*record_changed)(void *arg, const char *id); /* another version, or gone */
	/* A new snapshot: SAME: each record is what it was, else anything may differ. */
	void (*replaced)(void *arg, bool same);
	/*
	 * Somebody got or lost an email with KEY (in any case of ASCII letters), or it is spelled
	 * in another way now, other than by replaced; NULL: nobody wants to know.
	 */
	void (*email_changed)(void *arg, const char *key);
};

/*
 * Of COLLECTION, below the record PARENT (copied) if it belongs to one. ACCOUNT and POOL outlive
 * the roster. EVENTS is copied. NULL: no memory.
 */
struct roster *roster_new(struct account *account, const struct collection *collection,
			  const char *parent, struct pool *pool,
			  const struct roster_events *events);

/* Cancel what is being fetched; its waiters are told -EINTR. New questions get -EINTR too.
 * Idempotent. */
void roster_stop(struct roster *roster);

/* After roster_stop and after the pool has ended. NULL is fine. */
void roster_free(struct roster *roster);

struct account *roster_account(struct roster *roster);
const struct collection *roster_collection(struct roster *roster);
const char *roster_parent(struct roster *roster); /* or NULL */
struct versions *roster_versions(struct roster *roster);
struct pool *roster_pool(struct roster *roster);

/* ---- asking ---- */

enum wait_kind {
	WAIT_WHOLE,  /* the whole roster: snapshot */
	WAIT_RECORD, /* the record with this id: record */
	WAIT_SELF,   /* the id of the key's own user: self */
	WAIT_EMAIL,  /* who has this email, in any spelling (address.h): a snapshot of those alone,
		      * maybe empty */
};

/* One question. The asker fills the first part and keeps all of it alive until done was called. */
struct wait {
	enum wait_kind kind;
	const char *id;    /* WAIT_RECORD; the email of WAIT_EMAIL */
	struct call *call; /* gets the words of an error; is not waited in */
	void (*done)(struct wait *wait);
	void *arg; /* the asker's */
	/*
	 * WAIT_WHOLE, WAIT_EMAIL: fail with -ETIMEDOUT when the fetch takes longer than 5 s. It
	 * goes on.
	 */
	bool brief;

	/* the answer; references belong to the asker */
	int error; /* 0 or a negative errno; -ENOENT: no such record; -ENODATA: self is not known */
	struct snapshot *snapshot;
	uint64_t generation; /* roster_generation's for a whole snapshot */
	struct record *record;
	char *self;

	/* the roster's own; NULL to begin with, so that one may leave before having asked */
	struct flight *flight;
	struct wait *next, *prev;
	bool answered; /* roster_ask_sync: under the call's lock */
};

/*
 * Ask. WAIT's done is called exactly once, from this thread before roster_ask returns when the
 * answer is there, else later from another one; no lock is held then. With no fresh roster, the
 * first record asked for by id is fetched alone, and the next one brings the whole roster; who has
 * an email only a whole roster tells.
 */
void roster_ask(struct roster *roster, struct wait *wait);

/*
 * The asker is gone. True: done will not be called any more. False: it has been or is being called.
 * A fetch that nobody waits for any more is cancelled.
 */
bool roster_leave(struct roster *roster, struct wait *wait);

/* Ask and block until answered or WAIT's call is cancelled (-EINTR). Returns wait->error. */
int roster_ask_sync(struct roster *roster, struct wait *wait);

/*
 * Does ROSTER count as unreadable? So it does if what is known is not fresh, and a fetch failed
 * less than FAILED_FOR seconds ago or the one under way takes longer than 5 s, or if rows of it
 * have emails that could not be read that long ago, not even by GETs by id: a negative errno and
 * its words in CALL. Else 0. With EMAIL (NULL: none), as WAIT_EMAIL was asked for, also if the same
 * holds of those who had it and are not listed any more. Never waits.
 */
int roster_unreadable(struct roster *roster, const char *email, double failed_for,
		      struct call *call);

/* Is it known whose the key is, or that the vendor does not tell, so that WAIT_SELF asks nobody? */
bool roster_knows_self(struct roster *roster);

/* Free what an answered WAIT holds. */
void wait_clear(struct wait *wait);

/* ---- local questions: they never wait ---- */

enum roster_knows {
	ROSTER_UNKNOWN,  /* a vendor would have to be asked, also where a fresh list lacks it */
	ROSTER_ABSENT,   /* it is proven, by now, that there is no such record (absence.h) */
	ROSTER_STALE,    /* *RECORD is what was known last; a fetch is due */
	ROSTER_FETCHING, /* as STALE, and a fetch is under way; in grace good for *SECONDS more */
	ROSTER_FRESH,    /* *RECORD is good for *SECONDS more */
};

/*
 * What is known about ID; *RECORD gets a reference or NULL, *SECONDS the time for which it may be
 * shown without another question, 0: none.
 */
enum roster_knows roster_peek(struct roster *roster, const char *id, struct record **record,
			      double *seconds);

/* Does the newest list, which is fresh, lack ID, and is nothing else known of it? */
bool roster_never_lists(struct roster *roster, const char *id);

/*
 * Who has EMAIL, in any spelling (address.h): a snapshot of those alone, a reference, if that is
 * fresh for *SECONDS more. NULL: a vendor would have to be asked, or no memory.
 */
struct snapshot *roster_peek_email(struct roster *roster, const char *email, double *seconds);

/*
 * Whose emails a reader takes for the one with KEY (address.h, skeleton.h), without those with KEY:
 * a snapshot of those alone, a reference, by what is known now, fresh or not. *KNOWN: that is a
 * whole roster. *MORE: there are more than it has. The first call for a snapshot takes a while.
 * NULL: no memory.
 */
struct snapshot *roster_similar(struct roster *roster, const char *key, bool *known, bool *more);

/* The newest snapshot with what was written since, a reference, or NULL; *SECONDS that it stays
 * fresh (0: stale). */
struct snapshot *roster_snapshot(struct roster *roster, double *seconds);

/*
 * A number that changes whenever any record may be shown differently: a snapshot that came with it
 * is all there is to know as long as it stays. *SECONDS that the roster stays fresh (0: stale).
 */
uint64_t roster_generation(struct roster *roster, double *seconds);

/*
 * Was there a record ID, as far as was known when AT was the roster's generation and OLD (NULL:
 * none) its snapshot? What was known since does not count.
 */
bool roster_knew(struct roster *roster, const struct snapshot *old, const char *id, uint64_t at);

/* Count the next questions as if the roster were old. */
void roster_refresh(struct roster *roster);

#define ROSTER_ERROR_MAX 1536 /* a path and the words of a call, whole */

/* Figures for .rosterfs/status and metrics. */
struct roster_info {
	bool known;              /* there is a snapshot */
	size_t users;            /* in it */
	double age;              /* seconds */
	struct timespec fetched; /* wall clock */
	bool fetching;
	unsigned pages; /* of the fetch under way */
	size_t rows;
	uint64_t fetches;  /* whole rosters fetched */
	size_t shrunk;     /* so many were listed before the list became less than half as long */
	bool nobody;       /* it has never listed anybody, not even the user of the key */
	size_t reappeared; /* users active again after this mount deactivated them */
	char last_error[ROSTER_ERROR_MAX]; /* "" or the last error of a fetch or a write, with its
					      time */
	double failed;                     /* when that was, monotonic seconds */
};
void roster_info(struct roster *roster, struct roster_info *info);

/* Note the error of CALL as the last one. */
void roster_note_error(struct roster *roster, const struct call *call, int error);

/* ---- writing: for cache/update, and the lock for drafts too ---- */

/* Wait until nobody else writes record ID, or the draft at the path ID. 0, -EINTR or -ENOMEM (words
 * in CALL); then roster_unlock. */
int roster_lock(struct roster *roster, struct call *call, const char *id);
void roster_unlock(struct roster *roster, const char *id);

/*
 * RECORD (borrowed) is what the vendor has now: a write was acknowledged, or a GET showed it.
 * Fetches that began before lose against it. events.record_changed has been called when this
 * returns, if it differs from what was held.
 */
void roster_publish(struct roster *roster, struct record *record);

/* The vendor says that there is no record ID. What was made here just now stays. It is listed as
 * before, unless that is proven (absence.h). */
void roster_publish_absent(struct roster *roster, const char *id);

/*
 * This mount has made RECORD (borrowed): for account->lag seconds it stays, as it is known last,
 * where a list lacks it or a GET says 404. Publishes nothing.
 */
void roster_note_made(struct roster *roster, struct record *record);

/* Was ID made here, no longer ago than that? Then a 404 may be an old response. */
bool roster_was_made(struct roster *roster, const char *id);

/* This mount has deleted ID: it is listed no more, until a fetch that begins later shows it. */
void roster_publish_deleted(struct roster *roster, const char *id);

/*
 * Before that, for what is no link: it was BEFORE (borrowed). For account->lag seconds it stays
 * absent, unless the vendor shows it with a later time of update.
 */
void roster_note_deleted(struct roster *roster, const char *id, const json_t *before);

/*
 * Is RECORD, which CALL has read, one that was deleted here, as it was before? Then it counts as
 * absent, and CALL has read what is not good for longer than that is remembered.
 */
bool roster_was_deleted(struct roster *roster, struct call *call, const char *id,
			const json_t *record);

/* What was published of ID is good until UNTIL only (monotonic seconds; 0: as long as any). */
void roster_good_until(struct roster *roster, const char *id, double until);

/* A write to ID ended in a way that nobody knows: the next question about it goes to the vendor. */
void roster_doubt(struct roster *roster, const char *id);

/* This mount made ID inactive (or, unset, active): a fetch that shows something else is worth a
 * word. */
void roster_note_deactivated(struct roster *roster, const char *id, bool inactive);

/*
 * A write to record ID was acknowledged: the fields that MERGE names went from what BEFORE shows to
 * what AFTER shows, and SEEN is the record in which the vendor showed that. Reads that lag behind
 * it are corrected from now on (lag.h). All is borrowed.
 */
void roster_acknowledge(struct roster *roster, const char *id, const struct merge *merge,
			const json_t *before, const json_t *after, const json_t *seen);

/* What is remembered of such writes. It lives as long as the roster. */
struct lag *roster_lag(struct roster *roster);

/* Who made a user inactive. */
struct roster_writer {
	uid_t uid;
	gid_t gid;
	pid_t pid;
	char command[CALL_COMMAND_MAX];
	char path[CALL_PATH_MAX];
	bool timed;           /* there is a time: */
	struct timespec time; /* of update, the vendor's, of the inactive record */
};

/* After roster_note_deactivated: CALL did it, and the vendor showed it in SEEN. */
void roster_note_writer(struct roster *roster, const char *id, const struct call *call,
			const json_t *seen);

/* A save of record ID by CALL was refused; and was that the last one refused, of the same process?
 * An editor then writes back what it had read. */
void roster_note_refused(struct roster *roster, const char *id, const struct call *call);
bool roster_was_refused(struct roster *roster, const char *id, const struct call *call);

/* Return true if the last status that this mount wrote to ID is inactive; *WRITER wrote it. */
bool roster_writer(struct roster *roster, const char *id, struct roster_writer *writer);

/* UNDO (copied; NULL: nothing any more) is what it takes to give ID back what this mount ended. */
void roster_keep_undo(struct roster *roster, const char *id, const char *undo);

/* What was kept, the caller frees; NULL: nothing. */
char *roster_undo(struct roster *roster, const char *id);

#endif

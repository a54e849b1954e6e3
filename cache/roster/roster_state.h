/* SPDX-License-Identifier: Apache-2.0 */
/*
 * roster_state.h - the inside of a roster, shared by roster.c, flight.c, fetch.c, roster_email.c,
 * similar.c, overlay.c, undo.c, ack.c, presence.c, absence.c, gets.c, illegible.c, overdue.c and
 * figures.c, and nobody else.
 *
 * snapshot: what the last whole fetch showed, or NULL.
 * overlay: what was written or fetched alone, each entry with its own age: it wins over a snapshot
 * whose fetch began before it (generation).
 * flights: fetches under way, at most one WHOLE, one SELF, one RECORD an id; each with its waiters.
 *
 * State of a record: UNKNOWN -> (GET or walk) -> FRESH -> (ttl) -> STALE -> (fetch) -> FRESH
 *                    FRESH or STALE -> (a walk that lacks it) -> UNKNOWN -> (GET) -> FRESH
 *                    any -> (GET says 404, and the newest list lacks it) -> ABSENT -> (ttl) -> as
 * before; what only a GET says (a status, or what was deleted here) is so for ABSENT_SECONDS
 * Where all that there is stands in the list (listed_only), a walk that lacks it makes it ABSENT.
 * A flight: started with waiters -> runs on the pool -> ends: result stored, flight unlinked,
 * waiters told. A flight whose last waiter leaves is cancelled and unlinked at once; its thread
 * then finds itself dropped. One whose last waiter is told that it takes too long goes on.
 */
#ifndef ROSTERFS_ROSTER_STATE_H
#define ROSTERFS_ROSTER_STATE_H

#ifndef ROSTERFS_ROSTER_PRIVATE
#error                                                                                             \
    "roster_state.h is for cache/roster/roster.c, flight.c, fetch.c, roster_email.c, similar.c, overlay.c, undo.c, ack.c, presence.c, absence.c, gets.c, illegible.c, overdue.c, figures.c only"
#endif

#include "cache/roster/roster.h"
#include "vendors/base/call.h"

#include <pthread.h>
#include <uthash.h>

#define ABSENT_SECONDS 5.0

struct overlay {
	char *id;
	struct record *record; /* NULL: the vendor said 404 */
	double began, since;   /* when it was asked for and known, monotonic seconds */
	uint64_t generation;   /* of the roster when it was put here */
	double ends;           /* it is not good for longer than that, 0: no such limit */
	bool alone;            /* fetched alone, not written */
	bool doubt;            /* a write ended in a way that nobody knows */
	bool deleted;          /* by this mount: no longer listed */
	bool proven;           /* absent by GET and by the list: no longer listed */
	struct overlay *next;  /* where it was taken out of the table, to be freed */
	UT_hash_handle hh;
};

struct busy {
	char *id;
	UT_hash_handle hh;
};

struct deactivated {
	char *id;
	char *undo;                   /* or NULL */
	struct roster_writer *writer; /* who made them so, or NULL: it is not known */
	bool inactive;                /* made so here; unset: only the undo counts */
	bool seen_active;             /* it has been said */
	UT_hash_handle hh;
};

/* How a whole fetch failed, or the questions for those who had an email. */
struct failure {
	struct call call; /* for its words alone */
	int error;
	double began, since; /* when it began and ended, monotonic seconds */
	UT_hash_handle hh;
	char email[]; /* as it was asked for; "": all */
};

struct flight {
	struct roster *roster;
	enum wait_kind kind;
	char *id;          /* WAIT_RECORD, WAIT_EMAIL */
	const char *asked; /* the record that is asked for: ID, or one who had the email */
	struct call call;
	double began;        /* monotonic seconds */
	uint64_t generation; /* the roster's when it began */
	bool dropped;        /* nobody waits any more */
	bool listed;         /* a whole list, read since it was asked for, lacks it */
	struct call *missed; /* how the GET of the record failed, so that the list is read; NULL */
	unsigned pages;
	size_t rows;
	struct wait *waits; /* utlist */
	struct flight *next, *prev;
};

/* Has the vendor a GET by id? */
enum roster_gets { ROSTER_GETS_UNKNOWN, ROSTER_GETS, ROSTER_GETS_NONE };

struct roster {
	struct account *account;
	const struct collection *collection;
	char *parent;          /* id of the record that it belongs to, or NULL */
	struct record *absent; /* what a fresh roster shows for an id that is not in it, or NULL */
	struct pool *pool;
	struct roster_events events;
	struct versions *versions;
	struct lag *lag;

	/* with it only versions.c, pool_run, pool_after and a call's cancel are called */
	pthread_mutex_t lock;
	bool expiring; /* ack.c will look what of lag is too old */
	bool watching; /* overdue.c will look which waits are due */
	struct snapshot *snapshot;
	double snapshot_began; /* when its fetch began and ended, monotonic seconds */
	double snapshot_since;
	double snapshot_ends;    /* as an overlay's */
	double unlisted;         /* when a whole fetch failed last, or 0 */
	struct failure *failure; /* of the last whole fetch; NULL: it was good, or there was none */
	struct failure *failures; /* of the last questions for emails */
	double refreshed;         /* when the owner asked for it anew: what began before is stale */
	struct overlay *overlay;
	struct presence *presences; /* what was made and deleted here (presence.c) */
	struct gone *gone;          /* who was known and is not listed any more (absence.c) */
	json_t *illegible; /* ids of rows whose email cannot be read, or NULL (illegible.c) */
	struct failure *illegible_failure; /* how asking for them ended; NULL: well, or not yet */
	size_t
	    shrunk; /* how many were listed before the list became so much shorter; 0: it did not */
	size_t shrunk_to; /* how many the newest list has, if it did */
	size_t step;      /* rows of the first page of the newest list; 0: not known */
	uint64_t generation;
	uint64_t merged;  /* what the overlay got up to this generation is in the snapshot */
	uint64_t refused; /* the id, hashed, of the last save that was refused */
	pid_t refused_pid;
	_Atomic(enum roster_gets) gets;
	struct shown *shown;    /* which GETs by id have worked (gets.c) */
	unsigned kept;          /* of them, whose members are yet to be compared with a row */
	bool uncompared;        /* no list has come since one was kept */
	bool compared;          /* the members of one have been */
	atomic_bool rows_short; /* a GET has shown more than a row */
	atomic_bool rows_told;  /* the log says that rows are used */
	bool nobody; /* the first list did not even have the user that the key belongs to */
	atomic_bool remembers; /* there has been one */
	atomic_bool saved; /* a record was saved here: what is fetched may have to keep its time */
	struct flight *flights; /* utlist */
	bool stopped;

	char *self;
	double self_since;
	bool self_known; /* self or, with self NULL, that the vendor does not tell */

	struct busy *busy;
	pthread_cond_t free;

	struct deactivated *deactivated;
	size_t reappeared;
	uint64_t fetches;
	char last_error[ROSTER_ERROR_MAX];
	double failed; /* when that was, monotonic seconds */
};

/* The seconds for which what was asked at BEGAN and answered at SINCE stays fresh; 0 or less:
 * stale. */
double roster_left_locked(const struct roster *roster, double began, double since);

/* The same for what is not good for longer than ENDS. */
double roster_limited_locked(const struct roster *roster, double began, double since, double ends);

/* The same for the snapshot. */
double roster_snapshot_left_locked(const struct roster *roster);

/* A write to ID ended in a way that nobody knows, and nobody has looked since. */
bool roster_doubts_locked(struct roster *roster, const char *id);

/* The seconds for which the snapshot may still be shown while a new one is fetched, 0: none. */
double roster_grace_locked(const struct roster *roster);

/* The snapshot is there, young enough and not refused by its owner. */
bool roster_whole_fresh_locked(const struct roster *roster);

/* What peek tells, without the reference: *RECORD is borrowed. */
enum roster_knows roster_peek_locked(struct roster *roster, const char *id, struct record **record,
				     double *seconds);

/*
 * Put RECORD (or NULL: absent), asked for at BEGAN, into the overlay. Returns the record that it
 * replaces, a reference the caller puts, or NULL.
 */
struct record *roster_overlay_locked(struct roster *roster, const char *id, struct record *record,
				     double began, bool alone);

/* Take USER out of the table and free it. */
void roster_deactivated_free_locked(struct roster *roster, struct deactivated *user);

/* Free ENTRY, which stands in no table any more. */
void roster_overlay_free(struct overlay *entry);

/* After roster_overlay_locked, without the lock: RECORD (NULL: absent) took the place of OLD, which
 * is put. */
void roster_replaced(struct roster *roster, const char *id, struct record *old,
		     struct record *record);

/* RECORD gives way to NEW: if it was shown, it is kept, or what shows the same text counts as
 * shown. */
void roster_pass_on(struct roster *roster, struct record *record, const struct snapshot *new);

/* Say in the log when RECORD is active although this mount made it inactive. Takes the lock. */
void roster_check_active(struct roster *roster, const struct record *record);

/* The same for each record of SNAPSHOT, which has been installed, but those written since. */
void roster_check_all_active(struct roster *roster, const struct snapshot *snapshot);

/*
 * overlay.c: what readers of the whole roster are to see. With the lock it is only noted what that is;
 * the arrays of a large roster are copied without it.
 */
struct written {
	struct record *old; /* of the snapshot, borrowed; NULL: there is none */
	struct record *now; /* a reference; NULL: it is deleted */
};

struct view {
	struct snapshot *snapshot; /* a reference; NULL: this view is empty */
	struct written *written;   /* since the snapshot was made */
	size_t count;
	uint64_t generation; /* the roster's when the view was taken */
};

/* Note what ROSTER, which has a snapshot, shows now. 0 or -ENOMEM: then VIEW is empty. */
int view_take_locked(struct roster *roster, struct view *view);

/*
 * Make a snapshot of VIEW, which is empty afterwards; where nothing better came meanwhile it is
 * ROSTER's from now on. A new reference; NULL: no memory, or VIEW was empty. Without the lock.
 */
struct snapshot *view_make(struct roster *roster, struct view *view);

/* The whole flight under way, or NULL. */
struct flight *roster_fetching_locked(const struct roster *roster);

/*
 * fetch.c: do what FLIGHT is for, on its thread, and install what came. May wait. 0 or a negative
 * errno with words in the flight's call; -ENOENT: there is no such record, -ENODATA: self is not
 * known.
 */
int fetch_whole(struct flight *flight);
int fetch_self(struct flight *flight);

/* The same for one record. -EAGAIN: the GET failed as flight->missed, and the list has to tell. */
int fetch_record(struct flight *flight);

/* figures.c: FLIGHT has brought NEW in place of OLD (or NULL). Say so where it is suspiciously
 * short. */
void figures_compare(struct flight *flight, const struct snapshot *old, const struct snapshot *new);

/* FLIGHT, which fetches no whole roster, brought RECORD (borrowed; NULL: absent) for ID. */
void fetch_put(const struct flight *flight, const char *id, struct record *record);

/* overdue.c. -ETIMEDOUT, with words in CALL, if the fetch under way (of those who had EMAIL; NULL:
 * of the whole roster) takes too long for a brief wait, else 0. */
int overdue_error_locked(const struct roster *roster, const char *email, struct call *call);

/* FLIGHT, which was to fetch all or is for an email, has ended with ERROR (0: it has it). */
void overdue_note_locked(struct flight *flight, int error);

/* A brief wait has been added to FLIGHT: see that it is told when that takes too long. */
void overdue_wait_locked(const struct flight *flight);

/* Look in SECONDS, unless that is on its way. */
void overdue_watch_locked(struct roster *roster, double seconds);

void overdue_free_locked(struct roster *roster);

/*
 * presence.c. A reference to what was made here as ID, and is to be shown in place of a 404 that
 * CALL got; NULL: there is none.
 */
struct record *presence_record(struct roster *roster, struct call *call, const char *id);

/* FLIGHT has read a whole list into BUILDER: add what was made here and is not in it, *ADDED of
 * that unlike what was shown before. 0 or -ENOMEM. */
int presence_complete(struct flight *flight, struct snapshot_builder *builder, size_t *added);

void presence_free_locked(struct roster *roster);

/*
 * absence.c. Does the vendor have to be asked by id for what a whole list lacks? Not where a
 * collection has but one record, or can only be listed, or where lacking is a status.
 */
bool absence_asks_id(const struct roster *roster);

/* A GET by id under CALL ended with ERROR: does the list have to tell what that means? */
bool absence_is_told(const struct roster *roster, const struct call *call, int error);

/* That ID is absent, as the overlay has it, is proven: by its GET and by the list. */
void absence_prove(struct roster *roster, const char *id);

/*
 * The GET of a record failed as GOT, and the list, read under CALL, with ERROR. Returns the error
 * of the record, with words in CALL.
 */
int absence_unread(struct call *call, const struct call *got, int error);

/* FLIGHT has brought the whole list, because the GET of its record failed as flight->missed. */
void absence_note_list(struct flight *flight);

/* FLIGHT has ended with ERROR: answer WAIT if it is for that record. False: it is not, or what is
 * known by now answers it. */
bool absence_settle_locked(struct flight *flight, struct wait *wait, int error);

/*
 * A whole list has just come. Does it leave WAIT unanswered, because it lacks a record that may
 * exist all the same, or somebody who had an email? The vendor is to be asked by id then.
 */
bool absence_asks_on_locked(struct roster *roster, const struct wait *wait);

/* The newest list lacks RECORD, which was known. */
void absence_lacks_locked(struct roster *roster, const struct record *record);

/* NEW is the newest list: whoever is in it is not gone. */
void absence_listed_locked(struct roster *roster, const struct snapshot *new);

/* Is anybody who had EMAIL and is not listed any more to be asked for by id? */
bool absence_due_locked(struct roster *roster, const char *email);

/* Ask for all of them, and for whom illegible.c knows: FLIGHT is for the email. As fetch_record,
 * but 0 whoever is there. */
int fetch_gone(struct flight *flight);

void absence_free_locked(struct roster *roster);

/*
 * gets.c: which GETs by id have worked, and whether rows show as much. OBJECT was answered to a GET
 * of ID.
 */
void gets_note(struct roster *roster, const char *id, const json_t *object);

/* The list has a record whose GET failed as GOT: say so under CALL, the first time. */
void gets_note_row(struct roster *roster, struct call *call, const struct call *got);

/* NEW is the newest list: compare with it what GETs have shown. */
void gets_listed_locked(struct roster *roster, const struct snapshot *new);

/*
 * A change of ID is to rest on a row: where no list has been compared yet with what GETs have
 * shown, read one for that. 0 or a negative errno with words in CALL. May wait.
 */
int gets_compare(struct roster *roster, struct call *call, const char *id);

/*
 * May a change of ID, whose GET failed as GOT, rest on ROW, which has been read after that GET? Not
 * if GETs show more than rows do, nor if a GET of ID has worked before: it may have been deleted,
 * and the list lags. 0, or -EREMOTEIO with words in CALL.
 */
int gets_check_row(struct roster *roster, struct call *call, const struct call *got, const char *id,
		   const json_t *row);

void gets_free_locked(struct roster *roster);

/*
 * illegible.c. Add RECORD's id to *IDS (NULL: none yet) if its row is not JSON and shows no email.
 * 0 or -ENOMEM.
 */
int illegible_add(json_t **ids, const struct record *record);

/* The newest list has the *IDS (or NULL) of such rows. They are moved, not shared, because a json_t
 * stays in one thread: *IDS is NULL afterwards, unless the roster has no use for them. */
void illegible_listed_locked(struct roster *roster, json_t **ids);

/* Are any of them to be asked for by id, before it is known who has EMAIL? */
bool illegible_due_locked(struct roster *roster, const char *email);

/* How that failed less than FAILED_FOR seconds ago: a negative errno and its words in CALL, or 0.
 */
int illegible_error_locked(const struct roster *roster, double failed_for, struct call *call);

/* Ask for them: FLIGHT is for an email. A failure does not count if others have the email. 0 or a
 * negative errno with words in the flight's call. May wait. */
int fetch_illegible(struct flight *flight);

void illegible_free_locked(struct roster *roster);

/*
 * roster_email.c: as roster_peek_email. NULL with *SECONDS: no memory.
 */
struct snapshot *roster_fresh_email_locked(struct roster *roster, const char *email,
					   double *seconds);

/* What the functions with an email need is made now, without the lock: it takes a while. */
void roster_index_emails(struct roster *roster);

/*
 * Who has EMAIL by the whole roster and what was written since, fresh or not. A new reference,
 * NULL: no memory. ROSTER has a snapshot.
 */
struct snapshot *roster_with_email_locked(struct roster *roster, const char *email);

#endif

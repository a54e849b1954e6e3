/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h - what the mounts of several hosts have in common: lists, locks of records, limits.
 *
 * One store per mount. store_local is a mount alone: it shares nothing, and each operation is as
 * cheap as not calling it. cache/shared/shared.h is a store in Redis or
 * Valkey. Nothing above knows which of the two is used.
 *
 * A roster has a seat at its store, from roster_new to roster_free. Operations that take a struct
 * call may wait, for the store or for another host, and never with a mutex held; each has a
 * deadline. All others return at once, unless they say otherwise. Any thread may call them.
 *
 * Records, ids and errors never leave the process other than sealed.
 */
#ifndef ROSTERFS_STORE_H
#define ROSTERFS_STORE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

struct account;
struct call;
struct list_trail;
struct merge;
struct record;
struct roster;
struct store_lease;
struct store_seat;

/* What became of a record through this mount. */
enum store_change {
	STORE_RECORD,  /* the vendor has acknowledged or shown this record */
	STORE_ABSENT,  /* the vendor has no such record */
	STORE_DELETED, /* this mount has deleted it */
	STORE_DOUBT,   /* a write ended in an unknown state */
	STORE_ACTIVE,  /* this mount makes the user active; the record follows */
};

/* A list that is being fetched, by one thread. The first part is set by the roster. */
struct store_list {
	struct call *call;
	/* The walk's own, nested in CALL, or NULL: the store cancels it when another host has gone
	   on with the walk, because this one did not get on. */
	struct call *walk;
	double since; /* only a list that was requested then or later counts; monotonic seconds */
	/* What the store has of the list comes through these. RECORD is taken. Returns 0, -EEXIST
	   (the id came before) or -ENOMEM. */
	int (*add)(struct store_list *list, struct record *record);
	void (*reset)(struct store_list *list); /* all that came is void */
	/* HOST, which may be this one, has read PAGES of TOTAL pages (0: not known) with ROWS rows.
	 */
	void (*progress)(struct store_list *list, const char *host, unsigned pages, size_t rows,
			 unsigned total);

	/* set by load */
	double began;    /* when it was requested, monotonic seconds */
	double received; /* when it was complete, monotonic seconds */
	time_t fetched;  /* the same by this host's clock */
	/* After 1: pages that another host had read, to go on behind, or NULL. It is freed by
	   save_end; BEGAN is then when that host requested the list. */
	struct list_trail *trail;
	void *own; /* the store's */
};

/* How many status changes all hosts have made in a window. */
struct store_count {
	unsigned taken;
	/* Seconds since the one whose end makes room for another: the oldest of them, unless there
	   are more than the limit of the last take. */
	double oldest;
	bool
	    together; /* all hosts are counted, even if look does not know yet how many they made */
	double ago;   /* seconds since the store said it */
};

struct store {
	const struct store_ops *ops;
};

struct store_ops {
	/* ---- life ---- */

	/* Start the store's threads, after the fork into the background. 0 or a negative errno. */
	int (*start)(struct store *store);
	/* The mount ends: nothing waits for the store for longer than MILLISECONDS from now.
	   Returns at once. */
	void (*end_in)(struct store *store, unsigned milliseconds);
	/* Tell the others what they were not told yet, give everything back, and end the threads.
	   Waits a second at most. Idempotent; no seat is used any more, except by detach. */
	void (*stop)(struct store *store);
	void (*free)(struct store *store);

	/* Return the seat of ROSTER, or NULL: no memory. */
	struct store_seat *(*attach)(struct store *store, struct roster *roster);
	void (*detach)(struct store_seat *seat); /* NULL is a no-op */
	/* Called before the vendor is asked for anything of the seat's roster: hear first what
	   other hosts have told, so that what the vendor shows is judged by it. May wait some
	   seconds for a store that is slow, and only until it has been heard once. */
	void (*meet)(struct store_seat *seat);

	/* ---- lists ---- */

	/*
	 * Fill LIST with what the hosts share. Returns 0: it is complete. 1: this mount is to ask
	 * the vendor, while the others wait for its pages; what was added so far is what
	 * list->trail says. It calls save_end in any case. A negative errno with words in the call:
	 * another host has asked for the same, and this mount's call was cancelled (-EINTR), or no
	 * memory. A store that cannot be reached is 1, not an error.
	 */
	int (*load)(struct store_seat *seat, struct store_list *list);
	/* RECORD (borrowed) is the next of the page that is being read. */
	void (*save_record)(struct store_seat *seat, struct store_list *list,
			    struct record *record);
	/* The page is complete, and TRAIL (borrowed; NULL: nothing can go on behind it) leads
	   behind it. */
	void (*save_page)(struct store_seat *seat, struct store_list *list, unsigned pages,
			  size_t rows, unsigned total, const struct list_trail *trail);
	/* All that was saved is void. */
	void (*save_reset)(struct store_seat *seat, struct store_list *list);
	/* It is over, well or not. ERROR: 0 or a negative errno. */
	void (*save_end)(struct store_seat *seat, struct store_list *list, int error);

	/* ---- records ---- */

	/*
	 * Lock record ID for writing on all hosts. Waits until it is free. Returns 0 and *LEASE, or
	 * -EINTR, -EREMOTEIO (the store cannot be reached; CALL_NO_LOCK) or -ENOMEM with words in
	 * CALL.
	 */
	int (*lock)(struct store_seat *seat, struct call *call, const char *id,
		    struct store_lease **lease);
	/* Unlock it. May wait for the store. */
	void (*unlock)(struct store_lease *lease);
	/*
	 * Check that LEASE is held and stays held for the seconds that a request may take, before
	 * something is sent. Returns 0; -EAGAIN: it was lost and is held again, so that another
	 * host may have written meanwhile; or as lock.
	 */
	int (*check)(struct store_lease *lease, struct call *call);
	/* Return true if LEASE may have been lost since the last check. */
	bool (*lost)(struct store_lease *lease);
	/*
	 * Ask what other hosts have told of the record of LEASE, which check has just taken again,
	 * since it was taken before. Returns how many times they did, and the newest record in
	 * *NEWEST (a new reference, or NULL) and whose it is in HOST; or a negative errno: not
	 * known. May wait for the store.
	 */
	int (*since)(struct store_seat *seat, struct store_lease *lease, struct record **newest,
		     char host[64]);
	/*
	 * Tell the others what became of record ID. RECORD: of STORE_RECORD, else NULL. May wait
	 * for the store. What cannot be told now is told later, and logged if it is lost.
	 */
	void (*changed)(struct store_seat *seat, const char *id, enum store_change what,
			struct record *record);
	/* Tell the others of a write as ack_note (ack.h) notes it. May wait for the store. */
	void (*acked)(struct store_seat *seat, const char *id, const struct merge *merge,
		      const json_t *before, const json_t *after, const json_t *seen);
	/* Tell the others that what was fetched up to now does not count. Does not wait. */
	void (*refreshed)(struct store_seat *seat);

	/* ---- limits and memory ---- */

	/*
	 * Count a status change of all hosts, if fewer than LIMIT (0: any number) were made in
	 * WINDOW seconds. Returns 0 and a *TICKET that is not 0, or 0; -EDQUOT without words; or
	 * -EREMOTEIO with words in CALL.
	 */
	int (*take)(struct store *store, struct call *call, unsigned limit, unsigned window,
		    uint64_t *ticket);
	/* Stop counting TICKET. May wait for the store. */
	void (*give_back)(struct store *store, uint64_t ticket);
	/* Set *COUNT to what is known of the last WINDOW seconds. Returns false if nothing is, so
	   that the mount's own count is all there is. Does not wait. */
	bool (*look)(struct store *store, unsigned window, struct store_count *count);

	/* Keep VALUE (borrowed; NULL: forget it) about record ID, for months. Returns 0 or a
	   negative errno. May wait for the store. */
	int (*remember)(struct store_seat *seat, const char *id, const json_t *value);
	/* Return what any host has kept about record ID, a new reference, or NULL. May wait. */
	json_t *(*recall)(struct store_seat *seat, const char *id);

	/* ---- for people ---- */

	/* Print the lines of .rosterfs/status about the store, or nothing. */
	void (*print_status)(struct store *store, FILE *stream);
	/* Print the metrics rosterfs_store_*, or nothing. */
	void (*print_metrics)(struct store *store, FILE *stream);
};

/* Return the store of a mount that is alone: it shares nothing. Never fails; nothing is freed. */
struct store *store_local(void);

#endif

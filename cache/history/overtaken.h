/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overtaken.h - a request that was sent with the lock of its record, and ended without it.
 *
 * The mount, or its machine, was paused meanwhile, so that another host may have locked and written
 * the record, before or after the vendor has carried out the request. No vendor prevents that. The
 * record is then locked again and read, what was overwritten is logged, and a user whom another
 * host has made inactive is made inactive again. Without a shared store nothing of this ever
 * happens.
 */
#ifndef ROSTERFS_OVERTAKEN_H
#define ROSTERFS_OVERTAKEN_H

#include <jansson.h>
#include <stdbool.h>

struct call;
struct guard;
struct record;
struct roster;

/* All 0: nothing has happened. One per change; overtaken_clear at the end. */
struct overtaken {
	int count;             /* what other hosts told meanwhile; negative: it is not known */
	struct record *newest; /* the newest of it that is a record, or NULL */
	char host[64];         /* whose it is */
	bool pending;          /* of the last request; overtaken_judge is due */
	bool reapply;          /* the user is to be made inactive again */
};

/*
 * Ask, as soon as a request of CALL about record ID has ended, whether its lock was lost since
 * write_lock_check. If it was, lock it again. Returns true if it was lost: what became of the
 * request is known by reading only. May wait. What is known of CALL's failure is not changed.
 */
bool overtaken_look(struct overtaken *overtaken, struct call *call, struct roster *roster,
		    const char *id);

/* What overtaken_judge compares, all borrowed; NULL: not known, or there is none. */
struct overtaken_records {
	const json_t *base; /* what was read before the request was sent */
	const json_t *sent;
	const json_t *now; /* as it was read after the request */
	bool deleted;      /* the record is to be deleted, or is a link: it has no status */
};

/*
 * After overtaken_look was true, and the record was read: log what the request has overwritten. A
 * no-op if there is nothing to judge. Does not block.
 */
void overtaken_judge(struct overtaken *overtaken, struct call *call, struct roster *roster,
		     const struct overtaken_records *records);

/*
 * After the record was unlocked: make user ID inactive again with REAPPLY, if that is due. ERROR is
 * how CALL's change ended. ACTIVE: it was to make the user active. Returns ERROR, or -ESTALE
 * with words in CALL if it was 0 and what the change did was taken back. May block.
 */
int overtaken_finish(struct overtaken *overtaken, struct call *call, struct roster *roster,
		     struct guard *guard, const char *id, bool active,
		     int (*reapply)(struct call *call, struct roster *roster, struct guard *guard,
				    const char *id),
		     int error);

void overtaken_clear(struct overtaken *overtaken);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * facts.h - what --check has found out about a vendor.
 *
 * One thread at a time. Nothing here blocks.
 */
#ifndef ROSTERFS_FACTS_H
#define ROSTERFS_FACTS_H

#include "mount/check/ability.h"
#include "mount/check/tally.h"
#include "vendors/base/call.h"

#include <stdbool.h>
#include <stddef.h>

struct account;

enum facts_level { FACTS_NOTE, FACTS_WARNING, FACTS_ERROR };

/* Lines of one level. */
struct facts_lines {
	char **list;
	size_t count;
};

struct facts {
	const struct account *account;
	bool by_hand;              /* the vendor has no API, and the rest is empty */
	bool quick;                /* one page of the list was read */
	bool failed;               /* there are errors */
	enum call_verdict verdict; /* of the first request that failed; CALL_OK: none */
	char *self;                /* the id of the key's user by the vendor; NULL: unknown */
	bool self_missing;         /* self_id must be set */
	bool listed;               /* the list could be read */
	bool counted;              /* and the statuses */
	size_t total, active, inactive, others, none; /* users, if listed, and their statuses */
	char other[TALLY_WORD_MAX];                   /* one of the others */
	unsigned pages;     /* of the list; 0: unknown, because it was not read whole */
	bool no_status;     /* nobody can be deactivated, because no status can be read */
	const char *paging; /* what the key paging must be; NULL: it is right */
	struct facts_lines warnings, errors;
	struct ability abilities[ABILITIES];
};

/* Keep a copy of WORDS, unless LEVEL is a note. Without memory it is left out. */
void facts_add(struct facts *facts, enum facts_level level, const char *words);

/* Copy what TALLY has counted. */
void facts_count(struct facts *facts, const struct tally *tally);

/* Free what FACTS holds. */
void facts_clear(struct facts *facts);

#endif

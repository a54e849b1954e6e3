/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history_facts.h - what a write is known by, besides the record before and after it: who made it,
 * when, and what it did to which record. As a line of the index, and as JSON for history_dir.
 *
 * Functions are local and quick, and keep no state.
 */
#ifndef ROSTERFS_HISTORY_FACTS_H
#define ROSTERFS_HISTORY_FACTS_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

/* How a write changed a user's access. */
enum history_kind {
	HISTORY_EDIT, /* not at all */
	HISTORY_STATUS,
	HISTORY_LINK,
	HISTORY_UNLINK,
	HISTORY_CREATE,
	HISTORY_DELETE,
	HISTORY_KINDS,
};

struct history_access {
	enum history_kind kind;
	const char *subject; /* the same for all rosters whose ids name the same users; or NULL */
	uint64_t takes_back; /* number of the write that it took back, or of the oldest; 0: none */
	/* the states before and after it, as texts of takeback.c; NULL: none */
	const char *was, *left;
	/* set for a write that was found: the name of the roster of its record, and its number */
	const char *owner;
	uint64_t number;
};

/* All texts are borrowed, and each may be NULL: not known. */
struct history_facts {
	uint64_t number;
	struct timespec when; /* whole microseconds */
	const char *owner;    /* the name of the record's roster */
	const char *id;       /* of the record */
	uid_t uid;
	const char *command;
	const char *path;   /* that was written to */
	const char *email;  /* of the user: before and after, if they differ */
	const char *status; /* "active->inactive" */
	const char *fields; /* names of the fields that were written */
	struct history_access access;
};

/* Copy FROM to TO with its texts. Pair with history_facts_clear. Returns 0, or -1 and TO has no
 * texts: no memory. */
int history_facts_copy(struct history_access *to, const struct history_access *from);
void history_facts_clear(struct history_access *access);

/* Return the word for KIND. */
const char *history_facts_kind(enum history_kind kind);

/*
 * Return the line of the index, with a newline; the caller frees. NULL: no memory. Columns are
 * separated by tabs: number, time, uid, command, path, kind, id, email, status, fields; one that is
 * not known is "-". Control characters, backslashes and what is not UTF-8 are written as \t, \n,
 * \\ or \x1B.
 */
char *history_facts_line(const struct history_facts *facts);

/* Return FACTS as a text of JSON with a newline, and its *LENGTH; the caller frees. NULL: no
 * memory. */
char *history_facts_json(const struct history_facts *facts, size_t *length);

/*
 * Read TEXT (LENGTH bytes), as history_facts_json makes it, into *FACTS. Returns 0 and *HELD, which
 * has the texts of FACTS, to be released with json_decref; or -EINVAL, or -ENOMEM.
 */
int history_facts_read(const char *text, size_t length, struct history_facts *facts, json_t **held);

#endif

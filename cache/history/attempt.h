/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attempt.h - one change that somebody attempts: what the audit log and the history are told of it.
 *
 * update.c, create.c, link.c, unlink.c, delete_user.c and transact.c begin one for each change, say
 * what they know, and end it; what finds nothing to change is none. It belongs to the thread that
 * made it. Write-only fields stand in it as "(set)" and nowhere else.
 */
#ifndef ROSTERFS_ATTEMPT_H
#define ROSTERFS_ATTEMPT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct account;
struct call;
struct collection;
struct guard;
struct roster;
struct undo;

#define ATTEMPT_TOKEN_MAX 33 /* 128 bits in hex */

struct attempt {
	struct call *call; /* uid, pid, command and path of the lines are its */
	struct guard *guard;
	struct account *account;
	struct roster *roster; /* NULL: no record is changed */
	const char *action;    /* "update", "status", "create", "link", "unlink", "delete"... */
	const char *id;        /* or NULL: not known, or none; borrowed */
	bool idle;             /* there is nothing to change, or nothing any more */
	bool unknown;          /* something was sent, and nobody knows what became of it */
	uint64_t takes_back;   /* the number of the write of this mount that it takes back, or the
				  oldest of several; 0: none, it counts (takeback.h) */

	/* attempt.c's own */
	struct timespec when;
	char token[ATTEMPT_TOKEN_MAX]; /* names it in its lines, in all mounts; "": not yet */
	json_t *fields;                /* array of {field, before, after} */
	json_t *announced;             /* the fields of the last "sending" line, NULL: none */
	json_t *commands; /* array of commands that undo it, as texts (undo.h), or NULL */
	char *undo;       /* in their place: one such command, or NULL */
	size_t secured;   /* bytes in the audit log */
	bool sent;
	bool accepted;
	uint64_t number; /* in the history, 0: none */
};

/* Somebody wants to do ACTION (static) to ID (borrowed) in ROSTER. Pair with attempt_end. */
void attempt_begin(struct attempt *attempt, struct call *call, struct guard *guard,
		   struct roster *roster, const char *action, const char *id);

/* The same where no record is changed, but ACCOUNT's vendor is asked something. */
void attempt_begin_account(struct attempt *attempt, struct call *call, struct guard *guard,
			   struct account *account, const char *action);

/* What is to be changed: FIELDS (attempt_field; NULL: as before) takes the place of what was said
 * so far, and is taken. */
void attempt_set_fields(struct attempt *attempt, json_t *fields);

/*
 * Add a field to the array FIELDS: NAME (nested: "a.b"), BEFORE and AFTER (borrowed; NULL: there is
 * none). FLAGS are the field's in the vendor's table.
 */
void attempt_field(json_t *fields, const char *name, unsigned flags, const json_t *before,
		   const json_t *after);

/* The command that does UNDO, for the account's directory; the caller frees. NULL: none can. */
char *attempt_command(const struct attempt *attempt, const struct undo *undo);

/*
 * UNDO takes back a part of the change; before attempt_send, if it is known by then. Nothing is kept
 * of one that no command can do.
 */
void attempt_undone_by(struct attempt *attempt, const struct undo *undo);

/* The same: record ID is made inactive. */
void attempt_undone_by_status(struct attempt *attempt, const char *id);

/*
 * Before each request that may change something: append a line with the outcome "sending" to the
 * audit log, unless the last one of this attempt had the same fields, and secure room for the line
 * with the outcome. In a dry run only secure the room. Waits for the disk. 0, or -EIO with words in
 * the call: nothing may be sent.
 */
int attempt_send(struct attempt *attempt);

/*
 * The same in a dry run: also log that METHOD is not sent for the record that the vendor calls ID
 * (NULL: for the list).
 */
int attempt_dry_run(struct attempt *attempt, const char *method, const char *id);

/*
 * As attempt_send, for a change that the brake counts, unless it takes back another one: TICKET is
 * for attempt_uncount. On an error nothing has been counted.
 */
int attempt_send_counted(struct attempt *attempt, uint64_t *ticket);

/*
 * The vendor has not made the change that TICKET was given for: it counts no longer, unless nobody
 * knows what became of it.
 */
void attempt_uncount(struct attempt *attempt, uint64_t ticket);

/*
 * The vendor accepted the change: BEFORE became AFTER (borrowed; NULL: there was or is none), UNDO
 * is what a document must set to restore it (borrowed; NULL: no document does).
 */
void attempt_accepted(struct attempt *attempt, const json_t *before, const json_t *after,
		      const json_t *undo);

/* For a line of the log that says what was done: " (its caller was interrupted)", or "". */
const char *attempt_alone(const struct attempt *attempt);

/*
 * It ended with ERROR, 0 or a negative errno with words in the call, to which is added what follows
 * from the vendor's not having answered: the record is then doubted as well. Frees what the attempt
 * has.
 */
void attempt_end(struct attempt *attempt, int error);

#endif

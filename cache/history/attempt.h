/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attempt.h - one change that a user attempts: what the audit log and the history say of it.
 *
 * Each change begins one attempt, describes it, and ends it. An attempt that finds nothing to
 * change leaves no trace. It belongs to one thread. The value of a write-only field is "(set)" in
 * all that an attempt keeps.
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

#define ATTEMPT_TOKEN_MAX 33 /* 128 bits in hex */
#define ATTEMPT_NOTE_MAX 80

struct attempt {
	struct call *call; /* uid, pid, command and path of the lines are its */
	struct guard *guard;
	struct account *account;
	struct roster *roster; /* NULL: no record is changed */
	const char *action;    /* "update", "status", "create", "link", "unlink", "delete"... */
	const char *id;        /* borrowed; NULL: not known, or none */
	bool idle;             /* there is nothing to change, or nothing any more */
	bool unknown;          /* something was sent, and it is not known what became of it */
	uint64_t takes_back;   /* number of the write of this mount that it takes back, or of the
				  oldest of several; 0: none, so that it counts (takeback.h) */

	uint64_t ticket; /* of the last guard_take; 0: none */

	/* of attempt.c and attempt_undo.c */
	struct timespec when;
	char token[ATTEMPT_TOKEN_MAX]; /* names it in its lines, in all mounts; "": not yet */
	json_t *fields;                /* array of {field, before, after} */
	json_t *announced;             /* the fields of the last "sending" line, or NULL */
	bool announced_id;             /* that line has the id */
	json_t *commands; /* array of commands that undo it, as texts (undo.h), or NULL */
	char *undo;       /* in their place: one such command, or NULL */
	size_t secured;   /* bytes in the audit log */
	bool sent;
	bool accepted;
	uint64_t number; /* in the history; 0: none */
	char note[ATTEMPT_NOTE_MAX];
};

/*
 * Begin the attempt to do ACTION (static) to record ID (borrowed) of ROSTER. Pair with attempt_end.
 */
void attempt_begin(struct attempt *attempt, struct call *call, struct guard *guard,
		   struct roster *roster, const char *action, const char *id);

/* Begin an attempt that changes no record, but asks ACCOUNT's vendor something. */
void attempt_begin_account(struct attempt *attempt, struct call *call, struct guard *guard,
			   struct account *account, const char *action);

/*
 * Set what is to be changed: FIELDS, an array of attempt_field, is taken and replaces the former
 * one. NULL is a no-op.
 */
void attempt_set_fields(struct attempt *attempt, json_t *fields);

/* Return true if a string in VALUE (or NULL) has a secret of ACCOUNT in it: a vendor may show the
 * key itself in a record. */
bool attempt_tells(const struct account *account, const json_t *value);

/* Replace each value of FIELDS, an array of attempt_field, that attempt_tells is about. */
void attempt_withhold(const struct account *account, json_t *fields);

/*
 * Append a field to the array FIELDS: NAME (nested: "a.b") is changed from BEFORE to AFTER
 * (borrowed; NULL: there is no value). FLAGS are the field's in the vendor's table.
 */
void attempt_field(json_t *fields, const char *name, unsigned flags, const json_t *before,
		   const json_t *after);

/*
 * Announce a request that may change something. Appends a line with the outcome "sending" to the
 * audit log, unless the last one had the same fields and the id, and secures room for the line with
 * the outcome. In a dry run it only secures the room. Call it before each such request. Blocks on
 * the disk. Returns 0, or -EIO with a message in the call: then the request must not be sent.
 */
int attempt_send(struct attempt *attempt);

/*
 * As attempt_send, in a dry run: also log that the request is not sent that deletes the record that
 * the vendor calls ID (NULL: that creates one): METHOD, or what the collection's table has for it.
 */
int attempt_dry_run(struct attempt *attempt, const char *method, const char *id);

/*
 * As attempt_send, for a change that status_limit counts, unless it takes back another one. After
 * an error nothing has been counted.
 */
int attempt_send_counted(struct attempt *attempt);

/*
 * Stop counting the change, because the vendor has not made it. A no-op if it was not counted, or
 * if it is not known what became of it.
 */
void attempt_uncount(struct attempt *attempt);

/*
 * Note that the vendor accepted the change of BEFORE to AFTER (borrowed; NULL: there is none), and
 * add it to the history. UNDO is the document that restores the record (borrowed; NULL: none does).
 */
void attempt_accepted(struct attempt *attempt, const json_t *before, const json_t *after,
		      const json_t *undo);

/*
 * Return what a log line says of the change besides what was changed: " (its caller was
 * interrupted)" and, after attempt_accepted, " (history/7)"; or "". Valid until the next call.
 */
const char *attempt_note(struct attempt *attempt);

/*
 * End ATTEMPT with ERROR, 0 or a negative errno with a message in the call: write the line with the
 * outcome to the audit log, and free what ATTEMPT holds. If the vendor has not responded, the
 * message says so, and the record is read again when it is needed next. Blocks on the disk.
 */
void attempt_end(struct attempt *attempt, int error);

#endif

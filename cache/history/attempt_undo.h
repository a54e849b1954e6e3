/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attempt_undo.h - what takes back the change of an attempt, as commands (undo.h).
 *
 * For the thread that has the attempt. Nothing here waits.
 */
#ifndef ROSTERFS_ATTEMPT_UNDO_H
#define ROSTERFS_ATTEMPT_UNDO_H

#include <jansson.h>
#include <stdbool.h>

struct attempt;
struct undo;

/*
 * Return the command that does UNDO, to be run in the account's directory; the caller frees. NULL:
 * there is none.
 */
char *attempt_undo_command(const struct attempt *attempt, const struct undo *undo);

/*
 * Add UNDO, which takes back a part of the change. Call it before attempt_send if it is known by
 * then. An undo without a command is ignored.
 */
void attempt_undo_add(struct attempt *attempt, const struct undo *undo);

/* Add an undo that makes record ID inactive. */
void attempt_undo_add_status(struct attempt *attempt, const char *id);

/*
 * Set the undo of an accepted change that the history has, in place of those added: UNDO is the
 * document that restores the record. A status is restored by its former word, anything else by a
 * copy of the document in the history.
 */
void attempt_undo_set(struct attempt *attempt, const json_t *undo);

/*
 * Return the commands for the audit log, as an array of strings (a new reference), or NULL: there
 * are none. OPEN: the change may have been made, but is not yet known to be, so that the status
 * that was known before is what restores it.
 */
json_t *attempt_undo_json(const struct attempt *attempt, bool open);

/* Return the added commands as a shell script, which the caller frees. NULL: there are none. */
char *attempt_undo_script(const struct attempt *attempt);

#endif

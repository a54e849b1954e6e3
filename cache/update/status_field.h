/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status_field.h - write a status that is a field of the record.
 */
#ifndef ROSTERFS_STATUS_FIELD_H
#define ROSTERFS_STATUS_FIELD_H

struct attempt;
struct call;
struct guard;
struct roster;

/*
 * Set the fields of ATTEMPT, for the audit log, to the status that is known now and the wanted
 * WORD. They are also logged if the change is refused before a request is made.
 */
void status_field_note(struct attempt *attempt, const char *word);

/*
 * Make WORD the status of ATTEMPT's record. Compares it with the vendor's record, never with an
 * older version. May wait. Returns 0 when the vendor has shown it, or a negative errno with words
 * in the call, as update_document does; also -EOPNOTSUPP for a record that has no status.
 */
int status_field_write(struct attempt *attempt, const char *word);

/*
 * Make record ID inactive again on behalf of CALL, because the vendor applied an earlier change of
 * this mount late. As status_field_write, but status_limit does not count it, and the audit log
 * names the action "reapply". It is an attempt of its own.
 */
int status_field_reapply(struct call *call, struct roster *roster, struct guard *guard,
			 const char *id);

/* Fail CALL because the vendor shows no status of the record. Returns -EOPNOTSUPP. */
int status_field_fail_missing(struct call *call);

#endif

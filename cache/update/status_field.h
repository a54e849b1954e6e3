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
 * Set the fields of ATTEMPT, for the audit log, to the status that is known now and to WORD, the
 * wanted one. Does not block. Call it first: the line of a change that is refused before any
 * request needs these fields, too.
 */
void status_field_note(struct attempt *attempt, const char *word);

/*
 * Make WORD the status of ATTEMPT's record. A word is absolute: it is compared with the vendor's
 * record, never with an older version, and does not conflict. Blocks. Returns 0 if the vendor has
 * shown it, or a negative errno with a message in the call, as update_document does; -EOPNOTSUPP
 * for a record without a status.
 */
int status_field_write(struct attempt *attempt, const char *word);

/*
 * Make record ID inactive again on behalf of CALL, because the vendor has applied an earlier change
 * of this mount late. It is an attempt of its own: status_limit does not count it, and the audit
 * log names the action "reapply". Blocks. Returns as status_field_write does.
 */
int status_field_reapply(struct call *call, struct roster *roster, struct guard *guard,
			 const char *id);

/* Fail CALL because the vendor shows no status of the record. Returns -EOPNOTSUPP. */
int status_field_fail_missing(struct call *call);

#endif

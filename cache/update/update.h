/* SPDX-License-Identifier: Apache-2.0 */
/*
 * update.h - save a document to a record.
 *
 * Every change at a vendor goes through this folder or cache/access, and nothing else in rosterfs
 * sends one. GET, merge, PUT and proof, the guards and the conflict check are here, once.
 */
#ifndef ROSTERFS_UPDATE_H
#define ROSTERFS_UPDATE_H

#include <stddef.h>

struct call;
struct guard;
struct roster;

/*
 * Apply to record ID of ROSTER at the vendor what the document TEXT (LENGTH bytes) changes. Blocks
 * while the vendor is asked. If CALL is cancelled after a request was sent, the change is settled
 * all the same, and the log says how.
 *
 * Returns 0 if the vendor has shown that the change took, or if there was nothing to change. Else
 * returns a negative errno with a message in CALL:
 *   -EINVAL     TEXT is not a document, or the vendor refuses it
 *   -EFBIG      TEXT is too large
 *   -EPERM      a field cannot be changed, or a guard forbids the change
 *   -ESTALE     conflict: the document is based on an older version
 *   -EDQUOT     status_limit is reached
 *   -EROFS      the mount is read-only
 *   -EREMOTEIO  accepted but not applied
 *   and those of a request (exchange.h)
 */
int update_document(struct call *call, struct roster *roster, struct guard *guard, const char *id,
		    const char *text, size_t length);

/*
 * Write to the audit log that ACTION on record ID was refused before the vendor was asked, because
 * what the user wrote cannot be a change (an incomplete document, a word that is no status). ERROR
 * is a negative errno; its message is in CALL.
 */
void update_refused(struct call *call, struct roster *roster, struct guard *guard,
		    const char *action, const char *id, int error);

#endif

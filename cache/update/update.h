/* SPDX-License-Identifier: Apache-2.0 */
/*
 * update.h - the one door for changes: nothing else in rosterfs changes anything at a vendor.
 *
 * GET, merge, PUT, proof. Read-only, dry run, the guard on `self`, the brake on statuses, the
 * conflict check and the log of what was changed are here, once.
 */
#ifndef ROSTERFS_UPDATE_H
#define ROSTERFS_UPDATE_H

#include <stddef.h>

struct account;
struct call;
struct guard;
struct roster;

/*
 * Lay what the document TEXT (LENGTH bytes) changes on record ID at the vendor. May wait. Returns 0
 * when the vendor has shown that the change took (or there was nothing to change), else a negative
 * errno with words in CALL: -EINVAL (no document, or the vendor says so), -EPERM, -ESTALE
 * (conflict), -EDQUOT, -EROFS, -EREMOTEIO (accepted but not applied), and what exchange.h names.
 * When the call is cancelled after the request went out, the change is settled all the same, and
 * the log says how.
 */
int update_document(struct call *call, struct roster *roster, struct guard *guard, const char *id,
		    const char *text, size_t length);

/*
 * What somebody wrote for record ID can be no change at all (a half document, a word that is no
 * status): ERROR and the words are in CALL, nothing was asked. The audit log gets its line.
 */
void update_refused(struct call *call, struct roster *roster, struct guard *guard,
		    const char *action, const char *id, int error);

#endif

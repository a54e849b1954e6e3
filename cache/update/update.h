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

/* Written to a .status it means that the user is to be deleted. */
#define UPDATE_DELETED "deleted"

/*
 * What somebody wrote for record ID can be no change at all (a half document, a word that is no
 * status): ERROR and the words are in CALL, nothing was asked. The audit log gets its line.
 */
void update_refused(struct call *call, struct roster *roster, struct guard *guard,
		    const char *action, const char *id, int error);

/* Is TEXT a word that a .status takes, with or without a newline? The word (static), or NULL. */
const char *update_status_word(const char *text, size_t length);

/*
 * Make the status of record ID be WORD (of update_status_word). As above; also -EOPNOTSUPP for a
 * record that has no status. Compared with the vendor's record, never with an older version. A user
 * to be deleted is update_erase's.
 */
int update_status(struct call *call, struct roster *roster, struct guard *guard, const char *id,
		  const char *word);

/*
 * For late.c: make ID inactive once more, in the name of CALL, because a change that this mount had
 * sent before was applied late. As update_status, but it is not counted by status_limit, and the
 * audit log calls it "reapply".
 */
int update_reapply(struct call *call, struct roster *roster, struct guard *guard, const char *id);

/*
 * Make a record of the document TEXT in ROSTER's collection. May wait. Returns 0 and its id in *ID
 * (the caller frees; NULL in a dry run), or a negative errno with words in CALL; *ID may be set
 * then too: the record has been made, but a field of it could not be set. -EOPNOTSUPP where the
 * vendor makes none, -EEXIST: taken, also where the vendor answers with who was there before, who
 * is left alone. -EREMOTEIO, also: made, and a field that can be given only once was not taken. One
 * POST at most: when its answer is lost, or is about another record, the email tells.
 */
int update_create(struct call *call, struct roster *roster, struct guard *guard, const char *text,
		  size_t length, char **id);

/*
 * Link user ID into ROSTER, which is one of links: counted by status_limit. 0 (also when somebody
 * else has made the link) or a negative errno with words in CALL. May wait. In link.c.
 */
int update_link(struct call *call, struct roster *roster, struct guard *guard, const char *id);

/*
 * Delete record ID: counted by status_limit. 0 when the vendor shows it no more, or a negative
 * errno with words in CALL: -EPERM without allow_delete, or where the vendor deletes none,
 * -EREMOTEIO where it says that it has, and goes on showing it. May wait.
 */
int update_delete(struct call *call, struct roster *roster, struct guard *guard, const char *id);

/*
 * Delete user ID, of ROSTER or whose status it is, for good: counted by status_limit. As above, but
 * -EINVAL without allow_delete, as for any other word that is no status, and -EOPNOTSUPP where the
 * vendor deletes none.
 */
int update_erase(struct call *call, struct roster *roster, struct guard *guard, const char *id);

/*
 * Ask ACCOUNT's vendor what TEXT asks (its transaction), and give the answer as text (the caller
 * wipes and frees) and its *LENGTH. Nothing of either is kept or logged. May wait. 0 or a negative
 * errno with words in CALL; in a dry run 0 and an empty answer.
 */
int update_transact(struct call *call, struct account *account, struct guard *guard,
		    const char *text, size_t length, char **answer, size_t *answer_length);

#endif

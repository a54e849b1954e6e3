/* SPDX-License-Identifier: Apache-2.0 */
/*
 * membership_proof.h - find out what became of the steps of a status.
 */
#ifndef ROSTERFS_MEMBERSHIP_PROOF_H
#define ROSTERFS_MEMBERSHIP_PROOF_H

struct membership;

/*
 * Find out what the record is now that the steps of MEMBERSHIP have been sent; ERROR (0 or a
 * negative errno) is how they ended. Reads until the vendor shows what it has answered, or until a
 * writer should not wait any longer for reads that lag. Then publishes the record, has the vendor's
 * file remember what is proved, and removes from the undo what is there again. May wait. Returns 0
 * if the record shows the wanted status, or a negative errno with a message in the call.
 */
int membership_proof_find(struct membership *membership, int error);

/*
 * Take as proved what was sent earlier and not shown then, because fresh shows the wanted status
 * and nothing is sent. Never waits.
 */
void membership_proof_settle_idle(struct membership *membership);

#endif

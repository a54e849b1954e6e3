/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transact.h - ask a vendor something of which nothing is kept.
 */
#ifndef ROSTERFS_TRANSACT_H
#define ROSTERFS_TRANSACT_H

#include <stddef.h>

struct account;
struct call;
struct guard;

/*
 * Ask ACCOUNT's vendor what TEXT asks (its transaction), and give the answer as text (the caller
 * wipes and frees) and its *LENGTH. Nothing of either is kept or logged. May wait. 0 or a negative
 * errno with words in CALL; in a dry run 0 and an empty answer.
 */
int transact_send(struct call *call, struct account *account, struct guard *guard, const char *text,
		  size_t length, char **answer, size_t *answer_length);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transact.h - ask a vendor something, and keep nothing of it.
 */
#ifndef ROSTERFS_TRANSACT_H
#define ROSTERFS_TRANSACT_H

#include <stddef.h>

struct account;
struct call;
struct guard;

/*
 * Run the transaction of ACCOUNT's vendor with the request TEXT (LENGTH bytes). Blocks while the
 * vendor is asked. Neither the request nor the response is logged, or kept in memory. Returns 0 and
 * the response as text in *ANSWER (*ANSWER_LENGTH bytes; the caller wipes and frees it; empty in a
 * dry run), or a negative errno with a message in CALL.
 */
int transact_send(struct call *call, struct account *account, struct guard *guard, const char *text,
		  size_t length, char **answer, size_t *answer_length);

#endif

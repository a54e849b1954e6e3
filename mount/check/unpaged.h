/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unpaged.h - whether a list that is read without pages has pages after all.
 */
#ifndef ROSTERFS_UNPAGED_H
#define ROSTERFS_UNPAGED_H

#include <stddef.h>

struct account;
struct call;
struct tally;

/*
 * Request the second page of ACCOUNT's users in both ways, after TALLY has counted the list without
 * pages: if the vendor has pages, that was only the first one. An error, or users that are known
 * already, show that there are no pages. Returns what the key paging must be, a static string, with
 * the number of other users in *COUNT and the request in CALL; or NULL. May wait.
 */
const char *unpaged_find(struct call *call, struct account *account, const struct tally *tally,
			 size_t *count);

#endif

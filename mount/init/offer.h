/* SPDX-License-Identifier: Apache-2.0 */
/*
 * offer.h - the vendors that --init offers.
 *
 * For the main thread. Reads folders and descriptions.
 */
#ifndef ROSTERFS_OFFER_H
#define ROSTERFS_OFFER_H

#include "mount/config/types.h"

#include <stdbool.h>
#include <stddef.h>

struct vendor;

struct offer {
	struct types types; /* folders, and descriptions that were read */
	char **names;       /* sorted */
	size_t count;
};

/* Find the types that the config FILE can name. Returns 0 or -ENOMEM. Pair with offer_clear. */
int offer_init(struct offer *offer, const char *file);

void offer_clear(struct offer *offer);

/* Print the names in columns of text. */
void offer_print(const struct offer *offer);

/* Ask for one of the names and put it into *TYPE, which the caller frees. Returns false when the
 * input ends. */
bool offer_ask(const struct offer *offer, char **type);

/* Return the table of the vendor TYPE, valid until offer_clear, and in *HAS_URL whether it has a
 * base URL of its own. NULL: its description is wrong, which is printed. */
const struct vendor *offer_vendor(struct offer *offer, const char *type, bool *has_url);

#endif

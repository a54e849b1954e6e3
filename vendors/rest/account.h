/* SPDX-License-Identifier: Apache-2.0 */
/*
 * account.h - one section of the config file at run time: its settings and its secrets.
 */
#ifndef ROSTERFS_ACCOUNT_H
#define ROSTERFS_ACCOUNT_H

#include "vendors/http/endpoint.h"

#include <stdatomic.h>
#include <stdbool.h>

struct token;
struct vendor;

struct account {
	char *name; /* the section, which is the directory's name */
	const struct vendor *vendor;
	struct endpoint endpoint; /* of its API; its name is NAME */
	unsigned ttl;             /* seconds a fetched roster counts as fresh */
	unsigned grace; /* seconds more in which the old one is served while a new one is fetched */
	unsigned max_users; /* most rows of a list: one that is longer may have no end */
	unsigned lag;       /* seconds for which the vendor's reads may lag behind its writes */
	bool allow_delete;
	char **values; /* the vendor's own settings, in the order of vendor->settings; NULL: not
			  given */
	atomic_bool updates_by_post; /* the vendor refused PUT with 405 (put_becomes_post) */
	/* Set by whoever finds that this vendor refuses its own ETags: item_get hands out none
	 * from then on, and item_put sends none. */
	atomic_bool no_preconditions;
	struct token *token; /* NULL for a vendor without tokens */
	void *memory;        /* vendor->memory_new's: the vendor's own */
};

/* A new account with the defaults, named NAME (copied). NULL: no memory. */
struct account *account_new(const char *name, const struct vendor *vendor);

/* Wipes the secrets and frees everything but the queue, which http_free ends. NULL is fine. */
void account_free(struct account *account);

/* The value of the vendor's own setting NAME, or NULL. NAME must be in the vendor's table. */
const char *account_value(const struct account *account, const char *name);

/* Overwrite each secret of ACCOUNT that stands in TEXT with asterisks, in place. */
void account_redact(const struct account *account, char *text);

#endif

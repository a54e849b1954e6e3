/* SPDX-License-Identifier: Apache-2.0 */
/*
 * account.h - one section of the config file at run time: its settings and its secrets.
 */
#ifndef ROSTERFS_ACCOUNT_H
#define ROSTERFS_ACCOUNT_H

#include "vendors/http/endpoint.h"
#include "vendors/rest/token.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct keyring_replaced;
struct http_stats;
struct observer;
struct secrets;
struct vendor;

/* How an attempted change ended, as ACCOUNT_WRITES_ALL(X) with X(constant, text). */
#define ACCOUNT_WRITES_ALL(X)                                                                      \
	X(DONE, "done")           /* the vendor accepted it */                                     \
	X(UNCHANGED, "unchanged") /* there was nothing to change */                                \
	X(DRY_RUN, "dry_run")     /* it would have been sent */                                    \
	X(REFUSED, "refused")     /* by rosterfs: nothing was sent */                              \
	X(CONFLICT, "conflict")   /* the record was changed elsewhere */                           \
	X(LIMITED, "limited")     /* status_limit is reached */                                    \
	X(FAILED, "failed")       /* the vendor refused it, or does not work */                    \
	X(UNKNOWN, "unknown")     /* it was sent, and what became of it is not known */

#define ACCOUNT_WRITE_CONSTANT(constant, text) ACCOUNT_WRITE_##constant,
enum account_write { ACCOUNT_WRITES_ALL(ACCOUNT_WRITE_CONSTANT) ACCOUNT_WRITES };
#undef ACCOUNT_WRITE_CONSTANT

/* What is atomic may change while requests are sent (mount/reload.c). */
struct account {
	char *name;        /* the section, which is the name of the directory */
	char *shared_name; /* that other hosts give it, too (cache/shared); NULL: NAME */
	const struct vendor *vendor;
	struct endpoint endpoint; /* of the API; its name is NAME */
	atomic_uint ttl;          /* seconds for which a fetched roster counts as fresh */
	unsigned poll; /* seconds between two fetches of the roster in the background; 0: none */
	/* seconds in which the old roster is served while a new one is fetched */
	atomic_uint grace;
	atomic_uint max_users; /* maximum number of rows in a list: a longer one may have no end */
	unsigned lag;          /* seconds by which the vendor's reads may lag behind its writes */
	atomic_bool allow_delete;
	/* for vendors that a description describes */
	atomic_bool trust;            /* send changes although the description is from memory */
	bool secret_in_url;           /* a secret may stand in a path or query */
	atomic_bool inactive_deletes; /* with allow_delete: `inactive` may send a real DELETE */
	bool delete_deactivates;      /* this server's DELETE only deactivates */
	char *refresh_token_file; /* a rotating refresh token is kept here; NULL: in memory only */
	atomic_bool discovered;   /* the server has been asked what it supports (SCIM) */
	atomic_bool plain_paths;  /* the server refuses paths that choose elements (SCIM) */
	atomic_uint alternatives; /* bit n: the alternative of that request is used (rules.h) */
	/* of vendor->apis[1...]; NULL: there is one api only. Their base_url is set by the reader
	   of the config, the rest by login_open. */
	struct endpoint *others;
	/* of vendor->apis[0...]: where the token is asked for, if that is another origin (base_url
	   is NULL if not). Set by login_open; NULL: no api has tokens. */
	struct endpoint *logins;
	/* The vendor's own settings, in the order of vendor->settings; NULL: none. While requests
	   are sent, read them by account_value only: keyring_replace puts others in their place. */
	_Atomic(char **) values;
	_Atomic(struct secrets *) secrets; /* those that a command prints; NULL: none */
	/* How often the keys were replaced by those of a config that was read again. A request or a
	   token that was made with another number is not used any more. */
	atomic_uint epoch;
	pthread_mutex_t replacing;         /* of what follows, and of who replaces values; a leaf */
	struct keyring_replaced *replaced; /* the newest first */
	/* Set by the caller that finds that the vendor refuses its own ETags: from then on item_get
	   returns none, and item_put sends none. */
	atomic_bool no_preconditions;
	/* one slot for each of vendor->apis, and one for SECRETS; NULL: a vendor in C that has none
	 */
	struct token *token;
	token_issuer *issuer; /* for the tokens of vendor->apis; set by login_open */
	void *memory;         /* of vendor->memory_new */
	/* counts of attempted changes (cache/history/attempt.c) */
	atomic_ullong writes[ACCOUNT_WRITES];
	struct observer *observer; /* sees requests before they are sent; NULL: none */
};

/* Return a new account with the defaults, named NAME (copied), or NULL without memory. */
struct account *account_new(const char *name, const struct vendor *vendor);

/*
 * Give ACCOUNT, which was made with a table that has no apis, its own table VENDOR, with the same
 * settings, and make what that needs. Before any request. Returns 0 or -ENOMEM.
 */
int account_set_vendor(struct account *account, const struct vendor *vendor);

/* Wipe the secrets of ACCOUNT and free everything except the queue, which http_free ends. ACCOUNT
 * may be NULL. */
void account_free(struct account *account);

/* Return the name of ACCOUNT on all hosts that share what they know of it. Borrowed. */
const char *account_shared_name(const struct account *account);

/*
 * Return the value of the vendor's own setting NAME, which must be in its table, or NULL. It stays
 * readable until account_free. Two calls may return values from before and after a replacement:
 * values that belong together are used only if account_values returns the same before and after.
 */
const char *account_value(const struct account *account, const char *name);

/* Return what identifies the present values of ACCOUNT. Never the same after a replacement. */
const void *account_values(const struct account *account);

/* Return true if the setting NAME of ACCOUNT is part of what proves the identity, and of no base
 * URL. */
bool account_is_proof(const struct account *account, const char *name);

/* Let all endpoints of ACCOUNT wait as its first one does from now on. */
void account_spread_waits(struct account *account);

/*
 * Put the URLs that the section of ACCOUNT gives in place of its description's into WORDS, of SIZE
 * bytes: "token_url is URL, base_url.admin is URL". Returns false if there are none.
 */
bool account_urls(const struct account *account, char *words, size_t size);

/* Return how many apis the table of VENDOR has; 0: it is not described by rules. */
unsigned account_api_count(const struct vendor *vendor);

/* Return how many endpoints ACCOUNT has with a queue of `parallel` requests each. */
unsigned account_endpoint_count(const struct account *account);

/* Copy the counters of all endpoints of ACCOUNT, added up, to *STATS. */
void account_stats(const struct account *account, struct http_stats *stats);

/* Return the endpoint of the api with INDEX in vendor->apis, 0 for a vendor without them. */
struct endpoint *account_endpoint(struct account *account, unsigned index);

/* Return true if TEXT, a value of a record, has a secret of ACCOUNT of eight bytes or more in it,
 * as it is. */
bool account_tells(const struct account *account, const char *text);

/*
 * Overwrite each secret of ACCOUNT in TEXT with asterisks, in place: settings that are secret,
 * tokens, what is saved with them, and what HTTP Basic makes of them; as they are, percent-encoded
 * and as JSON writes them.
 */
void account_redact(const struct account *account, char *text);

#endif

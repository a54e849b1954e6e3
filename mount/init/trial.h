/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trial.h - what --init finds out while it asks: whether answers are accepted, whether a server can
 * be reached, and whether the vendor lets the keys read users.
 *
 * For the main thread. What is wrong is printed to stdout.
 */
#ifndef ROSTERFS_TRIAL_H
#define ROSTERFS_TRIAL_H

#include "vendors/base/call.h"

#include <stdbool.h>

struct answers;
struct config;
struct http;
struct vendor;

struct trial {
	const char *file; /* the config that will be written */
	/* Make the queues of a config's accounts. Returns 0, or an error that was reported. The
	   caller frees HTTP in both cases. */
	int (*open)(const struct config *config, struct http **http);
};

/* What a check of a section has shown. */
struct trial_result {
	bool ok;
	enum call_verdict verdict; /* of the request that failed; CALL_OK: none */
	bool self_missing;         /* the vendor does not tell whose the key is */
	const char *paging;        /* what the key paging must be; NULL: it is right */
};

/* Check the answer for KEY alone, and print what is wrong. Returns true if nothing is. Reads files,
 * and may run a command. */
bool trial_answer(const struct trial *trial, const struct answers *answers, const char *key);

/* Return true if the section NAME may be one. Prints why not. */
bool trial_name(const struct trial *trial, const char *name);

/* Return true if VENDOR cannot do without KEY, as far as the answers for other keys tell. No
 * command is run. */
bool trial_needs(const struct trial *trial, const struct answers *answers,
		 const struct vendor *vendor, const char *key);

/* Return true if VENDOR takes a secret only in the URL, so that the section needs SECRET_IN_URL. No
 * command is run. */
bool trial_needs_url(const struct trial *trial, const struct answers *answers,
		     const struct vendor *vendor);

#define SECRET_IN_URL "secret_in_url"

/*
 * Connect to the server of URL, which trusts what CA_FILE (or NULL) has, and send a GET without any
 * keys: every response will do. Prints why it cannot be reached. *UNTRUSTED: other
 * certificates may help. Returns what happened. Blocks for some seconds.
 */
enum call_verdict trial_reach(const char *url, const char *ca_file, bool *untrusted);

/* Read the section as the config, and check it as --check does, printing the lines. Blocks. */
struct trial_result trial_check(const struct trial *trial, const struct answers *answers);

#endif

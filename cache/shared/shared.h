/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shared.h - the store of the mounts of several hosts, in Redis or Valkey.
 */
#ifndef ROSTERFS_SHARED_H
#define ROSTERFS_SHARED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct account;
struct store;

/* The keys of [rosterfs] about the store. Borrowed. */
struct shared_settings {
	const char *url;
	const char *user;     /* NULL: the default user */
	const char *password; /* NULL: none */
	const char *ca_file;  /* NULL: the system's */
	const uint8_t *key;   /* SEAL_KEY_BYTES */
	bool required;
};

/* Return true if this build has the store at all; else WHY says what it lacks. */
bool shared_is_built(const char **why);

/*
 * Create the store of SETTINGS for ACCOUNTS (borrowed, COUNT of them). Connects to nothing. Returns
 * 0 and *STORE, for store->ops->free, or a negative errno with words in WHY.
 */
int shared_open(const struct shared_settings *settings, struct account **accounts, size_t count,
		struct store **store, char *why, size_t why_size);

/*
 * Try the server of SETTINGS, as --check does: connect, sign in, write, read and delete a value,
 * and run a script. Returns 0, or a negative errno with words in WHY: what to do. Waits.
 */
int shared_try(const struct shared_settings *settings, char *why, size_t why_size);

#endif

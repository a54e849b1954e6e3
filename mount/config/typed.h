/* SPDX-License-Identifier: Apache-2.0 */
/*
 * typed.h - the typed values of the config file: numbers, paths, texts of files, secrets.
 *
 * For the reader of the config only. What is wrong is added to the faults of KEYS.
 */
#ifndef ROSTERFS_TYPED_H
#define ROSTERFS_TYPED_H

struct account;
struct entry;
struct key;
struct keys;

/* Store the value of ENTRY in the field of OBJECT that KEY names. Returns 0 or a negative errno. */
int typed_set_key(const struct keys *keys, struct entry *entry, const struct key *key,
		  void *object);

/*
 * Store the value of ENTRY, a setting of ACCOUNT's vendor, in ACCOUNT. A secret that a command
 * prints gets some text until typed_run runs the command. Returns 0 or a negative errno. May block
 * on a file.
 */
int typed_set(const struct keys *keys, struct entry *entry, struct account *account);

/* Run the command of ENTRY and store the secret that it prints in ACCOUNT, if ENTRY has one.
 * Returns 0 or a negative errno. Blocks for 30 seconds at most. */
int typed_run(const struct keys *keys, const struct entry *entry, struct account *account);

#endif

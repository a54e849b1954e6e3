/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys.h - which keys a section of the config file may hold: tables, and checks without values.
 *
 * For the reader of the config only. Nothing here blocks, except as said. What is wrong is added to
 * the faults of KEYS.
 */
#ifndef ROSTERFS_KEYS_H
#define ROSTERFS_KEYS_H

#include "mount/config/secret.h"
#include "vendors/ini/sections.h"

#include <stdbool.h>
#include <stddef.h>

struct config;
struct description;
struct setting;
struct types;
struct vendor;

enum key_type {
	KEY_NUMBER,
	KEY_SECONDS,
	KEY_SIZE,
	KEY_UMASK,
	KEY_YES_NO,
	KEY_GUARD_RAW,
	KEY_PATH,
	KEY_AUTHORITIES, /* the path of a file of certificates */
	KEY_TEXT,
	KEY_URL,
	KEY_DOMAINS
};

/* A key, and the offset of its value in struct config or struct account. */
struct key {
	const char *name;
	enum key_type type;
	bool live; /* it may change while mounted; in struct account it is atomic */
	size_t offset;
	unsigned min, max; /* of a KEY_NUMBER or KEY_SECONDS */
};

/* The file that is read, and what is wrong with it. */
struct keys {
	const char *file;
	const struct sections *sections;
	struct types *types; /* the vendors that sections may name */
	struct faults *faults;
	/* of a file that is read again, else NULL: what the mount uses, and what is kept of it */
	const struct config *before;
	struct faults *notes;
};

/* Add a fault in LINE (0: none) of the file. Returns -EINVAL. */
#define keys_fail(keys, line, ...)                                                                 \
	faults_add((keys)->faults, EINVAL, (keys)->file, line, __VA_ARGS__)

/* As keys_fail, with ENOMEM. Returns -ENOMEM. */
int keys_fail_memory(const struct keys *keys, unsigned line);

/* Return the row of the mount's key NAME, for struct config, or NULL. */
const struct key *keys_mount(const char *name);

enum keys_table { KEYS_MOUNT, KEYS_ACCOUNT, KEYS_DESCRIBED };

/* Return all rows of TABLE: of struct config, of the accounts of all vendors with an API, or of
 * those that are described. The name of the row after the last is NULL. */
const struct key *keys_all(enum keys_table table);

/* Return the row of NAME, a key of all vendors with an API or of all that are described, for struct
 * account, or NULL. */
const struct key *keys_account(const char *name);

/* Return the setting of VENDOR that the key NAME sets, and for a secret its source in *WAY. NULL:
 * none. */
const struct setting *keys_setting(const struct vendor *vendor, const char *name,
				   enum secret_source *way);

/*
 * Check that [rosterfs] may have the keys of SECTION. A misspelt key becomes the one that is meant,
 * so that its value is checked too; an entry with another unknown key is marked as refused.
 */
void keys_check_mount(const struct keys *keys, struct section *section);

/*
 * Check the name of SECTION, and that it has the keys that an account of its vendor needs and no
 * others, as keys_check_mount does. Returns 0 and the vendor in *VENDOR and its description in
 * *DESCRIPTION (NULL: it is written in C), also if there are faults; or -EINVAL: no vendor is
 * known. May block on the description.
 */
int keys_check_account(const struct keys *keys, struct section *section,
		       const struct vendor **vendor, struct description **description);

#endif

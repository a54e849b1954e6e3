/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys.h - which keys a section of the config file may hold: tables, and checks without values.
 *
 * For config.c alone. Nothing here blocks or allocates. What fails leaves one line in WHY, with
 * file and line.
 */
#ifndef ROSTERFS_KEYS_H
#define ROSTERFS_KEYS_H

#include "mount/secret.h"
#include "mount/sections.h"

#include <stddef.h>

struct setting;
struct vendor;

enum key_type { KEY_NUMBER, KEY_SIZE, KEY_YES_NO, KEY_PATH, KEY_URL };

/* A key, and where its value goes: OFFSET into struct config or struct account. */
struct key {
	const char *name;
	enum key_type type;
	size_t offset;
	unsigned min, max; /* of a KEY_NUMBER */
};

/* The file that is being read, and where the words of an error go. */
struct keys {
	const char *file;
	const struct sections *sections;
	char *why;
	size_t why_size;
};

/* As sections_fail, with EINVAL and the file and WHY of KEYS; LINE 0: no line. Returns -EINVAL. */
#define keys_fail(keys, line, ...)                                                                 \
	sections_fail((keys)->why, (keys)->why_size, EINVAL, (keys)->file, line, __VA_ARGS__)

/* The same with ENOMEM. */
int keys_fail_memory(const struct keys *keys, unsigned line);

/* The row of the mount's key NAME, into struct config, or NULL. */
const struct key *keys_mount(const char *name);

/* The row of the key NAME that all vendors with an API have, into struct account, or NULL. */
const struct key *keys_account(const char *name);

/* The setting of VENDOR that the key NAME gives, and for a secret in which way; NULL: none. */
const struct setting *keys_setting(const struct vendor *vendor, const char *name,
				   enum secret_source *way);

/* May [rosterfs] hold the keys that SECTION holds? 0, or -EINVAL. */
int keys_check_mount(const struct keys *keys, const struct section *section);

/*
 * Is SECTION well named, whose account is it, and does it hold the keys that an account of that
 * vendor needs and no others? 0 and *VENDOR, or -EINVAL.
 */
int keys_check_account(const struct keys *keys, const struct section *section,
		       const struct vendor **vendor);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys.h - which keys a section of the config file may have: tables, and checks of names alone.
 *
 * For config.c only. Nothing here blocks or allocates, and no value is read. A function that fails
 * writes one line to WHY, with the file and the line.
 */
#ifndef ROSTERFS_KEYS_H
#define ROSTERFS_KEYS_H

#include "mount/secret.h"
#include "mount/sections.h"

#include <stddef.h>

struct setting;
struct vendor;

enum key_type { KEY_NUMBER, KEY_SIZE, KEY_YES_NO, KEY_PATH, KEY_URL };

/* A key. Its value is stored at OFFSET in struct config or struct account. */
struct key {
	const char *name;
	enum key_type type;
	size_t offset;
	unsigned min, max; /* of a KEY_NUMBER */
};

/* The file that is read, and the buffer for the words of an error. */
struct keys {
	const char *file;
	const struct sections *sections;
	char *why;
	size_t why_size;
};

/* As sections_fail, with EINVAL and the file and WHY of KEYS. LINE 0: no line. Returns -EINVAL. */
#define keys_fail(keys, line, ...)                                                                 \
	sections_fail((keys)->why, (keys)->why_size, EINVAL, (keys)->file, line, __VA_ARGS__)

/* As keys_fail, with ENOMEM and "out of memory". Returns -ENOMEM. */
int keys_fail_memory(const struct keys *keys, unsigned line);

/* Return the row of the mount's key NAME (OFFSET is in struct config), or NULL. */
const struct key *keys_mount(const char *name);

/* Return the row of NAME, a key of each vendor with an API (OFFSET is in struct account), or NULL.
 */
const struct key *keys_account(const char *name);

/*
 * Return the setting of VENDOR that the key NAME gives, or NULL. Store in *WAY how NAME gives it: a
 * secret can also come from a file, the environment or a command.
 */
const struct setting *keys_setting(const struct vendor *vendor, const char *name,
				   enum secret_source *way);

/* Check the keys of SECTION, which is [rosterfs]. Returns 0 or -EINVAL. */
int keys_check_mount(const struct keys *keys, const struct section *section);

/*
 * Check the name and the keys of SECTION, which is an account: it must have the keys that an
 * account of its vendor needs, and no others. Store the vendor in *VENDOR. Returns 0 or -EINVAL.
 */
int keys_check_account(const struct keys *keys, const struct section *section,
		       const struct vendor **vendor);

#endif

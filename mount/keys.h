/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys.h - which keys a section of the config file may hold: tables, and checks without values.
 *
 * For config.c only. Nothing here blocks or allocates, except as said. A function that fails writes
 * one line to WHY, with file and line.
 */
#ifndef ROSTERFS_KEYS_H
#define ROSTERFS_KEYS_H

#include "mount/secret.h"
#include "vendors/ini/sections.h"

#include <stddef.h>

struct description;
struct setting;
struct types;
struct vendor;

enum key_type { KEY_NUMBER, KEY_SIZE, KEY_YES_NO, KEY_PATH, KEY_URL, KEY_DOMAINS };

/* A key, and the offset of its value in struct config or struct account. */
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
	struct types *types; /* the vendors that sections may name */
	char *why;
	size_t why_size;
};

/* Do sections_fail with EINVAL and the file and WHY of KEYS. LINE 0: no line. Returns -EINVAL. */
#define keys_fail(keys, line, ...)                                                                 \
	sections_fail((keys)->why, (keys)->why_size, EINVAL, (keys)->file, line, __VA_ARGS__)

/* As keys_fail, with ENOMEM. Returns -ENOMEM. */
int keys_fail_memory(const struct keys *keys, unsigned line);

/* Return the row of the mount's key NAME, for struct config, or NULL. */
const struct key *keys_mount(const char *name);

/* Return the row of NAME, a key of all vendors with an API or of all that are described, for struct
 * account, or NULL. */
const struct key *keys_account(const char *name);

/* Return the setting of VENDOR that the key NAME sets, and for a secret its source in *WAY. NULL:
 * none. */
const struct setting *keys_setting(const struct vendor *vendor, const char *name,
				   enum secret_source *way);

/* Check that [rosterfs] may have the keys of SECTION. Returns 0 or -EINVAL. */
int keys_check_mount(const struct keys *keys, const struct section *section);

/*
 * Check the name of SECTION, and that it has the keys that an account of its vendor needs and no
 * others. Returns 0, the vendor in *VENDOR and its description in *DESCRIPTION (NULL: it is written
 * in C), or a negative errno. May block on the description.
 */
int keys_check_account(const struct keys *keys, const struct section *section,
		       const struct vendor **vendor, struct description **description);

#endif

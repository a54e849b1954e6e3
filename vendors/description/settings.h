/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.h - [settings]: the keys that an account's section of the config may have.
 */
#ifndef ROSTERFS_SETTINGS_H
#define ROSTERFS_SETTINGS_H

#include "vendors/description/arena.h"
#include "vendors/ini/sections.h"
#include "vendors/vendor.h"

#include <stdbool.h>
#include <stddef.h>

struct settings {
	struct setting *list; /* ends with a name that is NULL */
	size_t count;
	bool *urls;      /* in the order of the list: the value is a whole URL */
	bool broken;     /* a line was refused: a setting that is missing may be that */
	unsigned *lines; /* of the keys; 0: a setting that every description has */
};

/* Read SECTION of FILE (NULL: there is none) into *SETTINGS, which is of ARENA. Returns 0, or a
 * negative errno and a fault in FAULTS. */
int settings_read(struct arena *arena, const char *file, const struct section *section,
		  struct settings *settings, struct faults *faults);

/* Append a setting that the file does not name, unless it is there: self_id, notice_file. Returns 0
 * or -ENOMEM. */
int settings_add(struct arena *arena, struct settings *settings, const char *name,
		 enum setting_type type);

/* Return the index of NAME, or -1. */
int settings_find(const struct settings *settings, const char *name);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.h - [settings]: the keys that an account's section of the config may have.
 */
#ifndef ROSTERFS_SETTINGS_H
#define ROSTERFS_SETTINGS_H

#include "vendors/description/arena.h"
#include "vendors/ini/hint.h"
#include "vendors/ini/sections.h"
#include "vendors/vendor.h"

#include <stdbool.h>
#include <stddef.h>

/* keys of an account that replace a URL of the description, with .WORD for [token WORD] and [api
 * WORD] */
#define SETTINGS_TOKEN_URL "token_url"
#define SETTINGS_BASE_URL "base_url"

struct settings {
	struct setting *list; /* ends with a name that is NULL */
	size_t count;
	bool *urls;                 /* in the order of the list: the value is a whole URL */
	bool broken;                /* a line was refused: a setting that is missing may be that */
	const char *base_url_about; /* what about.base_url says, or NULL */
	unsigned *lines;            /* of the keys; 0: a setting that the file does not name */
};

/* Read SECTION of FILE (NULL: there is none) into *SETTINGS, which is of ARENA. Returns 0, or a
 * negative errno and a fault in FAULTS. */
int settings_read(struct arena *arena, const char *file, const struct section *section,
		  struct settings *settings, struct faults *faults);

/* Return true if ENTRY of [vendor] explains a setting: about.NAME. */
bool settings_is_about(const struct entry *entry);

/* Take what VENDOR, the section [vendor] of FILE, says of SETTINGS, which are of ARENA. STRICT:
 * what explains no setting is an error. Returns 0, or a negative errno and a fault in FAULTS. */
int settings_explain(struct arena *arena, const char *file, const struct section *vendor,
		     bool strict, struct settings *settings, struct faults *faults);

/* Append a setting that the file does not name, unless it is there: self_id, notice_file. Returns 0
 * or -ENOMEM. */
int settings_add(struct arena *arena, struct settings *settings, const char *name,
		 enum setting_type type);

/* As settings_add, for a URL in place of one that the file writes out: NAME, or NAME.WORD if WORD
 * is not "". */
int settings_add_url(struct arena *arena, struct settings *settings, const char *name,
		     const char *word);

/*
 * Return the placeholder, "{token_url}", of the URL that VALUES (in the order of the settings) have
 * in place of one that the file writes out: NAME and WORD as for settings_add_url. It is written to
 * BUFFER. NULL: none is given, or the file has a setting of that name.
 */
const char *settings_url(const struct settings *settings, const char *const *values,
			 const char *name, const char *word, char buffer[HINT_MAX + 2]);

/* Return the index of NAME, or -1. */
int settings_find(const struct settings *settings, const char *name);

#endif

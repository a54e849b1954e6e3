/* SPDX-License-Identifier: Apache-2.0 */
/*
 * types.c - see types.h.
 *
 * A description that an administrator puts next to the config comes before all others. No message
 * quotes the type, because a secret may be in the wrong line. This file must not know a vendor by
 * name.
 */
#include "mount/config/types.h"

#include "mount/config/keys.h"
#include "mount/config/mend.h"
#include "vendors/description/description.h"
#include "vendors/ini/hint.h"
#include "vendors/ini/sections.h"
#include "vendors/vendor.h"
#include "vendors/vendors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SYSTEM_FOLDER "/etc/rosterfs/vendors"
#define USER_FOLDER "rosterfs/vendors"
#define PART_MIN 4 /* bytes of a name that says something as a part of another */
#define INSTALLED_FOLDER "share/rosterfs/vendors" /* below the prefix, next to bin */

/* ---- folders ---- */

/* Append FOLDER, whose memory is taken, or nothing if it is NULL. */
static void add_folder(struct types *types, char *folder)
{
	size_t count = 0;

	while (types->folders[count])
		count++;
	types->folders[count] = folder;
}

/* Return FOLDER, or free it and return NULL if this user may not look into it. */
static char *if_open(char *folder)
{
	if (folder && faccessat(AT_FDCWD, folder, X_OK, AT_EACCESS) && errno == EACCES) {
		free(folder);
		return NULL;
	}
	return folder;
}

/* Return the folder of the user's own descriptions, or NULL: there is none, or HOME is another
 * user's. */
static char *user_folder(void)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	char *folder = NULL;
	int length = 0;

	if (config && *config == '/')
		length = asprintf(&folder, "%s/" USER_FOLDER, config);
	else if (home && *home == '/')
		length = asprintf(&folder, "%s/.config/" USER_FOLDER, home);
	if (length < 0)
		return NULL;
	return if_open(folder);
}

/* Return the folder that `make install` fills, which is found from the program's own place, or
 * NULL: this user may not look into it. */
static char *installed_folder(void)
{
	char program[4096];
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
	char *folder = NULL;

	/* PREFIX/bin/rosterfs */
	for (int names = 0; names < 2 && length > 0; names++) {
		while (length > 0 && program[length - 1] != '/')
			length--;
		length -= length > 0;
	}
	if (length < 0 || asprintf(&folder, "%.*s/" INSTALLED_FOLDER, (int)length, program) < 0)
		return NULL;
	return if_open(folder);
}

int types_init(struct types *types, const char *file)
{
	const char *slash = strrchr(file, '/');
	/* in the root directory there is nothing before the slash */
	char *own = slash == file ? strdup("/")
		    : slash       ? strndup(file, (size_t)(slash - file))
				  : strdup(".");
	char *system = strdup(SYSTEM_FOLDER);

	*types = (struct types){0};
	if (!own || !system) {
		free(own);
		free(system);
		return -ENOMEM;
	}
	add_folder(types, own);
	add_folder(types, user_folder());
	add_folder(types, system);
	add_folder(types, installed_folder());
	return 0;
}

void types_clear(struct types *types)
{
	for (size_t i = 0; types->folders[i]; i++)
		free(types->folders[i]);
	*types = (struct types){0};
}

/* ---- an unknown type ---- */

/* The names of all types, for a message. */
struct known {
	const char *type; /* what was asked for */
	struct hint hint;
	char part[HINT_MAX]; /* a type that has, or is in, what was asked for; or "" */
	char names[300];
	size_t used;
};

static void note_type(const char *type, void *arg)
{
	struct known *known = arg;
	size_t length = strlen(type);

	hint_offer(&known->hint, known->type, type);
	/* okta-test, google */
	if (!*known->part && strlen(known->type) >= PART_MIN && length >= PART_MIN &&
	    length < sizeof(known->part) &&
	    (strcasestr(known->type, type) || strcasestr(type, known->type)))
		(void)snprintf(known->part, sizeof(known->part), "%s", type);
	/* in several folders, or already there as a part of the list */
	for (const char *at = known->names; (at = strstr(at, type)); at++) {
		if ((at == known->names || at[-1] == ' ') && (!at[length] || at[length] == ','))
			return;
	}
	if (known->used + length + sizeof(", ...") < sizeof(known->names))
		known->used += (size_t)snprintf(known->names + known->used,
						sizeof(known->names) - known->used, "%s%s",
						known->used ? ", " : "", type);
	else if (known->used && known->names[known->used - 1] != '.')
		known->used += (size_t)snprintf(known->names + known->used,
						sizeof(known->names) - known->used, ", ...");
}

/* Write the FOLDERS to TEXT, of SIZE bytes, and what to do if the last one, with the installed
 * descriptions, is not there. */
static void list_folders(char *const *folders, char *text, size_t size)
{
	size_t used = 0, i;

	*text = '\0';
	for (i = 0; folders[i] && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "",
					 folders[i]);
	if (used < size && i && access(folders[i - 1], F_OK))
		(void)
		    snprintf(text + used, size - used,
			     " (the last is not there: rosterfs is not installed; run make "
			     "install, or copy the file from descriptions/ of the sources next to "
			     "the config)");
}

/*
 * Refuse the type of SECTION, which ENTRY (NULL: its name) gives. Writes the type that is meant to
 * MEANT, or "".
 */
static void fail_type(const struct keys *keys, const struct section *section,
		      const struct entry *entry, char meant[HINT_MAX])
{
	const struct types *types = keys->types;
	struct known known = {.type = entry ? entry->value : section->name, .hint = HINT_NONE};
	char folders[800];
	const char *like;
	bool certain;

	for (size_t i = 0; vendors[i]; i++)
		note_type(vendors[i]->type, &known);
	description_each_type((const char *const *)types->folders, note_type, &known);
	list_folders(types->folders, folders, sizeof(folders));
	like = *known.hint.name ? known.hint.name : known.part;
	/* only a name with one letter in another place is certain enough to go on with */
	certain = *known.hint.name && known.hint.distance * 4 <= strlen(known.hint.name);
	(void)snprintf(meant, HINT_MAX, "%s", certain ? known.hint.name : "");
	if (entry && *like)
		(void)keys_fail(keys, entry->line, "unknown type; did you mean %s?", like);
	else if (entry)
		(void)keys_fail(keys, entry->line,
				"unknown type; known types are: %s; TYPE.vendor was looked for "
				"in: %s",
				known.names, folders);
	else if (*like)
		(void)keys_fail(keys, section->line,
				"section [%s]: no vendor has this name; did you mean %s? add type "
				"= %s, or rename the section",
				section->name, like, like);
	else
		(void)keys_fail(keys, section->line,
				"section [%s] needs a key type, one of: %s; or a file %s.vendor "
				"in: %s",
				section->name, known.names, section->name, folders);
}

/* ---- lookup ---- */

/* Put the description of TYPE, read now or before, into *FOUND. Returns as description_read. */
static int describe(const struct keys *keys, const char *type, struct description **found)
{
	struct types *types = keys->types;
	struct description **longer;
	int result;

	for (size_t i = 0; i < types->count; i++) {
		*found = types->list[i];
		if (strcmp(description_outline(*found)->type, type) == 0)
			return 0;
	}
	longer = reallocarray(types->list, types->count + 1, sizeof(struct description *));
	if (!longer)
		return faults_add(keys->faults, ENOMEM, keys->file, 0, "out of memory");
	types->list = longer;
	result = description_read(type, (const char *const *)types->folders, found, keys->faults);
	if (!result)
		types->list[types->count++] = *found;
	return result;
}

/* Find TYPE, which LINE of the config names. Returns as describe. */
static int find(const struct keys *keys, unsigned line, const char *type,
		const struct vendor **vendor, struct description **description)
{
	int result;

	*description = NULL;
	*vendor = vendors_find(type);
	if (*vendor)
		return 0;
	keys->faults->main = keys->file;
	keys->faults->at = line;
	result = describe(keys, type, description);
	keys->faults->main = NULL;
	if (!result)
		*vendor = description_outline(*description);
	return result;
}

int types_find(const struct keys *keys, struct section *section, const struct vendor **vendor,
	       struct description **description)
{
	struct entry *entry = sections_entry(section, "type");
	char meant[HINT_MAX];
	unsigned line;
	int result;

	if (entry && entry->refused)
		return -EINVAL;
	if (entry)
		mend_value(keys, entry);
	line = entry ? entry->line : section->line;
	result = find(keys, line, entry ? entry->value : section->name, vendor, description);
	/* the error in the header is reported */
	if (result == -ENOENT && section->refused && !entry)
		return -EINVAL;
	if (result == -ENOENT) {
		fail_type(keys, section, entry, meant);
		result = *meant ? find(keys, line, meant, vendor, description) : -EINVAL;
	}
	return result ? -EINVAL : 0;
}

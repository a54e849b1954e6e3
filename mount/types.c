/* SPDX-License-Identifier: Apache-2.0 */
/*
 * types.c - see types.h.
 *
 * A description that an administrator puts next to the config comes before all others. No message
 * quotes the type, because a secret may be in the wrong line. This file must not know a vendor by
 * name.
 */
#include "mount/types.h"

#include "mount/keys.h"
#include "vendors/description/description.h"
#include "vendors/ini/hint.h"
#include "vendors/ini/sections.h"
#include "vendors/vendor.h"
#include "vendors/vendors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SYSTEM_FOLDER "/etc/rosterfs/vendors"
#define USER_FOLDER "rosterfs/vendors"
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
	if (folder && faccessat(AT_FDCWD, folder, X_OK, AT_EACCESS) && errno == EACCES) {
		free(folder);
		return NULL;
	}
	return folder;
}

/* Return the folder that `make install` fills, which is found from the program's own place, or
 * NULL. */
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
	return folder;
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
	char names[300];
	size_t used;
};

static void note_type(const char *type, void *arg)
{
	struct known *known = arg;
	size_t length = strlen(type);

	hint_offer(&known->hint, known->type, type);
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

static int fail_type(const struct keys *keys, const struct section *section,
		     const struct entry *entry)
{
	const struct types *types = keys->types;
	struct known known = {.type = entry ? entry->value : section->name, .hint = HINT_NONE};
	char folders[800];

	for (size_t i = 0; vendors[i]; i++)
		note_type(vendors[i]->type, &known);
	description_each_type((const char *const *)types->folders, note_type, &known);
	list_folders(types->folders, folders, sizeof(folders));
	if (entry)
		return keys_fail(keys, entry->line,
				 "unknown type; %s%s%sknown types are: %s; TYPE.vendor was looked "
				 "for in: %s",
				 *known.hint.name ? "did you mean " : "", known.hint.name,
				 *known.hint.name ? "? " : "", known.names, folders);
	return keys_fail(keys, section->line,
			 "section [%s] needs a key type, one of: %s; or a file %s.vendor in: %s",
			 section->name, known.names, section->name, folders);
}

/* ---- lookup ---- */

/* Put the description of TYPE, read now or before, into *FOUND. Returns as description_read. */
static int describe(struct types *types, const char *type, struct description **found, char *why,
		    size_t why_size)
{
	struct description **longer;
	int result;

	for (size_t i = 0; i < types->count; i++) {
		*found = types->list[i];
		if (strcmp(description_outline(*found)->type, type) == 0)
			return 0;
	}
	longer = reallocarray(types->list, types->count + 1, sizeof(struct description *));
	if (!longer)
		return -ENOMEM;
	types->list = longer;
	result = description_read(type, (const char *const *)types->folders, found, why, why_size);
	if (!result)
		types->list[types->count++] = *found;
	return result;
}

int types_find(const struct keys *keys, const struct section *section, const struct entry *entry,
	       const struct vendor **vendor, struct description **description)
{
	const char *type = entry ? entry->value : section->name;
	char why[512] = "out of memory";
	int result;

	*description = NULL;
	*vendor = vendors_find(type);
	if (*vendor)
		return 0;
	result = describe(keys->types, type, description, why, sizeof(why));
	if (result == -ENOENT)
		return fail_type(keys, section, entry);
	if (result) {
		(void)keys_fail(keys, entry ? entry->line : section->line, "%s", why);
		return result;
	}
	*vendor = description_outline(*description);
	return 0;
}

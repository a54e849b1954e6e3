/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lookup.c - see lookup.h.
 *
 * A description says where secrets are sent. So it is trusted only if nobody else than root and the
 * user who runs rosterfs could have written it. It must not know what a description says.
 */
#include "vendors/description/lookup.h"

#include "vendors/base/limits.h"
#include "vendors/description/builtin.h"
#include "vendors/ini/file_text.h"
#include "vendors/ini/sections.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUFFIX ".vendor"
#define TYPE_MAX 64

/* Return true if TYPE may be the name of a description. */
static bool is_type(const char *type)
{
	size_t length = strlen(type);

	return length && length < TYPE_MAX &&
	       strspn(type, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") ==
		   length;
}

const char *lookup_builtin(const char *type)
{
	for (const struct builtin *builtin = builtins; builtin->type; builtin++) {
		if (strcmp(builtin->type, type) == 0)
			return builtin->text;
	}
	return NULL;
}

/* Read TYPE.vendor in FOLDER. Returns as lookup_find. */
static int read_file(const char *type, const char *folder, char **file, char **text, size_t *length,
		     struct faults *faults)
{
	char why[TRUSTED_WORDS];
	int result;

	if (asprintf(file, "%s/%s" SUFFIX, folder, type) < 0) {
		*file = NULL;
		return faults_add(faults, ENOMEM, type, 0, "out of memory");
	}
	result = file_text(*file, TRUSTED_OWNED, LIMITS_TEXT_MAX, text, length, NULL, why);
	if (result == -ENOENT || result == -ENOTDIR)
		return -ENOENT;
	if (result)
		return faults_add(faults, -result, *file, 0, "%s%s",
				  result == -EPERM ? "it says where secrets are sent, and " : "",
				  result == -EFBIG ? "it is larger than " LIMITS_TEXT_WORDS : why);
	return 0;
}

int lookup_find(const char *type, const char *const *folders, char **file, char **text,
		size_t *length, struct faults *faults)
{
	const char *builtin;
	int result = -ENOENT;

	*file = *text = NULL;
	if (!is_type(type))
		return -ENOENT;
	for (; folders && *folders && result == -ENOENT; folders++) {
		free(*file);
		result = read_file(type, *folders, file, text, length, faults);
	}
	builtin = result == -ENOENT ? lookup_builtin(type) : NULL;
	if (builtin) {
		free(*file);
		*length = strlen(builtin);
		*text = strdup(builtin);
		if (asprintf(file, "%s" SUFFIX " (built in)", type) < 0)
			*file = NULL;
		result = *text && *file ? 0 : faults_add(faults, ENOMEM, type, 0, "out of memory");
	}
	if (result) {
		free(*file);
		free(*text);
		*file = *text = NULL;
	}
	return result;
}

void lookup_each(const char *const *folders, void (*each)(const char *type, void *arg), void *arg)
{
	for (; folders && *folders; folders++) {
		DIR *folder = opendir(*folders);
		const struct dirent *entry;

		while (folder && (entry = readdir(folder))) {
			size_t length = strlen(entry->d_name);
			char type[TYPE_MAX + sizeof(SUFFIX)];

			if (length >= sizeof(type) || length < sizeof(SUFFIX) ||
			    strcmp(entry->d_name + length + 1 - sizeof(SUFFIX), SUFFIX) != 0)
				continue;
			(void)snprintf(type, sizeof(type), "%.*s",
				       (int)(length + 1 - sizeof(SUFFIX)), entry->d_name);
			if (is_type(type))
				each(type, arg);
		}
		if (folder)
			(void)closedir(folder);
	}
	for (const struct builtin *builtin = builtins; builtin->type; builtin++)
		each(builtin->type, arg);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * paths.c - see paths.h.
 */
#include "mount/config/paths.h"

#include "mount/config/keys.h"
#include "vendors/ini/sections.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* Refuse what only a shell or a browser understands. */
static int paths_check(const struct keys *keys, const struct entry *entry)
{
	const char *home = getenv("HOME"), *value = entry->value;

	/* ~ alone, or before a slash; a shell takes ~name for the home of a user as well */
	if (*value == '~')
		return keys_fail(keys, entry->line,
				 "%s: ~ means a home directory only to a shell; write the whole "
				 "path, such as %s/...",
				 entry->key, home && *home == '/' ? home : "/home/jane");
	if (*value == '$')
		return keys_fail(keys, entry->line,
				 "%s: variables have a value only to a shell; write the whole path",
				 entry->key);
	if (strncasecmp(value, "file:", 5) == 0)
		return keys_fail(keys, entry->line, "%s must be a path, not a URL; remove file://",
				 entry->key);
	return 0;
}

int paths_make(const struct keys *keys, const struct entry *entry, char **path)
{
	const char *slash = strrchr(keys->file, '/');
	int length = slash ? (int)(slash - keys->file) : 0;
	char *here = NULL;
	int result = paths_check(keys, entry);

	if (result)
		return result;
	if (entry->value[0] == '/') {
		*path = strdup(entry->value);
		return *path ? 0 : keys_fail_memory(keys, entry->line);
	}
	if (keys->file[0] != '/') {
		here = getcwd(NULL, 0);
		if (!here)
			return keys_fail(
			    keys, entry->line,
			    "%s: the working directory does not exist; use an absolute path",
			    entry->key);
	}
	/* in the root directory there is nothing before the slash */
	if (asprintf(path, "%s%s%.*s/%s", here && here[1] ? here : "", here && length ? "/" : "",
		     length, keys->file, entry->value) < 0)
		result = keys_fail_memory(keys, entry->line);
	free(here);
	return result;
}

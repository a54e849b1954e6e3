/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arguments.c - see arguments.h.
 */
#include "mount/arguments.h"

#include "mount/options.h"
#include "vendors/base/shell_word.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define USUAL_NAME "rosterfs.conf"

static bool is_file(const char *path)
{
	struct stat status;

	return path && stat(path, &status) == 0 && !S_ISDIR(status.st_mode);
}

/* Write that the arguments are swapped, and the COMMAND that is meant, with the COUNT words behind
 * it. */
static void tell_swapped(const char *what, const char *command, const char *const *words,
			 size_t count, char *why, size_t why_size)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	for (size_t i = 0; out && i < count; i++) {
		if (!words[i])
			continue;
		(void)fputc(' ', out);
		shell_word_put(out, words[i]);
	}
	if (out && fclose(out) == 0)
		(void)snprintf(why, why_size, "%s: the arguments are swapped; run %s%s", what,
			       command, text);
	else
		(void)snprintf(why, why_size, "%s: the arguments are swapped", what);
	free(text);
}

/* Refuse a config that is a directory. */
static int fail_directory(const struct options *options, char *why, size_t why_size)
{
	const char *config = options->config, *slash = config[strlen(config) - 1] == '/' ? "" : "/";
	const char *const words[] = {options->mountpoint, config};
	char what[2 * PATH_MAX];
	bool inside;

	if (is_file(options->mountpoint)) {
		(void)snprintf(what, sizeof(what), "%s is a directory and %s is a file", config,
			       options->mountpoint);
		tell_swapped(what, "rosterfs", words, 2, why, why_size);
		return -EISDIR;
	}
	(void)snprintf(what, sizeof(what), "%s%s" USUAL_NAME, config, slash);
	inside = is_file(what);
	(void)snprintf(why, why_size, "%s is a directory: CONFIG must be the config file%s%s%s",
		       config, inside ? "; did you mean " : ", see rosterfs.conf(5)",
		       inside ? what : "", inside ? "?" : "");
	return -EISDIR;
}

/* Refuse a config that does not exist. */
static int fail_missing(const struct options *options, char *why, size_t why_size)
{
	const char *config = options->config;
	/* of --explain PATH CONFIG, and --explain PATH WORD CONFIG */
	const char *file = options->explain && is_file(options->path)   ? options->path
			   : options->explain && is_file(options->word) ? options->word
									: NULL;
	const char *const words[] = {file, config,
				     file == options->path ? options->word : options->path};
	char what[2 * PATH_MAX];

	if (file) {
		(void)snprintf(what, sizeof(what),
			       "%s: No such file or directory, but %s is a file", config, file);
		tell_swapped(what, "rosterfs --explain", words, 3, why, why_size);
	} else if (*config == '~') {
		(void)snprintf(why, why_size,
			       "%s: No such file or directory: ~ means a home directory only to a "
			       "shell, and not in quotes; write the whole path",
			       config);
	} else {
		(void)
		    snprintf(why, why_size,
			     "%s: No such file or directory; rosterfs --init makes a config file, "
			     "and rosterfs.conf(5) describes it",
			     config);
	}
	return -ENOENT;
}

int arguments_check(const struct options *options, char *why, size_t why_size)
{
	struct stat status;

	if (stat(options->config, &status) == 0)
		return S_ISDIR(status.st_mode) ? fail_directory(options, why, why_size) : 0;
	/* other errors, such as no permission, come from reading it */
	return errno == ENOENT ? fail_missing(options, why, why_size) : 0;
}

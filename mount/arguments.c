/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arguments.c - see arguments.h.
 */
#include "mount/arguments.h"

#include "mount/options.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define USUAL_NAME "rosterfs.conf"

static bool is_file(const char *path)
{
	struct stat status;

	return path && stat(path, &status) == 0 && !S_ISDIR(status.st_mode);
}

/* Refuse a config that is a directory. */
static int fail_directory(const struct options *options, char *why, size_t why_size)
{
	const char *config = options->config, *slash = config[strlen(config) - 1] == '/' ? "" : "/";
	char inside[PATH_MAX];

	(void)snprintf(inside, sizeof(inside), "%s%s" USUAL_NAME, config, slash);
	if (is_file(options->mountpoint))
		(void)snprintf(why, why_size,
			       "%s is a directory and %s is a file: the arguments are swapped; run "
			       "rosterfs %s %s",
			       config, options->mountpoint, options->mountpoint, config);
	else
		(void)snprintf(why, why_size,
			       "%s is a directory: CONFIG must be the config file%s%s%s", config,
			       is_file(inside) ? "; did you mean " : ", see rosterfs.conf(5)",
			       is_file(inside) ? inside : "", is_file(inside) ? "?" : "");
	return -EISDIR;
}

/* Refuse a config that does not exist. */
static int fail_missing(const struct options *options, char *why, size_t why_size)
{
	const char *config = options->config;
	/* of --explain PATH CONFIG, and --explain PATH WORD CONFIG */
	bool path = options->explain && is_file(options->path);
	bool word = options->explain && !path && options->word && is_file(options->word);

	if (path || word)
		(void)snprintf(why, why_size,
			       "%s: there is no such config file, but %s is one: the arguments are "
			       "swapped; run rosterfs --explain %s %s%s%s",
			       config, path ? options->path : options->word,
			       path ? options->path : options->word, config,
			       path && !options->word ? "" : " ",
			       path ? options->word ? options->word : "" : options->path);
	else if (*config == '~')
		(void)snprintf(why, why_size,
			       "%s: there is no such config file: ~ means a home directory only to "
			       "a shell, and not in quotes; write the whole path",
			       config);
	else
		(void)snprintf(why, why_size,
			       "%s: there is no such config file; rosterfs.conf(5) says how to "
			       "write one",
			       config);
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

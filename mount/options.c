/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options.c - see options.h.
 *
 * mount(8) calls a FUSE program as `rosterfs CONFIG MOUNTPOINT -o rw,nosuid,...`, with the options
 * last. Words among them that are for mount(8) itself are dropped. Words that libfuse knows are
 * passed on as text. Any other word is an error here, because libfuse would report it only after
 * secrets are read. A misspelt dry_run must not become a mount that sends. This file must not
 * include a FUSE header.
 */
#include "mount/options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* what getopt_long returns for options without a letter */
enum { OPTION_CHECK = 256, OPTION_EXPLAIN, OPTION_JSON, OPTION_INIT, OPTION_NEW_KEY };

enum action {
	ACTION_DROP, /* for mount(8), or the default */
	ACTION_PASS, /* for libfuse and the kernel */
	ACTION_READ_ONLY,
	ACTION_READ_WRITE,
	ACTION_DRY_RUN,
	ACTION_NONEMPTY,
	ACTION_CLEAN_STALE,
	ACTION_REMOUNT,
	ACTION_ALLOW_OTHER,
	ACTION_ALLOW_ROOT,
	ACTION_DEBUG,
	ACTION_UID,
	ACTION_GID,
	ACTION_UMASK,
};

/* One word of -o. A name that ends in = or - is a prefix; any text may follow. */
static const struct word {
	const char *name;
	enum action action;
} words[] = {
    {"ro", ACTION_READ_ONLY},
    {"rw", ACTION_READ_WRITE},
    {"dry_run", ACTION_DRY_RUN},
    {"nonempty", ACTION_NONEMPTY},
    {"clean_stale", ACTION_CLEAN_STALE},
    {"remount", ACTION_REMOUNT},
    {"allow_other", ACTION_ALLOW_OTHER},
    {"debug", ACTION_DEBUG},
    {"uid=", ACTION_UID},
    {"gid=", ACTION_GID},
    {"umask=", ACTION_UMASK},
    {"default_permissions", ACTION_DROP}, /* always set */
    {"allow_root", ACTION_ALLOW_ROOT},
    {"auto_unmount", ACTION_PASS},
    {"fsname=", ACTION_PASS},
    {"subtype=", ACTION_PASS},
    {"context=", ACTION_PASS},
    {"fscontext=", ACTION_PASS},
    {"defcontext=", ACTION_PASS},
    {"rootcontext=", ACTION_PASS},
    {"dev", ACTION_PASS},
    {"nodev", ACTION_PASS},
    {"suid", ACTION_PASS},
    {"nosuid", ACTION_PASS},
    {"exec", ACTION_PASS},
    {"noexec", ACTION_PASS},
    {"sync", ACTION_PASS},
    {"async", ACTION_PASS},
    {"dirsync", ACTION_PASS},
    {"atime", ACTION_PASS},
    {"noatime", ACTION_PASS},
    /* libfuse 3.14 does not know these, and no file here has an access time */
    {"diratime", ACTION_DROP},
    {"nodiratime", ACTION_DROP},
    {"relatime", ACTION_DROP},
    {"norelatime", ACTION_DROP},
    {"strictatime", ACTION_DROP},
    {"nostrictatime", ACTION_DROP},
    {"lazytime", ACTION_DROP},
    {"nolazytime", ACTION_DROP},
    {"defaults", ACTION_DROP},
    {"auto", ACTION_DROP},
    {"noauto", ACTION_DROP},
    {"nofail", ACTION_DROP},
    {"_netdev", ACTION_DROP},
    {"user", ACTION_DROP},
    {"user=", ACTION_DROP},
    {"users", ACTION_DROP},
    {"nouser", ACTION_DROP},
    {"nousers", ACTION_DROP},
    {"owner", ACTION_DROP},
    {"noowner", ACTION_DROP},
    {"group", ACTION_DROP},
    {"nogroup", ACTION_DROP},
    {"comment=", ACTION_DROP},
    {"x-", ACTION_DROP},
    {"X-", ACTION_DROP},
    {"_rnetdev", ACTION_DROP},
    /* what FUSE filesystems do not have: kernel messages, mandatory locks, i_version */
    {"silent", ACTION_DROP},
    {"loud", ACTION_DROP},
    {"mand", ACTION_DROP},
    {"nomand", ACTION_DROP},
    {"iversion", ACTION_DROP},
    {"noiversion", ACTION_DROP},
};

struct parse {
	struct options *options;
	char *why;
	size_t why_size;
};

static int options_fail(const struct parse *parse, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int options_fail(const struct parse *parse, int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(parse->why, parse->why_size, format, arguments);
	va_end(arguments);
	for (char *at = parse->why; parse->why_size && *at; at++) {
		if (iscntrl((unsigned char)*at))
			*at = '?';
	}
	return -error;
}

/* Append WORD to the words for libfuse. */
static int pass(const struct parse *parse, const char *word)
{
	char *joined;
	char *before = parse->options->mount_options;

	if (asprintf(&joined, "%s%s%s", before ? before : "", before ? "," : "", word) < 0)
		return options_fail(parse, ENOMEM, "out of memory");
	free(before);
	parse->options->mount_options = joined;
	return 0;
}

/* Parse TEXT, digits only, as a number in BASE from 0 to MAX. */
static int number(const struct parse *parse, const char *name, const char *text, int base,
		  unsigned long max, unsigned long *value)
{
	char *end;

	errno = 0;
	*value = strtoul(text, &end, base);
	if (!isdigit((unsigned char)*text) || *end || errno || *value > max)
		return options_fail(parse, EINVAL,
				    base == 8
					? "the mount option %s needs an octal number from 0 to 0%lo"
					: "the mount option %s needs a number from 0 to %lu",
				    name, max);
	return 0;
}

static const struct word *options_find(const char *text)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		const char *name = words[i].name;
		size_t length = strlen(name);
		bool beginning = name[length - 1] == '=' || name[length - 1] == '-';

		if (beginning ? strncmp(text, name, length) == 0 : strcmp(text, name) == 0)
			return &words[i];
	}
	return NULL;
}

/* Refuse to change a mount that is there. The kernel could not tell the process behind it. */
static int fail_remount(const struct parse *parse)
{
	return options_fail(
	    parse, EINVAL,
	    "remount is not possible: for other mount options, unmount and mount again; for a "
	    "changed config or new keys, send SIGHUP to rosterfs (kill -HUP, or systemctl reload)");
}

/* Take one word of -o, without commas around it. */
static int take_word(const struct parse *parse, const char *text)
{
	struct options *options = parse->options;
	const struct word *word = options_find(text);
	unsigned long value;
	int result = 0;

	if (!word)
		return options_fail(
		    parse, EINVAL,
		    "unknown mount option %s (ro, dry_run, allow_other, uid=, gid= and umask= "
		    "are known, and the others that rosterfs(1) names)",
		    text);
	switch (word->action) {
	case ACTION_DROP:
		break;
	case ACTION_PASS:
		return pass(parse, text);
	case ACTION_READ_ONLY:
	case ACTION_READ_WRITE:
		/* options_parse passes it on at the end, because the last one counts */
		options->read_only = word->action == ACTION_READ_ONLY;
		break;
	case ACTION_DRY_RUN:
		options->dry_run = true;
		break;
	case ACTION_NONEMPTY:
		options->nonempty = true;
		break;
	case ACTION_CLEAN_STALE:
		options->clean_stale = true;
		break;
	case ACTION_REMOUNT:
		return fail_remount(parse);
	case ACTION_ALLOW_OTHER:
		if (options->allow_other)
			break;
		options->allow_other = true;
		return pass(parse, text);
	case ACTION_ALLOW_ROOT:
		if (options->allow_root)
			break;
		options->allow_root = true;
		return pass(parse, text);
	case ACTION_DEBUG:
		options->debug = options->foreground = true;
		break;
	case ACTION_UID:
		/* the largest number means "no user" */
		result = number(parse, "uid=", text + 4, 10, (uid_t)-2, &value);
		if (result == 0)
			options->uid = (uid_t)value;
		break;
	case ACTION_GID:
		result = number(parse, "gid=", text + 4, 10, (gid_t)-2, &value);
		if (result == 0)
			options->gid = (gid_t)value;
		break;
	case ACTION_UMASK:
		result = number(parse, "umask=", text + 6, 8, 0777, &value);
		if (result)
			break;
		options->umask = (mode_t)value;
		options->umask_given = true;
		break;
	}
	return result;
}

/* Take the argument of one -o: words between commas. `\,` is a comma in a word, as for libfuse. */
static int take_words(const struct parse *parse, const char *text)
{
	char *copy = strdup(text);
	char *begin = copy;
	int result = 0;

	if (!copy)
		return options_fail(parse, ENOMEM, "out of memory");
	for (char *at = copy; result == 0; at++) {
		bool last = *at == '\0';

		if (*at == '\\' && at[1]) {
			at++;
			continue;
		}
		if (!last && *at != ',')
			continue;
		*at = '\0';
		if (at > begin)
			result = take_word(parse, begin);
		begin = at + 1;
		if (last)
			break;
	}
	free(copy);
	return result;
}

static int take_argument(const struct parse *parse, const char *text)
{
	struct options *options = parse->options;

	if (!*text)
		return options_fail(parse, EINVAL, "an empty argument: %s is missing",
				    options->config ? "MOUNTPOINT" : "CONFIG");
	if (!options->config)
		options->config = text;
	else if (options->explain && !options->path)
		options->path = text;
	else if (options->explain && !options->word)
		options->word = text;
	else if (!options->explain && !options->mountpoint)
		options->mountpoint = text;
	else
		return options_fail(
		    parse, EINVAL,
		    "one argument too many: %s (usage: rosterfs [options] CONFIG MOUNTPOINT)",
		    text);
	return 0;
}

static int check_arguments(const struct parse *parse)
{
	const struct options *options = parse->options;

	if (options->new_key && (!*options->new_key || options->config || options->check ||
				 options->explain || options->init || options->json))
		return options_fail(parse, EINVAL, "usage: rosterfs --new-key FILE");
	if (options->new_key)
		return 0;
	if (options->json && !options->check)
		return options_fail(parse, EINVAL,
				    "--json goes with --check only: rosterfs --check --json "
				    "CONFIG");
	if (options->init && (options->check || options->explain || options->mountpoint))
		return options_fail(parse, EINVAL, "usage: rosterfs --init [CONFIG]");
	if (options->init)
		return 0;
	if (options->explain && (options->check || options->mountpoint || !options->path))
		return options_fail(parse, EINVAL, "usage: rosterfs --explain CONFIG PATH [WORD]");
	if (options->explain)
		return 0;
	if (options->check && options->mountpoint)
		return options_fail(parse, EINVAL,
				    "--check mounts nothing: usage: rosterfs --check CONFIG");
	if (options->check && !options->config)
		return options_fail(
		    parse, EINVAL,
		    "CONFIG is missing: usage: rosterfs --check CONFIG; try rosterfs --help");
	if (!options->config)
		return options_fail(parse, EINVAL,
				    "CONFIG and MOUNTPOINT are missing: usage: rosterfs "
				    "[options] CONFIG MOUNTPOINT; rosterfs --init makes a "
				    "config; try rosterfs --help");
	if (!options->check && !options->mountpoint)
		return options_fail(parse, EINVAL,
				    "MOUNTPOINT is missing: usage: rosterfs [options] CONFIG "
				    "MOUNTPOINT; try rosterfs --help");
	return 0;
}

/* libfuse accepts both and then admits only root, which contradicts allow_other. */
static int check_access(const struct parse *parse)
{
	if (parse->options->allow_other && parse->options->allow_root)
		return options_fail(
		    parse, EINVAL,
		    "the mount options allow_other and allow_root exclude each other; "
		    "keep one of the two");
	return 0;
}

/* Take OPTION, which getopt_long returned. */
static int take_option(const struct parse *parse, int option, char **argv)
{
	struct options *options = parse->options;

	switch (option) {
	case 'f':
		options->foreground = true;
		return 0;
	case 'd':
		options->debug = options->foreground = true;
		return 0;
	case 'o':
		return take_words(parse, optarg);
	case 'h':
		options->help = true;
		return 0;
	case 'V':
		options->version = true;
		return 0;
	case OPTION_CHECK:
		if (optarg && strcmp(optarg, "quick") != 0)
			return options_fail(
			    parse, EINVAL,
			    "unknown option --check=%s: only --check and --check=quick are "
			    "known; try rosterfs --help",
			    optarg);
		options->check = true;
		options->quick = optarg != NULL;
		return 0;
	case OPTION_EXPLAIN:
		options->explain = true;
		return 0;
	case OPTION_JSON:
		options->json = true;
		return 0;
	case OPTION_INIT:
		options->init = true;
		return 0;
	case OPTION_NEW_KEY:
		options->new_key = optarg;
		return 0;
	case 1:
		return take_argument(parse, optarg);
	case ':':
		if (optopt == OPTION_NEW_KEY)
			return options_fail(parse, EINVAL, "usage: rosterfs --new-key FILE");
		return options_fail(parse, EINVAL, "the option -%c needs an argument", optopt);
	default:
		/* optopt is an unknown letter; for a long option, optind is already past it */
		if (optopt > 0 && optopt < 128 && !strchr("fdohV", optopt))
			return options_fail(parse, EINVAL,
					    "unknown option -%c; try rosterfs --help", optopt);
		return options_fail(parse, EINVAL, "unknown option %s; try rosterfs --help",
				    argv[optind - 1]);
	}
}

int options_parse(int argc, char **argv, struct options *options, char *why, size_t why_size)
{
	static const struct option long_options[] = {
	    {"help", no_argument, NULL, 'h'},
	    {"version", no_argument, NULL, 'V'},
	    {"check", optional_argument, NULL, OPTION_CHECK},
	    {"explain", no_argument, NULL, OPTION_EXPLAIN},
	    {"json", no_argument, NULL, OPTION_JSON},
	    {"init", no_argument, NULL, OPTION_INIT},
	    {"new-key", required_argument, NULL, OPTION_NEW_KEY},
	    {NULL, 0, NULL, 0},
	};
	const struct parse parse = {options, why, why_size};
	int option;
	int result;

	*options = (struct options){.uid = getuid(), .gid = getgid(), .umask = 077};
	result = pass(&parse, "default_permissions");
	opterr = 0;
	optind = 0; /* restart, even after another command line */
	/* `-`: return arguments in their order, whatever POSIXLY_CORRECT says */
	while (result == 0 &&
	       (option = getopt_long(argc, argv, "-:fdo:hV", long_options, NULL)) != -1) {
		result = take_option(&parse, option, argv);
		if (options->help || options->version)
			return 0;
	}
	while (result == 0 && optind < argc) /* after -- */
		result = take_argument(&parse, argv[optind++]);
	if (result == 0)
		result = check_arguments(&parse);
	if (result == 0)
		result = check_access(&parse);
	if (result == 0 && options->read_only)
		result = pass(&parse, "ro");
	return result;
}

char *options_session(const struct options *options)
{
	char name[PATH_MAX * 2];
	size_t length = 0;
	char *text = NULL;

	for (const char *c = options->config; *c && length < sizeof(name) - 3; c++) {
		if (*c == ',' || *c == '\\')
			name[length++] = '\\';
		name[length++] = *c;
	}
	name[length] = '\0';
	if (asprintf(&text, "-ofsname=%s,subtype=rosterfs,%s", name, options->mount_options) < 0)
		return NULL;
	return text;
}

void options_clear(struct options *options)
{
	free(options->mount_options);
	*options = (struct options){0};
}

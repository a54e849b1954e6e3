/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options.h - the command line: `rosterfs [options] CONFIG MOUNTPOINT`, also as mount(8) gives it.
 *
 * Read once at start. Nothing here touches a file, waits or prints; libfuse is not known here, what
 * is meant for it is handed on as text.
 */
#ifndef ROSTERFS_OPTIONS_H
#define ROSTERFS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct options {
	const char *config;     /* borrowed from argv; set unless help or version */
	const char *mountpoint; /* borrowed from argv, as it was given; NULL with check */
	bool help;              /* print options_help() and end; nothing else was looked at */
	bool version;           /* print the version and end; nothing else was looked at */
	bool check;             /* --check, or --check=quick */
	bool quick;             /* --check=quick */
	bool foreground;        /* -f, or -d */
	bool debug;             /* -d */
	bool read_only;         /* ro: whichever of ro and rw came last */
	bool dry_run;
	bool allow_other;
	bool allow_root; /* never with allow_other */
	uid_t uid;       /* who owns the files: uid=, or the user who mounts */
	gid_t gid;
	/*
	 * Modes are 0666 & ~umask for files and 0777 & ~umask for directories; the default, 077,
	 * gives 0600 and 0700. umask_given: it counts for what has wider modes by default too.
	 */
	mode_t umask;
	bool umask_given;
	/*
	 * For libfuse's -o: words joined by commas, a comma in a word as `\,`. Begins with
	 * default_permissions, ends with ro if read_only, holds allow_other or allow_root if given.
	 * fsname= and subtype= are in it only if the user gave them: put other ones in front of it,
	 * the last counts.
	 */
	char *mount_options;
};

/*
 * Take the command line apart. ARGV is not changed. Returns 0, or a negative errno and one line in
 * WHY that says what to mend. Pair with options_clear (also after an error). One thread only:
 * getopt.
 */
int options_parse(int argc, char **argv, struct options *options, char *why, size_t why_size);

void options_clear(struct options *options);

/* The text of --help: lines, the last one ended too. */
const char *options_help(void);

#endif

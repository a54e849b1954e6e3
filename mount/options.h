/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options.h - the command line: `rosterfs [options] CONFIG MOUNTPOINT`, also as mount(8) passes it.
 *
 * Read once at start. Nothing here accesses a file, blocks or prints. It does not know libfuse:
 * options for it are passed on as text.
 */
#ifndef ROSTERFS_OPTIONS_H
#define ROSTERFS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct options {
	const char *config;     /* borrowed from argv; set unless help, version or init */
	const char *mountpoint; /* borrowed from argv, unchanged; NULL with check, explain */
	bool help;              /* print help_text() and exit; nothing else was checked */
	bool version;           /* print the version and exit; nothing else was checked */
	bool check;             /* --check, or --check=quick */
	bool quick;             /* --check=quick */
	bool json;              /* --json: only with check */
	bool init;              /* --init: config may be NULL */
	const char *new_key;    /* --new-key: the file to make, borrowed; config is NULL */
	bool explain;           /* --explain: mountpoint is NULL */
	const char *path;       /* with explain: the file that would be written, borrowed */
	const char *word;       /* with explain: the status to write, borrowed; NULL: a document */
	bool foreground;        /* -f, or -d */
	bool debug;             /* -d */
	bool read_only;         /* ro is the last of all ro and rw */
	bool dry_run;
	bool nonempty;    /* the mount point may have files, which the mount hides */
	bool clean_stale; /* a mount of a rosterfs that was killed is unmounted first */
	bool allow_other;
	bool allow_root; /* never with allow_other */
	uid_t uid;       /* owner of the files: uid=, or the user that mounts */
	gid_t gid;
	/*
	 * Modes are 0666 & ~umask for files and 0777 & ~umask for directories; the default, 077,
	 * gives 0600 and 0700. umask_given: it also applies to files with wider default modes.
	 */
	mode_t umask;
	bool umask_given;
	/*
	 * For libfuse's -o: words joined by commas, a comma in a word as `\,`. Begins with
	 * default_permissions, ends with ro if read_only, and has allow_other or allow_root if
	 * given. It has fsname= and subtype= only if the user gave them: put defaults in front of
	 * it, because the last one counts.
	 */
	char *mount_options;
};

/*
 * Parse the command line. ARGV is not changed. Returns 0, or a negative errno and one line in WHY
 * that says what to fix. Pair with options_clear, also after an error. Not thread-safe, because of
 * getopt.
 */
int options_parse(int argc, char **argv, struct options *options, char *why, size_t why_size);

/* Return the -o argument for libfuse, which the caller frees: fsname= and subtype=, and then
 * mount_options. NULL: no memory. */
char *options_session(const struct options *options);

/* Free what OPTIONS holds. */
void options_clear(struct options *options);

#endif

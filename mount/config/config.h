/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.h - the config file: sections, typed keys, secrets; errors with file and line.
 *
 * Read at start, before any thread, and again while it is mounted (mount/reload.h). Each key is a
 * row of a table: the mount's keys and the common keys of accounts in keys.c, a vendor's own keys
 * in its table (vendor.h).
 */
#ifndef ROSTERFS_CONFIG_H
#define ROSTERFS_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct account;
struct change_marks;
struct description;
struct faults;

struct config {
	unsigned status_limit;  /* maximum status changes in status_window seconds; 0: no limit */
	unsigned status_window; /* seconds */
	size_t scratch_limit;   /* bytes */
	bool csv_guard;         /* cells that a spreadsheet would run get an apostrophe */
	bool csv_bom;           /* CSV files begin with a byte order mark */
	char *audit_log;        /* or NULL */
	char *history_dir;      /* or NULL */
	unsigned log_umask;     /* permissions that .rosterfs/status and log lose */
	unsigned changes_limit; /* lines of .rosterfs/changes */
	char *changes_log;      /* or NULL */
	struct change_marks *domains; /* of the organisation; it may have none */
	/* the shared store (sharing.h); NULL each where nothing is given */
	char *shared; /* its URL */
	char *shared_user, *shared_password, *shared_password_file, *shared_ca_file;
	char *shared_key_file;
	uint8_t *shared_key; /* of KEY_FILE_BYTES; not NULL if SHARED is not */
	bool shared_required;
	struct account **accounts;
	size_t account_count;
	struct description **descriptions; /* of vendors that accounts have */
	size_t description_count;
	char *file, *folder; /* to read it again: its path, and where commands run; absolute */
};

/*
 * Read FILE into *CONFIG. Returns 0, or a negative errno and in WHY all that is wrong with FILE and
 * with the descriptions that it names, in the order of FILE: lines "FILE:LINE: ..." with newlines
 * between them that say what to fix. WHY never holds a secret. If all else is well, runs
 * `X_command` commands (for 30 seconds at most each) and reads `X_file` files, so it may block.
 * The environment variables that `X_env` keys name are overwritten, and removed before a command
 * runs (environment.h). Pair with config_clear.
 */
int config_read(const char *file, struct config *config, char *why, size_t why_size);

/* As config_read; what is wrong is added to FAULTS, sorted as faults_sort does. */
int config_load(const char *file, struct config *config, struct faults *faults);

/* As config_load, of the LENGTH bytes at TEXT, as if they were in FILE, which need not exist. */
int config_parse(const char *file, const char *text, size_t length, struct config *config,
		 struct faults *faults);
/*
 * As config_read of the file of BEFORE, in a thread of a mount that uses BEFORE. What cannot be
 * read twice is as in BEFORE: a secret from the environment, and one whose command fails. Each is a
 * line of NOTES, of NOTES_SIZE bytes; "": there is none.
 */
int config_read_again(const struct config *before, struct config *config, char *why,
		      size_t why_size, char *notes, size_t notes_size);

/* Free what CONFIG holds, and wipe its secrets. */
void config_clear(struct config *config);

#endif

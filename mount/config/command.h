/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command.h - run a command that prints a secret.
 *
 * What it writes to stderr reaches nobody, except as a part of the words about its failure: a
 * command that is the secret itself, by mistake, would be quoted there by the shell.
 */
#ifndef ROSTERFS_COMMAND_H
#define ROSTERFS_COMMAND_H

#include "mount/config/first_line.h"

#include <stddef.h>

/*
 * Run `sh -c COMMAND` in FOLDER (NULL: here), for 30 seconds at most, with an empty stdin and
 * without a terminal, and keep the first line that it prints in LINE. Returns 0, or a negative
 * errno and words without the secret and the command in WHY, of SIZE bytes: it must end with status
 * 0. Blocks. Any thread; one command runs at a time.
 */
int command_run(const char *command, const char *folder, struct first_line *line, char *why,
		size_t size);

/* End the command that is running, and fail each later one. Any thread. */
void command_stop(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arguments.h - the arguments of the command line against the file system: are they swapped?
 */
#ifndef ROSTERFS_ARGUMENTS_H
#define ROSTERFS_ARGUMENTS_H

#include <stddef.h>

struct options;

/*
 * Check that the config of OPTIONS is there and is no directory. Returns 0, or a negative errno and
 * one line in WHY that says what to do, such as which arguments are swapped. Blocks on the file
 * system.
 */
int arguments_check(const struct options *options, char *why, size_t why_size);

#endif

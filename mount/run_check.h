/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run_check.h - rosterfs --check, from the command line to the exit status.
 */
#ifndef ROSTERFS_RUN_CHECK_H
#define ROSTERFS_RUN_CHECK_H

struct options;

/*
 * Read the config of OPTIONS, check it and its vendors, and print what is found to stdout, as lines
 * or as JSON. Returns the exit status: 0 if all is well, 1 if a vendor has failed, 2 if the config
 * is wrong. Blocks until the vendors have responded.
 */
int run_check(const struct options *options);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init.h - rosterfs --init: ask for a config, try it, and write it.
 */
#ifndef ROSTERFS_INIT_H
#define ROSTERFS_INIT_H

#include "mount/init/place.h"

struct config;
struct http;

/*
 * Ask on stdout and stdin what belongs into the config FILE (NULL: the usual one of the user), try
 * each vendor, and write it. OPEN makes the queues of a config's accounts, as struct trial has it.
 * FIND checks the mount point. Returns the exit status: 0: it was written; 1: it was not; 2: FILE
 * cannot be written, or is a config with errors. Does not return if the new config is then mounted.
 * Before there are threads.
 */
int init_run(const char *file, int (*open)(const struct config *config, struct http **http),
	     place_find *find);

#endif

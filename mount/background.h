/* SPDX-License-Identifier: Apache-2.0 */
/*
 * background.h - into the background, but not before the mount answers.
 */
#ifndef ROSTERFS_BACKGROUND_H
#define ROSTERFS_BACKGROUND_H

#include <stdbool.h>

/*
 * Fork. The parent waits in here for what the child reports and ends with that exit status; only
 * the child returns, with 0, or the parent with a negative errno when there is no child. Before any
 * thread.
 */
int background_fork(void);

/* In the child (or without a fork: nothing happens): the mount answers, let the parent go with
 * status 0. */
void background_ready(void);

/* In the child: it failed (the words are on stderr already), let the parent go with status 1. */
void background_failed(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * background.h - continues in the background once the mount works.
 */
#ifndef ROSTERFS_BACKGROUND_H
#define ROSTERFS_BACKGROUND_H

#include <stdbool.h>

/*
 * Fork, before there are threads. The parent waits here for the child's report and exits with that
 * status. Only the child returns, with 0; if there is no child, the parent returns a negative
 * errno.
 */
int background_fork(void);

/* Let the parent exit with status 0, because the mount works, and redirect the standard descriptors
 * to /dev/null. For the child. A no-op without a fork. */
void background_ready(void);

/* Let the parent exit with STATUS, which is not 0. The error is on stderr already. For the child. A
 * no-op without a fork, and after background_ready. */
void background_failed(int status);

#endif

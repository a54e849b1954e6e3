/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.h - rosterfs --check: whether the config and each vendor's credentials work, and whether
 * users can be deactivated.
 */
#ifndef ROSTERFS_CHECK_H
#define ROSTERFS_CHECK_H

#include <stdbool.h>

struct config;
struct report;

struct check_options {
	bool quick;              /* only the first page of each list */
	bool read_only, dry_run; /* the mount would have these options */
};

/*
 * Ask all vendors of CONFIG, whose accounts have queues, at the same time: the user of the key, the
 * whole list of users and their statuses. Tell REPORT what is known as soon as it is. Only GETs are
 * sent, other requests of lists, and requests for a token. Blocks until the vendors have responded.
 * Returns the number of vendors that failed: those that did not respond correctly, and those whose
 * responses show that no user can be deactivated; or -ENOMEM.
 */
int check_run(const struct config *config, const struct check_options *options,
	      struct report *report);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.h - rosterfs --check: do the config and each vendor's credentials work, and can people be
 * deactivated?
 */
#ifndef ROSTERFS_CHECK_H
#define ROSTERFS_CHECK_H

#include <stdbool.h>
#include <stdio.h>

struct config;

/*
 * Ask all vendors of CONFIG (accounts with their queues) at the same time: whose the key is, the
 * whole list of users (QUICK: its first page) and their statuses. Write lines to OUT, each as soon
 * as it is known and beginning with the name of its account. Only GETs are sent, and requests for a
 * token. Waits for the vendors. Returns the number of vendors that failed: those that did not
 * respond as they should, and those whose responses show that nobody can be deactivated.
 */
unsigned check_run(const struct config *config, bool quick, FILE *out);

#endif

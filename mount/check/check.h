/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.h - rosterfs --check: whether the config and each vendor's credentials work, and whether
 * users can be deactivated.
 */
#ifndef ROSTERFS_CHECK_H
#define ROSTERFS_CHECK_H

#include <stdbool.h>
#include <stdio.h>

struct config;

/*
 * Ask all vendors of CONFIG, whose accounts have queues, at the same time: the user of the key, the
 * whole list of users (QUICK: its first page) and their statuses. Write a line to OUT as soon as
 * something is known; it begins with the name of the account. Only GETs are sent, and requests for
 * a token. Blocks until the vendors have responded. Returns the number of vendors that failed:
 * those that did not respond correctly, and those whose responses show that no user can be
 * deactivated.
 */
unsigned check_run(const struct config *config, bool quick, FILE *out);

#endif

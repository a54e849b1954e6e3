/* SPDX-License-Identifier: Apache-2.0 */
/*
 * descriptors.h - how many files this process may open, and how many requests that allows.
 */
#ifndef ROSTERFS_DESCRIPTORS_H
#define ROSTERFS_DESCRIPTORS_H

#include <stddef.h>

struct config;

/*
 * Raise the soft limit (RLIMIT_NOFILE) as far as the accounts of CONFIG need and the hard limit
 * allows. If that is too low, lower `parallel` of the accounts. Call it once, after the config is
 * read and before the accounts have queues.
 *
 * Returns 0 and "" in WORDS; 0 and in WORDS one line that says what is missing and what follows; or
 * -EMFILE and such a line if not even one request of each account could be sent.
 */
int descriptors_provide(const struct config *config, char *words, size_t size);

#endif

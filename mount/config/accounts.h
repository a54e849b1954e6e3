/* SPDX-License-Identifier: Apache-2.0 */
/*
 * accounts.h - the accounts of a config, by name.
 */
#ifndef ROSTERFS_ACCOUNTS_H
#define ROSTERFS_ACCOUNTS_H

struct account;
struct config;

/* Return the account of CONFIG with NAME, borrowed, or NULL. */
struct account *accounts_find(const struct config *config, const char *name);

#endif

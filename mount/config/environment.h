/* SPDX-License-Identifier: Apache-2.0 */
/*
 * environment.h - the secrets that environment variables give, and what libraries take from there.
 *
 * A variable that gives a secret is overwritten when it is read, where /proc/PID/environ shows it,
 * and a copy is kept for those who ask again: a second account, and a config that is read again.
 */
#ifndef ROSTERFS_ENVIRONMENT_H
#define ROSTERFS_ENVIRONMENT_H

#include <stdbool.h>

/*
 * Return the value of the variable NAME, which is a secret, or NULL: there is none. Borrowed until
 * the next call. *KEPT (may be NULL): the variable was read before. One thread at a time.
 */
const char *environment_secret(const char *name, bool *kept);

/* Take the variables that environment_secret has read out of the environment, so that no command
 * inherits them. Only before there are threads. */
void environment_trim(void);

/* Put them back, for a program that replaces this one. Returns 0 or -ENOMEM. */
int environment_restore(void);

/* Remove SSLKEYLOGFILE, with which libraries write the keys of connections to a file, and log that.
 * Before the first use of a library for TLS, and before there are threads. */
void environment_guard(void);

/* Wipe and free the copies. */
void environment_clear(void);

#endif

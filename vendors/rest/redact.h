/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redact.h - keeping what was written by the user out of what the vendor says about it.
 *
 * A vendor that refuses a password or a sign-in code may quote it, and its words go to the log.
 * (Our own keys: account_redact.)
 */
#ifndef ROSTERFS_REDACT_H
#define ROSTERFS_REDACT_H

/*
 * Overwrite SECRET with asterisks wherever it stands in WORDS, one line that may have been cut: as
 * it is, percent-encoded, and as JSON writes it. What begins with its first letters is overwritten
 * as far as it is the same. Not a secret of one letter: nothing could be read any more.
 */
void redact(char *words, const char *secret);

/* The same for what HTTP Basic makes of USER and PASSWORD. */
void redact_basic(char *words, const char *user, const char *password);

#endif

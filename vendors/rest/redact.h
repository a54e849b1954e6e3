/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redact.h - keep values that the user wrote out of what the vendor says about them.
 *
 * A vendor that refuses a password or a sign-in code may quote it, and its words go to the log.
 * (The secrets of the config: account_redact.)
 */
#ifndef ROSTERFS_REDACT_H
#define ROSTERFS_REDACT_H

/*
 * Overwrite SECRET with asterisks in WORDS, one line that may have been cut: as it is,
 * percent-encoded, and as JSON writes it. A text that begins with the first letters of a form is
 * overwritten as far as it is the same. A secret of one letter is left, because nothing could be
 * read any more.
 */
void redact(char *words, const char *secret);

/*
 * As redact, for the secrets of the config and tokens, which are in every message's way: only where
 * all of a form is there, or as much as fits before the end of WORDS, and no secret (or NULL) of
 * fewer than four letters, which would blank half of every message.
 */
void redact_whole(char *words, const char *secret);

/* As redact_whole, of what HTTP Basic makes of USER and PASSWORD. */
void redact_whole_basic(char *words, const char *user, const char *password);

/* Overwrite what HTTP Basic makes of USER and PASSWORD. Otherwise as redact. */
void redact_basic(char *words, const char *user, const char *password);

#endif

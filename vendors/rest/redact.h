/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redact.h - keep secrets, and values that the user wrote, out of what the vendor says.
 *
 * A vendor that refuses a request may quote its headers or its body, and its words go to the log.
 * Each form in which a vendor may quote a secret is looked for: as it is, percent-encoded, as JSON
 * and HTML write it, and within base64 of any text, at each of the three alignments. The case of
 * letters does not count, nor which of the two alphabets of base64 is used. Any part of REDACT_PART
 * bytes is enough. (The secrets of the config: account_redact.)
 */
#ifndef ROSTERFS_REDACT_H
#define ROSTERFS_REDACT_H

#define REDACT_PART 8

/*
 * Overwrite SECRET, which the user wrote, with asterisks in WORDS, one line that may have been cut.
 * A text that begins with the first letters of a form is overwritten as far as it is the same. A
 * secret of one letter is left, because nothing could be read any more.
 */
void redact(char *words, const char *secret);

/*
 * As redact, for the secrets of the config and tokens, which are in every message's way: of fewer
 * than REDACT_PART letters only where all of a form is there, or as much as fits before the end of
 * WORDS, and none (or NULL) of fewer than four letters, which would blank half of every message.
 */
void redact_whole(char *words, const char *secret);

/* As redact_whole, of what HTTP Basic makes of USER and PASSWORD. */
void redact_whole_basic(char *words, const char *user, const char *password);

/* Overwrite what HTTP Basic makes of USER and PASSWORD. Otherwise as redact. */
void redact_basic(char *words, const char *user, const char *password);

#endif

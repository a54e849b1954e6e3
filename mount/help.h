/* SPDX-License-Identifier: Apache-2.0 */
/*
 * help.h - what `rosterfs --help` prints.
 */
#ifndef ROSTERFS_HELP_H
#define ROSTERFS_HELP_H

/* Return the text of --help, lines that end with newlines. */
const char *help_text(void);

#endif

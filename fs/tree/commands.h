/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commands.h - the shell commands that take back a change, for the log, the audit log and the
 * history.
 *
 * Users paste these commands, and ids come from the vendor, so each word is quoted. Pure functions:
 * no state, no I/O.
 */
#ifndef ROSTERFS_COMMANDS_H
#define ROSTERFS_COMMANDS_H

#include "cache/history/undo.h"

/* The operations for guard_tell. */
extern const struct undo_words commands_undo_words;

#endif

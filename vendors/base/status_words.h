/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status_words.h - the words that a status file shows and takes.
 */
#ifndef ROSTERFS_STATUS_WORDS_H
#define ROSTERFS_STATUS_WORDS_H

#define STATUS_ACTIVE "active"
#define STATUS_INACTIVE "inactive"
/* Only shown: the vendor tells no status. */
#define STATUS_UNKNOWN "unknown"
/* Only written: delete the user. */
#define STATUS_DELETED "deleted"

#endif

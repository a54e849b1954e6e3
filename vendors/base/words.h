/* SPDX-License-Identifier: Apache-2.0 */
/*
 * words.h - the words of a status, as users write them and all vendors' records show them.
 */
#ifndef ROSTERFS_WORDS_H
#define ROSTERFS_WORDS_H

#define WORDS_ACTIVE "active"
#define WORDS_INACTIVE "inactive"

#endif

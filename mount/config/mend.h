/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mend.h - values as people write them in other files: in quotes, with a comment behind.
 */
#ifndef ROSTERFS_MEND_H
#define ROSTERFS_MEND_H

#include <stddef.h>

struct entry;
struct keys;

/* Return the length in bytes of each of the quotes that TEXT begins and ends with, or 0. */
size_t mend_quotes(const char *text);

/* Refuse quotes around the value of ENTRY and a comment behind it, and take them away, so that the
 * rest is checked too. */
void mend_value(const struct keys *keys, struct entry *entry);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status_refusal.h - why a text is no status, in words for the person who wrote it.
 */
#ifndef ROSTERFS_STATUS_REFUSAL_H
#define ROSTERFS_STATUS_REFUSAL_H

#include <stddef.h>

/*
 * Return why TEXT (LENGTH bytes), which status_word does not take, is no status, and what to write
 * instead. The words quote TEXT only if it is short and looks like words, because it may be
 * anything, such as a key. They are valid until the next call in this thread. Nothing blocks.
 */
const char *status_refusal(const char *text, size_t length);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write_all.h - write the whole of a text to a file.
 */
#ifndef ROSTERFS_WRITE_ALL_H
#define ROSTERFS_WRITE_ALL_H

#include <stddef.h>

/*
 * Write LENGTH bytes of TEXT to the descriptor FILE. Blocks while the disk does; keeps no state,
 * any thread. Returns 0 or a negative errno; then a part may be written, and *WRITTEN (NULL: of no
 * interest) is the number of its bytes.
 */
int write_all(int file, const char *text, size_t length, size_t *written);

#endif

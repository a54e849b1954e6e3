/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key_file.h - the file with the key of the shared store: random bytes, the same on each host.
 *
 * Blocks on the file system. No words hold the key.
 */
#ifndef ROSTERFS_KEY_FILE_H
#define ROSTERFS_KEY_FILE_H

#include <stddef.h>
#include <stdint.h>

#define KEY_FILE_BYTES 32

/*
 * Read the key in FILE: a regular file of KEY_FILE_BYTES, which belongs to root or to this user and
 * to which nobody else has access. Returns 0, or a negative errno with words in WHY: what to do.
 */
int key_file_read(const char *file, uint8_t key[KEY_FILE_BYTES], char *why, size_t why_size);

/*
 * Create FILE, of mode 0600, with a new key. What is there is left alone, and a link is not
 * followed. Returns 0, or a negative errno with words in WHY; there is no FILE then.
 */
int key_file_create(const char *file, char *why, size_t why_size);

#endif

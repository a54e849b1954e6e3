/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hash.h - the one hash of rosterfs: 64-bit FNV-1a.
 *
 * For names, and to tell sets apart. It does not resist an adversary. Pure functions.
 */
#ifndef ROSTERFS_HASH_H
#define ROSTERFS_HASH_H

#include <stddef.h>
#include <stdint.h>

/* The hash of nothing. */
#define HASH_START 0xcbf29ce484222325u

/* Return HASH continued by LENGTH bytes. */
uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t length);

/* Return the hash of TEXT. */
uint64_t hash_text(const char *text);

#endif

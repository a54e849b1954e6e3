/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hash.h - one hash of a text for the whole of rosterfs: 64-bit FNV-1a.
 *
 * For names and for telling sets apart, not against an adversary.
 */
#ifndef ROSTERFS_HASH_H
#define ROSTERFS_HASH_H

#include <stdint.h>

static inline uint64_t hash_text(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
	return hash;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hash.c - see hash.h.
 */
#include "vendors/base/hash.h"

#define PRIME 0x100000001b3u

uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t length)
{
	const unsigned char *at = bytes;

	while (length--)
		hash = (hash ^ *at++) * PRIME;
	return hash;
}

uint64_t hash_text(const char *text)
{
	uint64_t hash = HASH_START;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * PRIME;
	return hash;
}

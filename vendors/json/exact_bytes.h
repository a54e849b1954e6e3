/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exact_bytes.h - tests of eight bytes at a time, for code that looks at every byte of a roster.
 *
 * The scan of a text, the printer and the tables do, so these are inline.
 */
#ifndef ROSTERFS_EXACT_BYTES_H
#define ROSTERFS_EXACT_BYTES_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define EXACT_BYTES sizeof(uint64_t)
#define EXACT_BYTES_ONES 0x0101010101010101u
#define EXACT_BYTES_TOPS 0x8080808080808080u

/* Return non-zero if one of the eight bytes in WORD is zero. Which one is not certain. */
static inline uint64_t exact_bytes_zeros(uint64_t word)
{
	return (word - EXACT_BYTES_ONES) & ~word & EXACT_BYTES_TOPS;
}

/* Return how many of the eight bytes at TEXT stand before the first quote or backslash. */
static inline size_t exact_bytes_before_special(const char *text)
{
	uint64_t word, found;

	/* with the first byte lowest: only the lowest zero that is found is certain */
	memcpy(&word, text, sizeof(word));
	word = le64toh(word);
	found = exact_bytes_zeros(word ^ EXACT_BYTES_ONES * '"') |
		exact_bytes_zeros(word ^ EXACT_BYTES_ONES * '\\');
	return found ? (size_t)__builtin_ctzll(found) / 8 : EXACT_BYTES;
}

/* Return true if one of them is a quote, a backslash or a control character. */
static inline bool exact_bytes_must_escape(const char *text)
{
	uint64_t word;

	memcpy(&word, text, sizeof(word));
	return ((word - EXACT_BYTES_ONES * 0x20) & ~word & EXACT_BYTES_TOPS) |
	       exact_bytes_zeros(word ^ EXACT_BYTES_ONES * '"') |
	       exact_bytes_zeros(word ^ EXACT_BYTES_ONES * '\\');
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pack.c - see pack.h.
 *
 * A head of fixed size has the lengths of the strings that follow. Numbers are little-endian. Each
 * string has its NUL, so that it can be used where it is; a string that is missing has length 0.
 */
#include "cache/record/pack.h"

#include "cache/record/record.h"
#include "vendors/base/limits.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PACK_VERSION 1

enum pack_flag { PACK_NAMESAKE = 1, PACK_SAVED = 2, PACK_ROW = 4, PACK_UNREADABLE = 8 };
#define PACK_FLAGS 15

enum pack_string { PACK_ID, PACK_WORD, PACK_EMAIL, PACK_KEY, PACK_TEXT, PACK_STRINGS };

/* version, status, flags, nothing; seconds; nanoseconds; lengths */
#define PACK_HEAD (4 + 8 + 4 + 4 * PACK_STRINGS)
#define PACK_MAX (64u << 20)

void pack_number(unsigned char *at, uint64_t number, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		at[i] = (unsigned char)(number >> (8 * i));
}

uint64_t unpack_number(const unsigned char *at, unsigned bytes)
{
	uint64_t number = 0;

	for (unsigned i = bytes; i--;)
		number = number << 8 | at[i];
	return number;
}

/* Set each of STRINGS to that of RECORD, and return the bytes of all. */
static size_t pack_strings(const struct record *record, const char *strings[PACK_STRINGS],
			   size_t sizes[PACK_STRINGS])
{
	size_t all = 0;

	memset(strings, 0, PACK_STRINGS * sizeof(*strings));
	strings[PACK_ID] = record->id;
	strings[PACK_WORD] = record->status == RECORD_OTHER ? record_status(record) : NULL;
	strings[PACK_EMAIL] = record_email(record);
	strings[PACK_KEY] = record->keyed ? record_key(record) : NULL;
	strings[PACK_TEXT] = record_text(record);
	for (unsigned i = 0; i < PACK_STRINGS; i++) {
		sizes[i] = strings[i] ? strlen(strings[i]) + 1 : 0;
		if (i == PACK_TEXT)
			sizes[i] = (size_t)record->length + 1;
		all += sizes[i];
	}
	return all;
}

int record_pack(const struct record *record, char **bytes, size_t *length)
{
	const char *strings[PACK_STRINGS];
	size_t sizes[PACK_STRINGS], all = pack_strings(record, strings, sizes);
	unsigned char *head, *at;

	*bytes = NULL;
	*length = 0;
	if (all > PACK_MAX)
		return -EFBIG;
	head = malloc(PACK_HEAD + all);
	if (!head)
		return -ENOMEM;
	head[0] = PACK_VERSION;
	head[1] = record->status;
	head[2] = (unsigned char)((record->namesake ? PACK_NAMESAKE : 0) |
				  (record->saved ? PACK_SAVED : 0) | (record->row ? PACK_ROW : 0) |
				  (record->unreadable ? PACK_UNREADABLE : 0));
	head[3] = 0;
	pack_number(head + 4, (uint64_t)record->seconds, 8);
	pack_number(head + 12, record->nanoseconds, 4);
	at = head + PACK_HEAD;
	for (unsigned i = 0; i < PACK_STRINGS; i++) {
		pack_number(head + 16 + 4 * (size_t)i, sizes[i], 4);
		if (sizes[i])
			memcpy(at, strings[i], sizes[i]);
		at += sizes[i];
	}
	*bytes = (char *)head;
	*length = PACK_HEAD + all;
	return 0;
}

/* Set each of STRINGS to what LENGTH bytes at HEAD have. Return false if that is not what
 * record_pack made. */
static bool unpack_strings(const unsigned char *head, size_t length,
			   const char *strings[PACK_STRINGS], size_t sizes[PACK_STRINGS])
{
	const unsigned char *at = head + PACK_HEAD;
	size_t left = length - PACK_HEAD;

	for (unsigned i = 0; i < PACK_STRINGS; i++) {
		sizes[i] = unpack_number(head + 16 + 4 * (size_t)i, 4);
		strings[i] = sizes[i] ? (const char *)at : NULL;
		/* the first NUL is the last byte */
		if (sizes[i] > left ||
		    (sizes[i] && memchr(at, '\0', sizes[i]) != at + sizes[i] - 1))
			return false;
		at += sizes[i];
		left -= sizes[i];
	}
	return left == 0;
}

struct record *record_unpack(const void *bytes, size_t length)
{
	const unsigned char *head = bytes;
	const char *strings[PACK_STRINGS];
	size_t sizes[PACK_STRINGS];
	struct record_parts parts;
	struct record *record;

	if (length < PACK_HEAD || length > PACK_HEAD + PACK_MAX || head[0] != PACK_VERSION ||
	    head[1] >= RECORD_KINDS || head[2] & ~PACK_FLAGS || head[3])
		return NULL;
	if (!unpack_strings(head, length, strings, sizes) || sizes[PACK_ID] < 2 ||
	    !strings[PACK_TEXT] || sizes[PACK_TEXT] > LIMITS_TEXT_MAX + 1 ||
	    (head[1] == RECORD_OTHER) != (strings[PACK_WORD] != NULL) ||
	    (strings[PACK_KEY] && !strings[PACK_EMAIL]))
		return NULL;
	parts = (struct record_parts){.id = strings[PACK_ID],
				      .word = strings[PACK_WORD],
				      .email = strings[PACK_EMAIL],
				      .key = strings[PACK_KEY],
				      .text = strings[PACK_TEXT],
				      .length = sizes[PACK_TEXT] - 1,
				      .status = head[1]};
	parts.time.tv_sec = (time_t)unpack_number(head + 4, 8);
	parts.time.tv_nsec = (long)unpack_number(head + 12, 4);
	if (parts.time.tv_nsec > 999999999)
		return NULL;
	record = record_assemble(&parts);
	if (record) {
		record->namesake = head[2] & PACK_NAMESAKE;
		record->saved = head[2] & PACK_SAVED;
		record->row = head[2] & PACK_ROW;
		record->unreadable = head[2] & PACK_UNREADABLE;
	}
	return record;
}

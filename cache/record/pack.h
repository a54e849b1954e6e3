/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pack.h - a record as bytes, for another mount of the same version or a later one.
 *
 * The bytes hold all that is shown of a record. Whether a process has shown it stays with that
 * process. All functions are local and quick, and any thread may call them.
 */
#ifndef ROSTERFS_PACK_H
#define ROSTERFS_PACK_H

#include <stddef.h>
#include <stdint.h>

struct record;

/* Put RECORD into *BYTES, *LENGTH of them, for the caller to free. Returns 0, -EFBIG or -ENOMEM. */
int record_pack(const struct record *record, char **bytes, size_t *length);

/*
 * Return the record that LENGTH bytes at BYTES hold, a new reference. NULL: they are not exactly
 * one record of this format, or no memory. The bytes may be anything.
 */
struct record *record_unpack(const void *bytes, size_t length);

/* Put NUMBER into BYTES bytes AT, the lowest first, or return the one that is there. */
void pack_number(unsigned char *at, uint64_t number, unsigned bytes);
uint64_t unpack_number(const unsigned char *at, unsigned bytes);

#endif

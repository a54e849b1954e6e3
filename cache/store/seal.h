/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seal.h - what the store may see: names without meaning, and values that only holders of the key
 * can read or make.
 *
 * A name is a keyed hash (BLAKE2b). A value is compressed (zstd) and sealed (secretbox of
 * libsodium, a random nonce), and bound to the place where it is kept, so that one that was moved
 * to another place does not open. A value of another format version does not open either. No
 * function waits; any thread.
 */
#ifndef ROSTERFS_SEAL_H
#define ROSTERFS_SEAL_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct seal;

#define SEAL_KEY_BYTES 32
#define SEAL_NAME_MAX 48          /* "rosterfs:" and 32 letters, with the NUL */
#define SEAL_PLAIN_MAX (8u << 20) /* a larger value is not made, and not opened */

/* Return a seal with KEY (copied into locked memory), or NULL: no memory. */
struct seal *seal_new(const uint8_t key[SEAL_KEY_BYTES]);
void seal_free(struct seal *seal); /* wipes the key; NULL is a no-op */

/* Make the name of WHAT ("lease", "feed"; not part of the name that others can read) with COUNT
 * PARTS; a NULL part is not the same as "". */
void seal_name(const struct seal *seal, const char *what, const char *const *parts, size_t count,
	       char name[SEAL_NAME_MAX]);

/*
 * Seal LENGTH bytes of PLAIN, to be kept at PLACE (any text, such as a name and a field). Returns 0
 * and *SEALED, *SEALED_LENGTH for the caller to free, or -ENOMEM or -EFBIG.
 */
int seal_close(struct seal *seal, const char *place, const void *plain, size_t length,
	       char **sealed, size_t *sealed_length);

/*
 * Open what was found at PLACE. Returns 0 and *PLAIN with a NUL behind it, for the caller to free;
 * -EBADMSG: it was not sealed with this key for this place, or was changed; -EPROTONOSUPPORT: it is
 * of another format version; or -ENOMEM. The first two are counted, and logged once a minute at
 * most with SUBJECT ("the list of acme/users"), which holds no secret and nothing personal.
 */
int seal_open(struct seal *seal, const char *place, const char *subject, const void *sealed,
	      size_t sealed_length, char **plain, size_t *length);

/* Return how many values did not open: *FOREIGN were changed or of another key, *OTHER of another
 * version. */
void seal_counts(struct seal *seal, uint64_t *foreign, uint64_t *other);

#endif

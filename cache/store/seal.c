/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seal.c - names and values that only holders of the key can make (seal.h).
 *
 * A sealed value is two bytes in clear (MAGIC, VERSION), a nonce, and a box. The key of the box is
 * a hash of the place and of the two bytes, so that neither needs a byte in the value. In the box,
 * the first byte says whether the rest is compressed.
 */
#include "cache/store/seal.h"

#include "vendors/base/clock.h"
#include "vendors/base/log.h"

#include <errno.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define MAGIC 0xa7
#define VERSION 1
#define CLEAR 2                                        /* bytes: MAGIC and VERSION */
#define BOX (CLEAR + crypto_secretbox_NONCEBYTES)      /* where the box begins */
#define OVERHEAD (BOX + crypto_secretbox_MACBYTES + 1) /* bytes of a value besides its content */
#define LEVEL 1  /* of zstd: higher levels cost more time than they save */
#define SHORT 48 /* bytes: shorter values do not become smaller */
#define NAME_BYTES 20
#define LOG_PAUSE 60000 /* milliseconds */

enum { AS_IT_IS, COMPRESSED };

/* In memory that is locked, and not part of a core dump. */
struct keys {
	uint8_t names[crypto_generichash_KEYBYTES];
	uint8_t values[crypto_generichash_KEYBYTES];
};

/* Values that did not open for one reason. */
struct misfits {
	atomic_ullong count;
	atomic_ullong logged;  /* how many of them the log tells of */
	_Atomic(int64_t) next; /* when the log may tell again */
};

struct seal {
	struct keys *keys;
	struct misfits foreign, other;
};

/* ---- life ---- */

static void derive(const uint8_t key[SEAL_KEY_BYTES], const char *use,
		   uint8_t derived[crypto_generichash_KEYBYTES])
{
	crypto_generichash(derived, crypto_generichash_KEYBYTES, (const unsigned char *)use,
			   strlen(use), key, SEAL_KEY_BYTES);
}

struct seal *seal_new(const uint8_t key[SEAL_KEY_BYTES])
{
	struct seal *seal;

	if (sodium_init() < 0)
		return NULL;
	seal = calloc(1, sizeof(*seal));
	if (!seal)
		return NULL;
	seal->keys = sodium_malloc(sizeof(*seal->keys));
	if (!seal->keys) {
		free(seal);
		return NULL;
	}
	derive(key, "rosterfs: names", seal->keys->names);
	derive(key, "rosterfs: values", seal->keys->values);
	return seal;
}

void seal_free(struct seal *seal)
{
	if (!seal)
		return;
	sodium_free(seal->keys);
	free(seal);
}

/* ---- names ---- */

/* Hash TEXT so that no two lists of parts have the same bytes. */
static void hash_text(crypto_generichash_state *hash, const char *text)
{
	uint64_t length = text ? strlen(text) : UINT64_MAX;
	uint8_t bytes[8];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(length >> (8 * i));
	crypto_generichash_update(hash, bytes, sizeof(bytes));
	if (text)
		crypto_generichash_update(hash, (const unsigned char *)text, strlen(text));
}

void seal_name(const struct seal *seal, const char *what, const char *const *parts, size_t count,
	       char name[SEAL_NAME_MAX])
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
	static const char prefix[] = "rosterfs:";
	crypto_generichash_state hash;
	uint8_t bytes[NAME_BYTES];
	char *next = name + sizeof(prefix) - 1;
	unsigned bits = 0, have = 0;

	crypto_generichash_init(&hash, seal->keys->names, sizeof(seal->keys->names), sizeof(bytes));
	hash_text(&hash, what);
	for (size_t i = 0; i < count; i++)
		hash_text(&hash, parts[i]);
	crypto_generichash_final(&hash, bytes, sizeof(bytes));
	memcpy(name, prefix, sizeof(prefix) - 1);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		bits = bits << 8 | bytes[i];
		for (have += 8; have >= 5; have -= 5)
			*next++ = letters[bits >> (have - 5) & 31];
		bits &= 31;
	}
	*next = '\0';
}

/* ---- values ---- */

/* Make the key of the box at PLACE; the caller wipes it. */
static void box_key(const struct seal *seal, const char *place,
		    uint8_t key[crypto_secretbox_KEYBYTES])
{
	static const uint8_t clear[CLEAR] = {MAGIC, VERSION};
	crypto_generichash_state hash;

	crypto_generichash_init(&hash, seal->keys->values, sizeof(seal->keys->values),
				crypto_secretbox_KEYBYTES);
	crypto_generichash_update(&hash, clear, sizeof(clear));
	crypto_generichash_update(&hash, (const unsigned char *)place, strlen(place));
	crypto_generichash_final(&hash, key, crypto_secretbox_KEYBYTES);
	sodium_memzero(&hash, sizeof(hash));
}

/* Put LENGTH bytes of PLAIN into CONTENT, whose first byte says how. Returns its length. */
static size_t pack(const void *plain, size_t length, uint8_t *content, size_t size)
{
	size_t packed;

	if (length >= SHORT) {
		packed = ZSTD_compress(content + 1, size - 1, plain, length, LEVEL);
		if (!ZSTD_isError(packed) && packed < length) {
			content[0] = COMPRESSED;
			return packed + 1;
		}
	}
	content[0] = AS_IT_IS;
	if (length)
		memcpy(content + 1, plain, length);
	return length + 1;
}

int seal_close(struct seal *seal, const char *place, const void *plain, size_t length,
	       char **sealed, size_t *sealed_length)
{
	uint8_t key[crypto_secretbox_KEYBYTES], *bytes;
	size_t size, content;

	*sealed = NULL;
	if (length > SEAL_PLAIN_MAX)
		return -EFBIG;
	size = ZSTD_compressBound(length) + 1;
	bytes = malloc(OVERHEAD + size);
	if (!bytes)
		return -ENOMEM;
	/* the box is made where its content is, behind the room for its MAC */
	content = pack(plain, length, bytes + BOX + crypto_secretbox_MACBYTES, size);
	bytes[0] = MAGIC;
	bytes[1] = VERSION;
	randombytes_buf(bytes + CLEAR, crypto_secretbox_NONCEBYTES);
	box_key(seal, place, key);
	crypto_secretbox_easy(bytes + BOX, bytes + BOX + crypto_secretbox_MACBYTES, content,
			      bytes + CLEAR, key);
	sodium_memzero(key, sizeof(key));
	*sealed = (char *)bytes;
	*sealed_length = BOX + crypto_secretbox_MACBYTES + content;
	return 0;
}

/* Count a value of MISFITS, and log that SUBJECT has some, because of REASON. */
static void misfit(struct misfits *misfits, const char *subject, const char *reason)
{
	unsigned long long count = atomic_fetch_add(&misfits->count, 1) + 1, logged;
	int64_t now = clock_milliseconds(), next = atomic_load(&misfits->next);

	if (now < next || !atomic_compare_exchange_strong(&misfits->next, &next, now + LOG_PAUSE))
		return;
	logged = atomic_exchange(&misfits->logged, count);
	log_line("shared store: %s: %llu stored value%s ignored: %s", subject, count - logged,
		 count - logged == 1 ? "" : "s", reason);
}

/* Unpack CONTENT of LENGTH bytes. Returns 0, -EBADMSG or -ENOMEM. */
static int unpack(const uint8_t *content, size_t length, char **plain, size_t *plain_length)
{
	unsigned long long size = length - 1;
	bool compressed = content[0] == COMPRESSED;
	char *text;

	if (compressed)
		size = ZSTD_getFrameContentSize(content + 1, length - 1);
	/* both marks of zstd for "not known" are larger, too */
	if (size > SEAL_PLAIN_MAX || content[0] > COMPRESSED)
		return -EBADMSG;
	text = malloc((size_t)size + 1);
	if (!text)
		return -ENOMEM;
	if (!compressed) {
		memcpy(text, content + 1, (size_t)size);
	} else if (ZSTD_decompress(text, (size_t)size, content + 1, length - 1) != size) {
		free(text);
		return -EBADMSG;
	}
	text[size] = '\0';
	*plain = text;
	*plain_length = (size_t)size;
	return 0;
}

/* Open the box of a value of this version. As seal_open. */
static int open_box(const struct seal *seal, const char *place, const uint8_t *bytes,
		    size_t sealed_length, char **plain, size_t *length)
{
	size_t content = sealed_length - BOX - crypto_secretbox_MACBYTES;
	uint8_t key[crypto_secretbox_KEYBYTES], *opened = malloc(content);
	int error;

	if (!opened)
		return -ENOMEM;
	box_key(seal, place, key);
	error = crypto_secretbox_open_easy(opened, bytes + BOX, sealed_length - BOX, bytes + CLEAR,
					   key);
	sodium_memzero(key, sizeof(key));
	error = error ? -EBADMSG : unpack(opened, content, plain, length);
	free(opened);
	return error;
}

int seal_open(struct seal *seal, const char *place, const char *subject, const void *sealed,
	      size_t sealed_length, char **plain, size_t *length)
{
	const uint8_t *bytes = sealed;
	int error = -EBADMSG;

	*plain = NULL;
	*length = 0;
	if (sealed_length >= CLEAR && bytes[0] == MAGIC && bytes[1] != VERSION) {
		misfit(&seal->other, subject,
		       "another version of rosterfs wrote it; use the same version on each host");
		return -EPROTONOSUPPORT;
	}
	if (sealed_length >= OVERHEAD && sealed_length <= OVERHEAD + SEAL_PLAIN_MAX &&
	    bytes[0] == MAGIC)
		error = open_box(seal, place, bytes, sealed_length, plain, length);
	if (error == -EBADMSG)
		misfit(&seal->foreign, subject,
		       "changed in the store, or sealed with another key; check shared_key_file");
	return error;
}

void seal_counts(struct seal *seal, uint64_t *foreign, uint64_t *other)
{
	*foreign = atomic_load(&seal->foreign.count);
	*other = atomic_load(&seal->other.count);
}

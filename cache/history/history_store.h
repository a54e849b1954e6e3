/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history_store.h - the directory history_dir, where the history is kept across mounts.
 *
 * Each write is a directory with a few files, and the file `index` has a line for each. A write is
 * made under another name and renamed into place when all of it is on the disk, so that a crash
 * leaves the whole of it or nothing. One mount at a time may write there.
 *
 * Room is secured: while there is a file of STORE_SPARE bytes, a write that the vendor has accepted
 * finds room although something else has filled the disk.
 *
 * Any thread. There is one mutex, a leaf lock, which is held while the index is written. Functions
 * block on the disk. What a text says is not known here.
 */
#ifndef ROSTERFS_HISTORY_STORE_H
#define ROSTERFS_HISTORY_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HISTORY_STORE_SPARE (4 << 20)

struct history_store;
struct stored_file;

/*
 * Open the directory at PATH (absolute; copied), and remove what a crash has left of writes. If
 * READ_ONLY, nothing is written there, and other mounts may have it open too; else it is created if
 * it is missing (0700), and locked. Returns 0 and *STORE (NULL: READ_ONLY, and there is no such
 * directory), or a negative errno and a message in WHY. The directory must belong to the user of
 * this process, and to no one else.
 */
int history_store_open(const char *path, bool read_only, struct history_store **store, char *why,
		       size_t why_size);
void history_store_free(struct history_store *store); /* NULL is a no-op */

/* Check that history_store_open can succeed, and create nothing. Returns 0, or a negative errno and
 * a message in WHY. */
int history_store_check(const char *path, char *why, size_t why_size);

/* Return the path, borrowed. */
const char *history_store_path(const struct history_store *store);
bool history_store_is_read_only(const struct history_store *store);

/*
 * Check, before a change is sent, that its write can be added later, and secure room for it.
 * Returns 0 or a negative errno.
 */
int history_store_ready(struct history_store *store);

/* Add write NUMBER, which has COUNT files. Returns 0 when it is on the disk, or a negative errno:
 * nothing is there. */
int history_store_add(struct history_store *store, uint64_t number, const struct stored_file *files,
		      size_t count);

/* Remove write NUMBER, if it is there. Errors are ignored: the next mount tries again. */
void history_store_remove(struct history_store *store, uint64_t number);

/* Return the numbers, in order, of the writes that there were when STORE was opened, borrowed, and
 * set *COUNT to how many. NULL: none. */
const uint64_t *history_store_numbers(const struct history_store *store, size_t *count);

/*
 * Read the file NAME, at most MAX bytes, of write NUMBER into *TEXT, NUL-terminated, which the
 * caller frees, and its length into *LENGTH. Returns 0 or a negative errno: -ENOENT, there is none;
 * -EFBIG, it is longer.
 */
int history_store_read(struct history_store *store, uint64_t number, const char *name, size_t max,
		       char **text, size_t *length);

/* Append LINE (LENGTH bytes) to the index. Returns 0 or a negative errno. */
int history_store_append(struct history_store *store, const char *line, size_t length);

/* Replace the index by TEXT (LENGTH bytes). Returns 0 or a negative errno. */
int history_store_replace(struct history_store *store, const char *text, size_t length);

#endif

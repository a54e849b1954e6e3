/* SPDX-License-Identifier: Apache-2.0 */
/*
 * changes.h - the newest changes of users, as a text that grows: one line of JSON for each.
 *
 * The text is as long as all lines since the mount, and each line keeps its place in it. Only the
 * newest lines are kept. In place of the older ones stand blanks, and a line that says how many
 * lines are no longer kept. A reader that goes through the text in order does not see the blanks:
 * what it missed is that one line. Lines are also appended to the file changes_log, if there is one
 * (audit.h).
 *
 * Any thread. There is one mutex, a leaf lock. Nothing here waits, except changes_free, which may
 * block on the disk.
 */
#ifndef ROSTERFS_CHANGES_H
#define ROSTERFS_CHANGES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

struct audit;
struct changes;
struct pool;

#define CHANGES_LIMIT 10000u                 /* lines, by default */
#define CHANGES_BYTES_MAX ((size_t)64 << 20) /* bytes of lines that are kept at most */

/* Where a reader is. All zero: it has just opened the text. It belongs to one open file. */
struct changes_reader {
	uint64_t next;  /* the offset behind what it read last */
	uint64_t skips; /* bytes of the text that it does not see */
	bool torn;      /* what it read last ends in the middle of a line */
};

/*
 * Return an empty text, of which the newest LIMIT lines are kept, or NULL: no memory. LOG
 * (borrowed; NULL: none) gets each line, on a thread of POOL (borrowed).
 */
struct changes *changes_new(size_t limit, struct audit *log, struct pool *pool);

/* Free CHANGES (NULL: no-op), after POOL has ended. Appends what LOG has not got yet. */
void changes_free(struct changes *changes);

/* Have WAKE(ARG) called, with no lock held, after lines were added. Before threads start. */
void changes_tell(struct changes *changes, void (*wake)(void *arg), void *arg);

/*
 * Add COUNT LINES (each freed by this function, without a newline) at the end of the text. A line
 * that is NULL is left out.
 */
void changes_add(struct changes *changes, char **lines, size_t count);

/* Return the length of the text, and set *WHEN to the time of its last line, if it has one. */
uint64_t changes_size(struct changes *changes, struct timespec *when);

/*
 * Copy at most SIZE bytes at OFFSET, as READER sees the text, to *DATA, which the caller frees;
 * NULL at the end. Return how many, or -ENOMEM. The caller lets one thread at a time use READER.
 */
ssize_t changes_read(struct changes *changes, struct changes_reader *reader, uint64_t offset,
		     size_t size, char **data);

/* Return true if READER has not read all of the text. */
bool changes_ready(struct changes *changes, const struct changes_reader *reader);

#endif

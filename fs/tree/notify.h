/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notify.h - tell the kernel what it must forget, and what it need not ask for.
 *
 * To forget attributes, the kernel takes no lock and waits for nothing, so any thread that holds
 * none of our locks may tell it so. That is enough for a user that is gone too: a process that
 * looks at the name again asks for its attributes, and is told that there is nothing. To drop names
 * or pages (inval_entry, inval_inode with an offset), the kernel may wait for locks that a request
 * to us holds: only a directory's names are dropped, and only by a thread of its own. That thread
 * also does the work after a refresh.
 */
#ifndef ROSTERFS_NOTIFY_H
#define ROSTERFS_NOTIFY_H

#include "fs/fs.h"

#include <stdint.h>

/* Return the notifier of FS, or NULL: no memory. */
struct notify *notify_new(struct fs *fs);

/* Start the thread. Return 0 or a negative errno. */
int notify_start(struct notify *notify);

/* End the thread. Idempotent. */
void notify_stop(struct notify *notify);
void notify_free(struct notify *notify); /* NULL is fine */

/* Tell the kernel that the attributes of NODE that it holds are old. */
void notify_attributes(struct fs *fs, struct node *node);

/*
 * Give the kernel the whole TEXT of INO, of which it has no page yet. The kernel locks each page,
 * and a process that reads one holds its lock until we have answered: meanwhile no other process
 * may read through the pages, and other threads must be there to answer. Return 0, or a negative
 * errno: the kernel has not taken it, and will ask.
 */
int notify_text(struct fs *fs, fuse_ino_t ino, char *text, size_t length);

/*
 * What is known of BRANCH's records counts as old: the kernel forgets their attributes. Return
 * false if it holds too many to be told of each: when the lists are fetched again, it is told of
 * what has changed.
 */
bool notify_refresh(struct fs *fs, const struct branch *branch);

/* The attributes of what by-email has of BRANCH under STEM, an email's, are old. */
void notify_person(struct fs *fs, const struct branch *branch, const char *stem);

/* Three of record_dir_events: what the kernel holds of record ID, or of the whole directory, is
 * old. The last one leaves it to the thread, which does what notify_refresh does, or fetches. */
void notify_record(struct record_dir *record_dir, const char *id);
void notify_replaced(struct record_dir *record_dir, bool same);
void notify_distrusted(struct record_dir *record_dir);

/* Have the thread compare what the kernel was told of RECORD_DIR's nodes with what is known now. */
void notify_record_dir(struct notify *notify, struct record_dir *record_dir);

/* Have the thread drop the names that the kernel caches of RECORD_DIR's directory. */
void notify_names(struct notify *notify, struct record_dir *record_dir);

#endif

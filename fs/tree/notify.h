/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notify.h - telling the kernel what it must forget, and what it need not ask for.
 *
 * That attributes are old: the kernel takes no lock for it and waits for nothing, so it may be said
 * from any thread that holds none of ours. A user that is gone needs no more: whoever looks at the
 * name again asks for its attributes, and hears that there is nothing. Dropping names or pages
 * (inval_entry, inval_inode with an offset) may wait for locks that a request to us holds: only a
 * directory's names are dropped, and only by a thread of its own. After a refresh there is much to
 * say: that is this thread's work as well.
 */
#ifndef ROSTERFS_NOTIFY_H
#define ROSTERFS_NOTIFY_H

#include "fs/fs.h"

#include <stdint.h>

struct notify *notify_new(struct fs *fs);

/* Start the thread. 0 or a negative errno. */
int notify_start(struct notify *notify);

/* End the thread; idempotent. */
void notify_stop(struct notify *notify);
void notify_free(struct notify *notify); /* NULL is fine */

/* The attributes of NODE that the kernel holds are old. */
void notify_attributes(struct fs *fs, struct node *node);

/*
 * The kernel gets the whole TEXT of INO, of which it has no page yet. It locks each page, and who
 * reads one holds its lock until we have answered: others must not be let through them meanwhile,
 * and other threads must be there to answer. 0, or a negative errno: it has not taken it, and will
 * ask.
 */
int notify_text(struct fs *fs, fuse_ino_t ino, char *text, size_t length);

/* The attributes of all records of BRANCH are old: what is known of them counts as old. */
void notify_refresh(struct fs *fs, const struct branch *branch);

/* The attributes of what by-email has of BRANCH under STEM, an email's, are old. */
void notify_person(struct fs *fs, const struct branch *branch, const char *stem);

/* Two of record_dir_events: what the kernel holds of record ID, and of the whole directory, is old.
 */
void notify_record(struct record_dir *record_dir, const char *id);
void notify_replaced(struct record_dir *record_dir, bool same);

/* A roster has been replaced: have the thread go through RECORD_DIR's nodes for what differs. */
void notify_record_dir(struct notify *notify, struct record_dir *record_dir);

/* Have the thread drop the names that the kernel keeps of RECORD_DIR's directory. */
void notify_names(struct notify *notify, struct record_dir *record_dir);

#endif

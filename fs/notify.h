/*
 * notify.h - telling the kernel what it must forget.
 *
 * Two ways. notify_attributes only marks an inode's attributes as old; the kernel takes no lock for
 * it, so it is done at once, from any thread that holds none of ours. Everything that may wait for
 * a lock of the kernel's (names, pages) is done by one thread of its own, never from a request's,
 * and in no hurry.
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

/* So are those of all records of BRANCH: its roster counts as old. */
void notify_refresh(struct fs *fs, const struct branch *branch);

/* A roster has been replaced: have the thread go through BRANCH's nodes for what differs. */
void notify_branch(struct notify *notify, struct branch *branch);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dir.c - see dir.h.
 *
 * What a directory lists is its kind's business (node.h).
 */
#include "fs/tree/dir.h"

#include "cache/record/snapshot.h"
#include "cache/roster/wait.h"
#include "cache/roster/whole.h"
#include "fs/tree/inode.h"
#include "fs/tree/node.h"
#include "fs/tree/notify.h"
#include "fs/tree/pages.h"
#include "fs/tree/record_dir.h"

#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

/* The number of lookups that show that a process wants more than the names that the kernel has
 * cached. */
#define PATIENCE 16

void dir_close(struct dir *dir)
{
	struct fs *fs = dir->fs;

	pthread_mutex_lock(&fs->requests_lock);
	DL_DELETE(fs->dirs, dir);
	pthread_mutex_unlock(&fs->requests_lock);
	if (dir->paged) {
		pages_dropped(fs, dir->ino, &dir->drops);
		pages_close(fs, dir->ino);
	}
	snapshot_put(dir->snapshot);
	if (dir->node->ops->closedir)
		dir->node->ops->closedir(dir);
	inode_drop(fs, dir->node);
	free(dir);
}

void dir_exit(struct fs *fs)
{
	struct dir *dir, *next;

	DL_FOREACH_SAFE(fs->dirs, dir, next)
		dir_close(dir);
}

struct dir *dir_new(fuse_req_t req, struct node *node)
{
	struct dir *dir = calloc(1, sizeof(*dir));

	if (!dir) {
		fuse_reply_err(req, ENOMEM);
		return NULL;
	}
	dir->fs = fs_of(req);
	dir->node = node;
	dir->ino = inode_of(dir->fs, node); /* no directory is renamed */
	inode_hold(dir->fs, node);
	return dir;
}

void dir_reply(fuse_req_t req, struct dir *dir, struct fuse_file_info *fi)
{
	struct fs *fs = dir->fs;

	pthread_mutex_lock(&fs->requests_lock);
	DL_APPEND(fs->dirs, dir);
	pthread_mutex_unlock(&fs->requests_lock);
	fi->fh = (uint64_t)(uintptr_t)dir;
	/* interrupted on its way: no release will come */
	if (fuse_reply_open(req, fi) == -ENOENT)
		dir_close(dir);
}

void dir_choose_pages(struct dir *dir, uint64_t version, double seconds, struct fuse_file_info *fi)
{
	enum pages_state pages;

	if (seconds <= 0)
		return;
	pages = pages_open(dir->fs, dir->ino, version, NULL);
	dir->paged = pages != PAGES_PAST && pages != PAGES_OTHER;
	dir->drops = dir->paged && pages != PAGES_KEEP;
	fi->cache_readdir = dir->paged;
	fi->keep_cache = pages == PAGES_KEEP;
	if (dir->node->ops->lists)
		atomic_store(&node_record_dir(dir->node)->patience, fi->keep_cache ? PATIENCE : 0);
}

/*
 * A process reads names that the kernel has cached, and then asks for each of them: if the kernel
 * must read the names anew, the attributes come along.
 */
void dir_asked(struct fs *fs, const struct node *node)
{
	struct record_dir *record_dir = node_record_dir(node);

	if (!node->ops->lists)
		return;
	if (atomic_load(&record_dir->patience) > 0 &&
	    atomic_fetch_sub(&record_dir->patience, 1) == 1)
		notify_names(fs->notify, record_dir);
}

void dir_reply_whole(fuse_req_t req, struct node *node, const struct wait *whole, uint64_t extra,
		     struct fuse_file_info *fi)
{
	struct dir *dir = dir_new(req, node);
	double seconds;

	if (!dir)
		return;
	if (whole) {
		dir->snapshot = snapshot_get(whole->snapshot);
		dir->generation = whole->generation;
		whole_generation(node_record_dir(node)->roster, &seconds);
		dir_choose_pages(dir, dir->generation + extra, seconds, fi);
	}
	dir_reply(req, dir, fi);
}

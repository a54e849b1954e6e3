/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dir.c - open and close directories.
 *
 * Opening an account's directory brings its whole roster and may wait; what is read then
 * (listing.c) is what the open got. It decides what the kernel keeps: the names of a roster that is
 * fresh, until somebody turns out to want more than names.
 */
#include "fs/dir.h"

#include "cache/roster/roster.h"
#include "cache/record/snapshot.h"
#include "cache/roster/whole.h"
#include "cache/roster/wait.h"
#include "fs/people/email_dir.h"
#include "fs/tree/node.h"
#include "fs/ops.h"
#include "fs/people/email_index.h"
#include "fs/memory/scratch.h"
#include "fs/tree/inode.h"
#include "fs/tree/notify.h"
#include "fs/tree/pages.h"
#include "fs/tree/record_dir.h"
#include "fs/tree/request.h"

#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

/* So many look-ups tell that somebody wants more than the names that the kernel has kept. */
#define PATIENCE 16

/* Is what stands in NODE a list of records? */
static bool shows_roster(const struct node *node)
{
	return (node->kind == NODE_BRANCH || node->kind == NODE_PLACE) && node->record_dir &&
	       record_dir_lists(node->record_dir);
}

static void close_dir(struct fs *fs, struct dir *dir)
{
	pthread_mutex_lock(&fs->requests_lock);
	DL_DELETE(fs->dirs, dir);
	pthread_mutex_unlock(&fs->requests_lock);
	if (dir->paged) {
		pages_dropped(fs, dir->ino, &dir->drops);
		pages_close(fs, dir->ino);
	}
	snapshot_put(dir->snapshot);
	email_index_free(dir->people);
	inode_drop(fs, dir->node);
	free(dir);
}

void dir_exit(struct fs *fs)
{
	struct dir *dir, *next;

	DL_FOREACH_SAFE(fs->dirs, dir, next)
		close_dir(fs, dir);
}

/* NODE is open. NULL: no memory, which has been answered. */
static struct dir *dir_new(struct fs *fs, fuse_req_t req, struct node *node)
{
	struct dir *dir = calloc(1, sizeof(*dir));

	if (!dir) {
		fuse_reply_err(req, ENOMEM);
		return NULL;
	}
	dir->node = node;
	dir->ino = inode_of(fs, node); /* no directory is renamed */
	inode_hold(fs, node);
	return dir;
}

static void reply_dir(struct fs *fs, fuse_req_t req, struct dir *dir, struct fuse_file_info *fi)
{
	pthread_mutex_lock(&fs->requests_lock);
	DL_APPEND(fs->dirs, dir);
	pthread_mutex_unlock(&fs->requests_lock);
	fi->fh = (uint64_t)(uintptr_t)dir;
	/* Interrupted on its way: no release will come. */
	if (fuse_reply_open(req, fi) == -ENOENT)
		close_dir(fs, dir);
}

/*
 * The kernel keeps the names of VERSION until there is another one: who lists them again asks for
 * nothing but the open. Files in memory that come or go tell the kernel so by themselves. Not
 * beyond the SECONDS for which it keeps what the names stand for: it would ask for each of them
 * alone.
 */
static void choose_pages(struct fs *fs, struct dir *dir, uint64_t version, double seconds,
			 struct fuse_file_info *fi)
{
	enum pages_state pages;

	if (seconds <= 0)
		return;
	pages = pages_open(fs, dir->ino, version, NULL);
	dir->paged = pages != PAGES_PAST && pages != PAGES_OTHER;
	dir->drops = dir->paged && pages != PAGES_KEEP;
	fi->cache_readdir = dir->paged;
	fi->keep_cache = pages == PAGES_KEEP;
	if (dir->node->record_dir)
		atomic_store(&dir->node->record_dir->patience, fi->keep_cache ? PATIENCE : 0);
}

/*
 * When somebody reads names that the kernel has kept, and then all is asked of each: with names
 * that it must read anew the attributes come along.
 */
void dir_asked(struct fs *fs, const struct node *node)
{
	struct record_dir *record_dir = node->record_dir;

	if (!record_dir || !shows_roster(node))
		return;
	if (atomic_load(&record_dir->patience) > 0 &&
	    atomic_fetch_sub(&record_dir->patience, 1) == 1)
		notify_names(fs->notify, record_dir);
}

/* WHOLE is the answered question for the roster, NULL where there is none. */
static void reply_open(struct fs *fs, fuse_req_t req, struct node *node, const struct wait *whole,
		       struct fuse_file_info *fi)
{
	struct dir *dir = dir_new(fs, req, node);
	uint64_t expired;
	double seconds;

	if (!dir)
		return;
	expired = scratch_expired(fs->scratches, node->path);
	if (whole) {
		dir->snapshot = snapshot_get(whole->snapshot);
		dir->generation = whole->generation;
		whole_generation(node->record_dir->roster, &seconds);
		choose_pages(fs, dir, dir->generation + expired, seconds, fi);
	}
	reply_dir(fs, req, dir, fi);
}

void dir_reply_open(fuse_req_t req, struct node *node, struct email_index *people,
		    struct fuse_file_info *fi)
{
	struct fs *fs = people->fs;
	struct dir *dir = dir_new(fs, req, node);

	if (!dir) {
		email_index_free(people);
		return;
	}
	dir->people = people;
	/* what a person's own directory shows is looked up each time */
	if (node->kind != NODE_PERSON)
		choose_pages(fs, dir, email_index_version(people), email_index_left(people), fi);
	reply_dir(fs, req, dir, fi);
}

static void opened(struct request *request, int error)
{
	if (error) {
		request_fail(request, error);
		return;
	}
	if (request_claim(request))
		reply_open(request->fs, request->req, request->node, &request->wait, &request->fi);
}

void dir_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct fs *fs = fs_asked(req, ASKED_OPENDIR);
	struct node *node = inode_node(fs, ino);
	struct request *request;

	if (email_dir_holds(node)) {
		email_dir_open(req, node, fi);
		return;
	}
	if (!shows_roster(node)) {
		reply_open(fs, req, node, NULL, fi);
		return;
	}
	request = request_new(fs, req, node);
	if (!request) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	request->fi = *fi;
	request_ask(request, node->record_dir->roster, WAIT_WHOLE, NULL, opened);
}

void dir_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct dir *dir = dir_of(fi);

	(void)ino;
	close_dir(fs_asked(req, ASKED_RELEASEDIR), dir);
	fuse_reply_err(req, 0);
}

void dir_fsync(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi)
{
	(void)ino;
	(void)datasync;
	(void)fi;
	fs_asked(req, ASKED_FSYNCDIR);
	fuse_reply_err(req, 0);
}

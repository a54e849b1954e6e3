/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listing.c - see listing.h.
 *
 * It only walks through what the open got: fixed names first, then what the directory's kind lists.
 * Reading waits for no vendor.
 */
#include "fs/listing.h"

#include "cache/roster/whole.h"
#include "fs/tree/dir.h"
#include "fs/tree/filler.h"
#include "fs/tree/inode.h"
#include "fs/tree/node.h"
#include "fs/tree/notify.h"
#include "fs/tree/pages.h"
#include "fs/tree/record_dir.h"

#include <errno.h>
#include <stdlib.h>

void listing_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct node *node = inode_node(fs_asked(req, ASKED_OPENDIR), ino);

	if (node->ops->opendir)
		node->ops->opendir(req, node, fi);
	else
		dir_reply_whole(req, node, NULL, 0, fi);
}

static bool add_dots(struct filler *filler, const char *name, off_t next)
{
	return filler_add_bare(filler, name, S_IFDIR, node_number(filler->dir->node), next);
}

/* Add what stands at PLACE; FIXED: how many fixed names there are. Return as the list operation. */
static int add_place(struct filler *filler, size_t place, size_t fixed)
{
	struct node *directory = filler->dir->node;
	off_t next = (off_t)place + 1;
	struct node_fixed name;

	if (place < 2)
		return add_dots(filler, place ? ".." : ".", next);
	place -= 2;
	if (place < fixed)
		return node_fixed(directory, place, &name)
			   ? filler_add(filler, name.name,
					inode_take_fixed(filler->fs, directory, &name), NULL, 0,
					next)
			   : -1;
	return directory->ops->list ? directory->ops->list(filler, place - fixed, next) : -1;
}

static size_t count_fixed(const struct node *directory)
{
	struct node_fixed fixed;
	size_t count = 0;

	while (node_fixed(directory, count, &fixed))
		count++;
	return count;
}

static void listing_fill(fuse_req_t req, size_t size, off_t offset, struct fuse_file_info *fi,
			 bool plus)
{
	struct filler filler = {
	    .fs = fs_asked(req, ASKED_READDIR),
	    .req = req,
	    .dir = dir_of(fi),
	    .plus = plus,
	    .buffer = malloc(size),
	    .size = size,
	};
	struct node *directory = filler.dir->node;
	struct record_dir *record_dir;
	uint64_t generation;
	double seconds;
	size_t fixed;

	if (!filler.buffer) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	if (filler.dir->paged)
		pages_dropped(filler.fs, filler.dir->ino, &filler.dir->drops);
	if (directory->ops->begin_list)
		directory->ops->begin_list(&filler);
	fixed = count_fixed(directory);
	for (size_t place = (size_t)offset; add_place(&filler, place, fixed) > 0; place++) {
	}
	/* the answer may be the last that is heard of the open directory: another thread ends it */
	record_dir = node_record_dir(directory);
	generation = filler.dir->generation;
	/* an empty page would be the end of the directory */
	if (filler.failed && !filler.used)
		fuse_reply_err(req, ENOMEM);
	else
		fuse_reply_buf(req, filler.buffer, filler.used);
	free(filler.buffer);
	/* a write may have made old what the kernel has just been told: have that compared */
	if (filler.current && plus && whole_generation(record_dir->roster, &seconds) != generation)
		notify_record_dir(filler.fs->notify, record_dir);
}

void listing_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		  struct fuse_file_info *fi)
{
	(void)ino;
	listing_fill(req, size, offset, fi, false);
}

void listing_read_plus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		       struct fuse_file_info *fi)
{
	(void)ino;
	listing_fill(req, size, offset, fi, true);
}

void listing_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	fs_asked(req, ASKED_RELEASEDIR);
	dir_close(dir_of(fi));
	fuse_reply_err(req, 0);
}

void listing_fsync(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi)
{
	(void)ino;
	(void)datasync;
	(void)fi;
	fs_asked(req, ASKED_FSYNCDIR);
	fuse_reply_err(req, 0);
}

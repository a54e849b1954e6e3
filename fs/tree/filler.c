/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filler.c - see filler.h.
 */
#include "fs/tree/filler.h"

#include "fs/tree/entry.h"
#include "fs/tree/inode.h"
#include "fs/tree/node.h"

#include <string.h>

static bool put_entry(struct filler *filler, const char *name, const struct fuse_entry_param *entry,
		      off_t next)
{
	char *at = filler->buffer + filler->used;
	size_t room = filler->size - filler->used;
	size_t need = filler->plus
			  ? fuse_add_direntry_plus(filler->req, at, room, name, entry, next)
			  : fuse_add_direntry(filler->req, at, room, name, &entry->attr, next);

	if (need <= room)
		filler->used += need;
	return need <= room;
}

bool filler_add_bare(struct filler *filler, const char *name, mode_t type, ino_t ino, off_t next)
{
	struct fuse_entry_param entry = {.attr = {.st_mode = type, .st_ino = ino}};

	return put_entry(filler, name, &entry, next);
}

/* Fill ENTRY for NODE, whose reference goes to the kernel if attributes are wanted. */
static void fill_entry(struct filler *filler, struct node *node, const struct record *record,
		       double seconds, struct fuse_entry_param *entry)
{
	memset(entry, 0, sizeof(*entry));
	if (filler->plus)
		entry_fill(filler->fs, node, record, seconds, entry);
	else
		node_attr(filler->fs, node, record, &entry->attr);
}

/* Add ENTRY, of NODE, whose reference is released if the reply is full. */
static bool append_entry(struct filler *filler, const char *name, struct node *node,
			 const struct fuse_entry_param *entry, off_t next)
{
	bool added = put_entry(filler, name, entry, next);

	if (!filler->plus)
		inode_drop(filler->fs, node);
	else if (!added)
		inode_forget(filler->fs, entry->ino, 1);
	return added;
}

bool filler_add(struct filler *filler, const char *name, struct node *node,
		const struct record *record, double seconds, off_t next)
{
	struct fuse_entry_param entry;

	if (!node) {
		filler->failed = true;
		return false;
	}
	fill_entry(filler, node, record, seconds, &entry);
	return append_entry(filler, name, node, &entry, next);
}

bool filler_add_shown(struct filler *filler, const char *name, struct node *node, double seconds,
		      const struct stat *shown, off_t next)
{
	struct fuse_entry_param entry;

	if (!node) {
		filler->failed = true;
		return false;
	}
	fill_entry(filler, node, NULL, seconds, &entry);
	if (shown) {
		entry.attr.st_size = shown->st_size;
		entry.attr.st_mtim = entry.attr.st_atim = entry.attr.st_ctim = shown->st_mtim;
	}
	return append_entry(filler, name, node, &entry, next);
}

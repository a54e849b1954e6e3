/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filler.c - see filler.h.
 */
#include "fs/tree/filler.h"

#include "fs/tree/entry.h"
#include "fs/tree/inode.h"
#include "fs/tree/node.h"

#include <string.h>

/* Return true if the reply has room for an entry with NAME. */
static bool has_room(const struct filler *filler, const char *name)
{
	size_t need = filler->plus ? fuse_add_direntry_plus(filler->req, NULL, 0, name, NULL, 0)
				   : fuse_add_direntry(filler->req, NULL, 0, name, NULL, 0);

	return need <= filler->size - filler->used;
}

/* Add ENTRY, for which there is room. */
static void put_entry(struct filler *filler, const char *name, const struct fuse_entry_param *entry,
		      off_t next)
{
	char *at = filler->buffer + filler->used;
	size_t room = filler->size - filler->used;

	filler->used += filler->plus
			    ? fuse_add_direntry_plus(filler->req, at, room, name, entry, next)
			    : fuse_add_direntry(filler->req, at, room, name, &entry->attr, next);
}

bool filler_add_bare(struct filler *filler, const char *name, mode_t type, ino_t ino, off_t next)
{
	struct fuse_entry_param entry = {.attr = {.st_mode = type, .st_ino = ino}};

	if (!has_room(filler, name))
		return false;
	put_entry(filler, name, &entry, next);
	return true;
}

/*
 * Return true if there is a NODE, and room for an entry with NAME. Otherwise its reference is
 * released. This is asked before the entry is filled, because to fill it notes that the kernel is
 * told this version: the kernel would keep an older one of which nobody tells it.
 */
static bool may_add(struct filler *filler, const char *name, struct node *node)
{
	if (!node)
		filler->failed = true;
	else if (has_room(filler, name))
		return true;
	else
		inode_drop(filler->fs, node);
	return false;
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

/* Add ENTRY, of NODE, whose reference is released if the kernel does not get it. */
static void append_entry(struct filler *filler, const char *name, struct node *node,
			 const struct fuse_entry_param *entry, off_t next)
{
	put_entry(filler, name, entry, next);
	if (!filler->plus)
		inode_drop(filler->fs, node);
}

bool filler_add(struct filler *filler, const char *name, struct node *node,
		const struct record *record, double seconds, off_t next)
{
	struct fuse_entry_param entry;

	if (!may_add(filler, name, node))
		return false;
	fill_entry(filler, node, record, seconds, &entry);
	append_entry(filler, name, node, &entry, next);
	return true;
}

bool filler_add_shown(struct filler *filler, const char *name, struct node *node, double seconds,
		      const struct stat *shown, off_t next)
{
	struct fuse_entry_param entry;

	if (!may_add(filler, name, node))
		return false;
	fill_entry(filler, node, NULL, seconds, &entry);
	if (shown) {
		entry.attr.st_size = shown->st_size;
		entry.attr.st_mtim = entry.attr.st_atim = entry.attr.st_ctim = shown->st_mtim;
	}
	append_entry(filler, name, node, &entry, next);
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entry.c - see entry.h.
 *
 * The rule of the kernel's caches: a record's name and attributes hold while the roster is fresh,
 * and not at all while a process writes; what is fixed holds for a second.
 */
#include "fs/tree/entry.h"

#include "cache/record/record.h"
#include "fs/tree/handle.h"
#include "fs/tree/inode.h"
#include "fs/tree/node.h"
#include "fs/tree/node_record.h"
#include "fs/tree/pages.h"
#include "fs/tree/view.h"

#include <errno.h>
#include <string.h>

/* ---- how long ---- */

double entry_never(struct fs *fs, struct node *node, const struct record *record, double seconds,
		   struct stat *attr)
{
	(void)fs;
	(void)node;
	(void)record;
	(void)seconds;
	(void)attr;
	return 0;
}

double entry_name_never(struct fs *fs, const struct node *node, const struct record *record,
			double seconds)
{
	(void)fs;
	(void)node;
	(void)record;
	(void)seconds;
	return 0;
}

double entry_while_fresh(struct fs *fs, struct node *node, const struct record *record,
			 double seconds, struct stat *attr)
{
	(void)fs;
	(void)node;
	(void)record;
	(void)attr;
	return seconds;
}

double entry_name_while_fresh(struct fs *fs, const struct node *node, const struct record *record,
			      double seconds)
{
	(void)fs;
	(void)node;
	(void)record;
	return seconds;
}

double entry_record(struct fs *fs, struct node *node, const struct record *record, double seconds,
		    struct stat *attr)
{
	(void)attr;
	if (!record || atomic_load(&node->writers))
		return 0;
	pages_tell(fs, node, record->version);
	/* a caller that reads another version through the pages asks for its size each time */
	return pages_differ(fs, inode_of(fs, node), record->version) ? 0 : seconds;
}

double entry_name_record(struct fs *fs, const struct node *node, const struct record *record,
			 double seconds)
{
	(void)fs;
	(void)node;
	return record ? seconds : 0;
}

/* ---- what ---- */

double entry_attr(struct fs *fs, struct node *node, const struct record *record, double seconds,
		  struct stat *attr)
{
	node_attr(fs, node, record, attr);
	if (!node->ops->attr_seconds)
		return ENTRY_FIXED_SECONDS;
	return node->ops->attr_seconds(fs, node, record, seconds, attr);
}

/* Return NODE, or if a process reads another version than RECORD through its pages, a node that
 * gets its name. Takes a reference to NODE, and returns one. */
static struct node *node_for(struct fs *fs, struct node *node, const struct record *record)
{
	/* others may read the node that has the name by now as well */
	for (int turn = 0; turn < 4; turn++) {
		struct node *renewed;

		if (pages_readers(fs, inode_of(fs, node), node, record->version) ==
		    PAGES_READERS_NONE)
			break;
		inode_renew(fs, node);
		renewed = inode_find(fs, node->path);
		if (!renewed)
			break;
		inode_drop(fs, node);
		node = renewed;
	}
	return node;
}

void entry_fill(struct fs *fs, struct node *node, const struct record *record, double seconds,
		struct fuse_entry_param *entry)
{
	memset(entry, 0, sizeof(*entry));
	if (node->ops->is_record && record)
		node = node_for(fs, node, record);
	entry->ino = inode_to_kernel(fs, node);
	entry->attr_timeout = entry_attr(fs, node, record, seconds, &entry->attr);
	if (node->ops->adjust)
		node->ops->adjust(fs, entry->ino, &entry->attr);
	entry->entry_timeout = ENTRY_FIXED_SECONDS;
	if (node->ops->name_seconds)
		entry->entry_timeout = node->ops->name_seconds(fs, node, record, seconds);
}

/* ---- answers ---- */

void entry_reply(fuse_req_t req, struct node *node, const struct record *record, double seconds)
{
	struct fs *fs = fs_of(req);
	struct fuse_entry_param entry;

	if (!node) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	entry_fill(fs, node, record, seconds, &entry);
	if (fuse_reply_entry(req, &entry) == -ENOENT)
		inode_forget(fs, entry.ino, 1);
}

bool entry_reply_fixed(fuse_req_t req, const struct node *directory, const char *text)
{
	struct fs *fs = fs_of(req);
	struct record *record = NULL;
	struct node_fixed fixed;
	double seconds = 0;
	struct node *node;

	if (!node_find_fixed(directory, text, &fixed))
		return false;
	node = inode_take_fixed(fs, directory, &fixed);
	if (node) {
		node = view_take(fs, req, node);
		/* it may be a record's */
		node_record_peek(node, &record, &seconds);
	}
	entry_reply(req, node, record, seconds);
	record_put(record);
	return true;
}

void entry_reply_attr(fuse_req_t req, struct node *node, const struct record *record,
		      double seconds)
{
	struct stat attr;
	double keep = entry_attr(fs_of(req), node, record, seconds, &attr);

	fuse_reply_attr(req, &attr, keep);
}

void entry_reply_opened_attr(fuse_req_t req, fuse_ino_t ino, struct node *node,
			     const struct record *record, double seconds)
{
	struct fs *fs = fs_of(req);
	struct handle *shown;
	struct stat attr;
	int error = view_attr(fs, req, ino, node, record, &shown);

	if (error) {
		fuse_reply_err(req, -error);
	} else if (shown) {
		node_attr(fs, shown->node, shown->record, &attr);
		fuse_reply_attr(req, &attr, 0);
		handle_put(shown);
	} else {
		entry_reply_attr(req, node, record, seconds);
	}
}

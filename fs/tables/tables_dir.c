/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tables_dir.c - see tables_dir.h.
 */
#include "fs/tables/tables_dir.h"

#include "fs/tables/edition.h"
#include "fs/tables/table_list.h"
#include "fs/tree/dir.h"
#include "fs/tree/entry.h"
#include "fs/tree/filler.h"
#include "fs/tree/inode.h"
#include "fs/tree/path.h"

#include <errno.h>

static void lookup_table(fuse_req_t req, struct node *directory, const struct path_name *name)
{
	struct fs *fs = fs_of(req);
	struct table_file *file = table_list_find(fs, name->text);
	struct edition *edition;
	struct node *node = NULL;

	if (!file) {
		fuse_reply_err(req, ENOENT);
		return;
	}
	edition = edition_take(file, fuse_req_ctx(req)->pid);
	if (edition)
		node = inode_take_owner(fs, &table_file, directory, name->text, NULL, edition);
	edition_put(edition);
	entry_reply(req, node, NULL, 0);
}

/* The kernel looks each name up when it needs it, because it may lead to another node by then. */
static int list_tables(struct filler *filler, size_t index, off_t next)
{
	const struct table_list *tables = filler->fs->tables;
	const struct node *directory = filler->dir->node;
	const char *name;

	if (index >= tables->count)
		return -1;
	name = tables->files[index]->name;
	return filler_add_bare(filler, name, table_file.mode & S_IFMT,
			       node_number_of(directory, name), next);
}

const struct node_ops tables_dir = {
    .mode = S_IFDIR | 0555,
    .umask = NODE_UMASK_ALWAYS,
    .is_read_only = true,
    .lookup = lookup_table,
    .list = list_tables,
};

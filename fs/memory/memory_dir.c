/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory_dir.c - see memory_dir.h.
 *
 * It decides which node stands at a name; the files themselves are scratch.c's.
 */
#include "fs/memory/memory_dir.h"

#include "fs/memory/draft.h"
#include "fs/memory/scratch.h"
#include "fs/memory/scratch_node.h"
#include "fs/memory/scratch_open.h"
#include "fs/memory/scratch_text.h"
#include "fs/memory/vacancy.h"
#include "fs/tree/dir.h"
#include "fs/tree/entry.h"
#include "fs/tree/filler.h"
#include "fs/tree/inode.h"
#include "fs/tree/node.h"
#include "fs/tree/path.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Return true if NAME in DIRECTORY is a draft's. */
static bool is_draft(const struct node *directory, const struct path_name *name)
{
	return directory->ops->holds_drafts && name->kind == PATH_JSON;
}

bool memory_dir_may_have(const struct node *directory, const struct path_name *name)
{
	if (!directory->ops->holds_files || node_is_foreign(directory, name->text))
		return false;
	return !name->reserved || is_draft(directory, name);
}

struct node *memory_dir_take(struct fs *fs, const struct node *directory,
			     const struct path_name *name)
{
	const struct node_ops *ops = &scratch_node_file;
	struct scratch *scratch;
	char path[NODE_PATH_MAX];
	struct node *node;
	char *id;

	/* node_path would cut it to another's name */
	if (strlen(name->text) > NAME_MAX)
		return NULL;
	node_path(directory, name->text, path);
	scratch = scratch_get(fs->scratches, path);
	if (!scratch)
		return NULL;
	id = scratch_text_id(scratch);
	if (id)
		ops = &draft_made;
	else if (scratch_text_target(scratch))
		ops = &scratch_node_link;
	else if (is_draft(directory, name))
		ops = &draft_file;
	node = inode_take_owner(fs, ops, directory, name->text, node_record_dir(directory),
				scratch);
	scratch_open_looked_up(scratch);
	scratch_put(fs->scratches, scratch);
	free(id);
	return node;
}

void memory_dir_lookup(fuse_req_t req, const struct node *directory, const struct path_name *name)
{
	struct node *node = memory_dir_take(fs_of(req), directory, name);

	if (node)
		entry_reply(req, node, NULL, 0);
	else
		fuse_reply_err(req, ENOENT);
}

int memory_dir_list(struct filler *filler, size_t index, off_t next)
{
	const struct node *directory = filler->dir->node;
	char *text = scratch_name(filler->fs->scratches, directory->path, index);
	struct path_name name;
	struct node *node;
	int added = -1;

	if (!text)
		return -1;
	path_parse(text, &name);
	node = memory_dir_take(filler->fs, directory, &name);
	if (node)
		added = filler_add(filler, text, node, NULL, 0, next);
	free(text);
	return added;
}

struct node *memory_dir_make(struct fs *fs, const struct node *directory,
			     const struct path_name *name, const char *target, int *error)
{
	struct scratch *scratch = NULL;
	char path[NODE_PATH_MAX];
	struct node *node;

	if (strlen(name->text) > NAME_MAX) {
		*error = -ENAMETOOLONG;
		return NULL;
	}
	node_path(directory, name->text, path);
	*error = scratch_make(fs->scratches, path, target, &scratch);
	if (*error && (*error != -EEXIST || target))
		return NULL;
	if (scratch && is_draft(directory, name))
		scratch_open_keep(scratch);
	node = memory_dir_take(fs, directory, name);
	scratch_put(fs->scratches, scratch);
	*error = node ? 0 : -ENOMEM;
	return node;
}

bool memory_dir_remove(struct fs *fs, const struct node *directory, const char *name)
{
	char path[NODE_PATH_MAX];

	node_path(directory, name, path);
	if (scratch_remove(fs->scratches, path))
		return false;
	vacancy_end_backup(fs->vacancies, path);
	return true;
}

bool memory_dir_is_vacant(fuse_req_t req, const struct node *directory, const char *name)
{
	struct fs *fs = fs_of(req);
	char path[NODE_PATH_MAX];

	if (!directory->ops->holds_files)
		return false;
	node_path(directory, name, path);
	return vacancy_holds(fs->vacancies, path, fuse_req_ctx(req)->pid);
}

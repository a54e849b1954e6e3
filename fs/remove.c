/* SPDX-License-Identifier: Apache-2.0 */
/*
 * remove.c - see remove.h.
 */
#include "fs/remove.h"

#include "fs/memory/memory_dir.h"
#include "fs/tree/inode.h"
#include "fs/tree/node.h"
#include "fs/tree/path.h"
#include "fs/tree/request.h"

#include <errno.h>

void remove_file(fuse_req_t req, fuse_ino_t parent, const char *text)
{
	struct fs *fs = fs_asked(req, ASKED_UNLINK);
	struct node *directory = inode_node(fs, parent);
	struct path_name name;

	if (memory_dir_remove(fs, directory, text)) {
		fuse_reply_err(req, 0);
		return;
	}
	path_parse(text, &name);
	if (directory->ops->unlink)
		directory->ops->unlink(req, directory, &name);
	else
		request_refuse_name(
		    req, directory, text, -EPERM,
		    node_is_account(directory)
			? "rm removes nothing here; to end a user's access, write inactive to the .status"
			: "this can't be removed");
}

void remove_directory(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fs *fs = fs_asked(req, ASKED_RMDIR);

	request_refuse_name(req, inode_node(fs, parent), name, -EPERM,
			    "directories can't be removed");
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * refresh_file.c - .rosterfs/refresh: takes the name of an account's directory, or `all`, and
 * counts what is known of it as old. It reads as empty, so that grep -r finds nothing in it.
 */
#include "fs/control/refresh_file.h"

#include "fs/control/control_file.h"
#include "fs/fs.h"
#include "fs/tree/handle.h"
#include "fs/tree/node.h"
#include "fs/tree/notify.h"
#include "fs/tree/record_dir.h"
#include "vendors/http/http.h"
#include "vendors/rest/account.h"

#include <string.h>

void refresh_file_branch(struct branch *branch)
{
	if (!branch->users)
		return;
	http_lift(&branch->account->endpoint);
	record_dir_refresh_all(branch);
	if (!notify_refresh(branch->fs, branch))
		record_dir_renew_all(branch);
}

static bool refresh_named(struct fs *fs, const char *text, size_t length)
{
	bool all = length == 3 && memcmp(text, "all", 3) == 0, found = false;

	/* Tab completes the name of a directory so */
	if (length && text[length - 1] == '/')
		length--;
	for (size_t i = 0; i < fs->branch_count; i++) {
		const char *name = fs->branches[i].account->name;

		if (!all && (strlen(name) != length || memcmp(name, text, length) != 0))
			continue;
		found = true;
		refresh_file_branch(&fs->branches[i]);
	}
	return found;
}

static void write_refresh(fuse_req_t req, struct handle *handle, const char *data, size_t size,
			  off_t offset)
{
	size_t length = size;

	(void)offset;
	if (length && data[length - 1] == '\n')
		length--;
	control_file_reply(req, handle->node, size, refresh_named(fs_of(req), data, length),
			   "neither the name of a vendor's directory nor `all`");
}

const struct node_ops refresh_file = {
    .mode = S_IFREG | 0600,
    .ignores_size = true,
    .attr_seconds = control_file_seconds,
    .write = write_refresh,
};

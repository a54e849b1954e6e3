/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unread.c - see unread.h.
 *
 * It knows which vendor a name stands for, and takes the errno from the vendor's roster.
 * email_dir.c decides when such a file is shown.
 */
#include "fs/people/unread.h"

#include "cache/roster/overdue.h"
#include "fs/people/email_link_node.h"
#include "fs/people/email_links.h"
#include "fs/tree/branch.h"
#include "fs/tree/entry.h"
#include "fs/tree/record_dir.h"
#include "vendors/base/call.h"
#include "vendors/base/log.h"
#include "vendors/rest/account.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Return the vendor that NODE, "VENDOR.json" or "VENDOR.status", stands for, or NULL. */
static const struct branch *branch_of_name(struct fs *fs, const struct node *node)
{
	const char *name = node_name(node), *dot = strrchr(name, '.');
	char vendor[PATH_NAME_MAX + 1];
	const struct branch *branch;

	if (!dot || dot - name > PATH_NAME_MAX)
		return NULL;
	snprintf(vendor, sizeof(vendor), "%.*s", (int)(dot - name), name);
	branch = branch_find(fs, vendor);
	return branch && branch->users ? branch : NULL;
}

/*
 * Return the errno with which the person of NODE can't be read at BRANCH, with the message in CALL.
 * -ESTALE: BRANCH can be read, or must be asked again. The age of the failure does not matter,
 * because the name was looked up a moment ago.
 */
static int error_of_vendor(const struct node *node, const struct branch *branch, struct call *call)
{
	struct email_query query;
	int error = 0;

	if (branch && email_link_node_query(node, &query))
		error = overdue_unreadable(branch->users->roster, query.whole ? NULL : query.email,
					   HUGE_VAL, call);
	return error ? error : -ESTALE;
}

static void open_unread(fuse_req_t req, fuse_ino_t ino, struct node *node,
			struct fuse_file_info *fi)
{
	const struct branch *branch = branch_of_name(fs_of(req), node);
	const struct fuse_ctx *context = fuse_req_ctx(req);
	struct call call;
	int error;

	(void)ino;
	call_init(&call, node->path);
	call_set_caller(&call, context->uid, context->gid, context->pid);
	error = error_of_vendor(node, branch, &call);
	if (error != -ESTALE) {
		call_fail_unreadable(&call, -error, branch->account->name,
				     (fi->flags & O_ACCMODE) == O_RDONLY ? ""
									 : ", so nothing was sent");
		log_error(&call, error);
	}
	call_destroy(&call);
	fuse_reply_err(req, -error);
}

static void getattr_of_unread(fuse_req_t req, fuse_ino_t ino, struct node *node)
{
	struct fs *fs = fs_of(req);
	struct stat attr;
	struct call call;
	int error;

	(void)ino;
	call_init(&call, node->path);
	error = error_of_vendor(node, branch_of_name(fs, node), &call);
	call_destroy(&call);
	if (error == -ESTALE) {
		fuse_reply_err(req, ESTALE);
		return;
	}
	entry_attr(fs, node, NULL, 0, &attr);
	fuse_reply_attr(req, &attr, 0);
}

static int show_unread(struct email_index *people, const struct email_query *query,
		       const struct node *node, struct email_shown *shown)
{
	struct email_links_link link;

	(void)shown;
	return email_link_node_find(people, query, node, false, &link);
}

const struct email_kind unread_file = {
    .node = {.mode = S_IFREG | 0666,
	     .umask = NODE_UMASK_ALWAYS,
	     .is_person = true,
	     .attr_seconds = entry_while_fresh,
	     .name_seconds = entry_name_while_fresh,
	     .getattr = getattr_of_unread,
	     .open = open_unread},
    .query = email_link_node_query,
    .show = show_unread,
};

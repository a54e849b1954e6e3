/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unread.c - see unread.h.
 *
 * It knows which vendor a name stands for, and asks the vendor's roster for the errno. When it is
 * shown is for email_dir.c to say.
 */
#include "fs/people/unread.h"

#include "cache/roster/roster.h"
#include "fs/people/email_query.h"
#include "fs/tree/entry.h"
#include "cache/roster/overdue.h"
#include "fs/tree/path.h"
#include "fs/tree/record_dir.h"
#include "vendors/base/call.h"
#include "vendors/base/log.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* The vendor that NODE, "VENDOR.json" or "VENDOR.status", stands for, or NULL. */
static const struct branch *vendor_of(struct fs *fs, const struct node *node)
{
	const char *name = node_name(node), *dot = strrchr(name, '.');
	char vendor[PATH_NAME_MAX + 1];
	const struct branch *branch;

	if (!dot || dot - name > PATH_NAME_MAX)
		return NULL;
	snprintf(vendor, sizeof(vendor), "%.*s", (int)(dot - name), name);
	branch = fs_branch(fs, vendor);
	return branch && branch->users ? branch : NULL;
}

/*
 * The errno for which the person of NODE can't be read at BRANCH, with words in CALL; -ESTALE: it
 * can, or is to be asked again. However old a failure is, the name was looked up a moment ago.
 */
static int error_of(const struct node *node, const struct branch *branch, struct call *call)
{
	struct email_query query;
	int error = 0;

	if (branch && email_query_ask(node, &query))
		error = overdue_unreadable(branch->users->roster, query.whole ? NULL : query.email,
					   HUGE_VAL, call);
	return error ? error : -ESTALE;
}

void unread_open(fuse_req_t req, const struct node *node, int flags)
{
	const struct branch *branch = vendor_of(fs_of(req), node);
	const struct fuse_ctx *context = fuse_req_ctx(req);
	struct call call;
	int error;

	call_init(&call, node->path);
	call_set_caller(&call, context->uid, context->gid, context->pid);
	error = error_of(node, branch, &call);
	if (error != -ESTALE) {
		call_fail_unreadable(&call, -error, branch->account->name,
				     (flags & O_ACCMODE) == O_RDONLY ? ""
								     : ", so nothing was sent");
		log_error(&call, error);
	}
	call_destroy(&call);
	fuse_reply_err(req, -error);
}

void unread_getattr(fuse_req_t req, struct node *node)
{
	struct fs *fs = fs_of(req);
	struct stat attr;
	struct call call;
	int error;

	call_init(&call, node->path);
	error = error_of(node, vendor_of(fs, node), &call);
	call_destroy(&call);
	if (error == -ESTALE) {
		fuse_reply_err(req, ESTALE);
		return;
	}
	entry_attr(fs, node, NULL, 0, &attr);
	fuse_reply_attr(req, &attr, 0);
}

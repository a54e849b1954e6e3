/* SPDX-License-Identifier: Apache-2.0 */
/*
 * branch_dir.c - see branch_dir.h.
 *
 * Users and places are record_folder.c's business.
 */
#include "fs/branch_dir.h"

#include "cache/roster/wait.h"
#include "fs/control/query_file.h"
#include "fs/people/email_dir.h"
#include "fs/records/record_file.h"
#include "fs/records/record_folder.h"
#include "fs/records/record_lookup.h"
#include "fs/tree/inode.h"
#include "fs/tree/path.h"
#include "fs/tree/record_dir.h"
#include "fs/tree/request.h"
#include "vendors/base/call.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdio.h>

/* ---- MANUAL ---- */

static const char *text_of_manual(const struct fs *fs, const struct node *node)
{
	(void)fs;
	return node_branch(node)->account->vendor->manual(node_branch(node)->account);
}

static const struct node_ops manual_file = {
    .mode = S_IFREG | 0444,
    .umask = NODE_UMASK_GIVEN,
    .attr = node_attr_constant,
    .constant = text_of_manual,
};

/* ---- self ---- */

static void got_self(struct request *request, int error)
{
	char stem[PATH_STEM_MAX + 1], target[PATH_NAME_MAX + 16];

	if (error == -ENODATA)
		error = call_fail(
		    &request->call, CALL_MISSING,
		    "section [%s]: the vendor does not tell which user the keys belong to; set self_id",
		    node_branch(request->node)->account->name);
	if (error) {
		request_fail(request, error);
		return;
	}
	path_stem(request->wait.self, stem);
	snprintf(target, sizeof(target), "%s.json", stem);
	if (request_claim(request))
		fuse_reply_readlink(request->req, target);
}

static void read_self(fuse_req_t req, struct node *node)
{
	struct request *request = request_new(fs_of(req), req, node);

	if (!request)
		fuse_reply_err(req, ENOMEM);
	else
		request_ask(request, node_record_dir(node)->roster, WAIT_SELF, NULL, got_self);
}

static const struct node_ops self_link = {
    .mode = S_IFLNK | 0777,
    .readlink = read_self,
};

/* ---- the directory ---- */

static bool fixed_in_branch(const struct node *directory, size_t index, struct node_fixed *fixed)
{
	const struct vendor *vendor = node_branch(directory)->account->vendor;
	const struct transaction *query = vendor->transaction;
	/* by what the vendor has; a new name is one line here */
	const struct {
		bool exists;
		struct node_fixed fixed;
	} names[] = {
	    {true, {"MANUAL", &manual_file, NULL, false}},
	    {vendor->self, {"self", &self_link, NULL, false}},
	    {query, {query ? query->name : NULL, &query_file, NULL, false}},
	    {vendor->users, {"by-email", &email_dir_own.node, NULL, true}},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].exists && !index--) {
			*fixed = names[i].fixed;
			return true;
		}
	}
	return record_folder_fixed(directory, vendor->places, index, fixed);
}

/* with an API */
static const struct record_folder users_dir = {
    .node = {.mode = S_IFDIR | 0777,
	     .umask = NODE_UMASK_ALWAYS,
	     .lists = true,
	     .holds_files = true,
	     .attr = record_folder_attr,
	     .fixed = fixed_in_branch,
	     .take_fixed = record_folder_take_fixed,
	     .lookup = record_folder_lookup,
	     .opendir = record_folder_open,
	     .begin_list = record_folder_begin_list,
	     .list = record_folder_list},
    .lookup_record = record_lookup_file,
    .shows = {&record_file_json, &record_file_status},
    .names = 2,
};

/* without one: the vendor's users are kept by hand */
static const struct node_ops by_hand_dir = {
    .mode = S_IFDIR | 0555,
    .umask = NODE_UMASK_GIVEN,
    .fixed = fixed_in_branch,
    .take_fixed = record_folder_take_fixed,
};

int branch_dir_make(struct fs *fs, struct branch *branch)
{
	branch->node = inode_take(fs, branch->users ? &users_dir.node : &by_hand_dir, fs->root,
				  branch->account->name, branch->users, NULL);
	if (!branch->node)
		return -ENOMEM;
	if (!branch->users)
		branch->node->scope = &branch->scope;
	return 0;
}

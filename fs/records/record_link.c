/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record_link.c - see record_link.h.
 *
 * Making a link waits for the vendor while the kernel holds the directory; only what queues behind
 * it in that directory waits too.
 */
#include "fs/records/record_link.h"

#include "cache/access/link.h"
#include "fs/records/record_file.h"
#include "fs/tree/entry.h"
#include "fs/tree/inode.h"
#include "fs/tree/path.h"
#include "fs/tree/record_dir.h"
#include "fs/tree/request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Up to the account's directory, where the users are. */
static void target_of_record(const struct node *node, char *target)
{
	char *end = target;

	for (const char *c = node_record_dir(node)->path; *c; c++) {
		if (*c == '/')
			end = stpcpy(end, "../");
	}
	stpcpy(end, node_name(node));
}

const struct node_ops record_link = {
    .mode = S_IFLNK | 0777,
    .suffix = ".json",
    .needs_record = true,
    .attr = node_attr_target,
    .attr_seconds = entry_record,
    .name_seconds = entry_name_never, /* they come and go */
    .getattr = record_file_getattr,
    .target = target_of_record,
};

/* ---- making one ---- */

static int link_user(struct request *request)
{
	return link_create(&request->call, node_record_dir(request->node)->roster,
			   request->fs->guard, request->text);
}

static void linked(struct request *request, int error)
{
	struct node *directory = request->node;
	char name[RECORD_DIR_NAME_MAX];

	if (error) {
		request_fail(request, error);
		return;
	}
	if (!request_claim(request))
		return;
	record_dir_name(node_record_dir(directory), request->text, ".json", name);
	entry_reply(request->req,
		    inode_take(request->fs, &record_link, directory, name,
			       node_record_dir(directory), request->text),
		    NULL, 0);
}

/* Return true if TARGET leads from a link in DIRECTORY to the user's file NAME. */
static bool leads_to_user(const struct node *directory, const char *name, const char *target)
{
	for (const char *c = node_record_dir(directory)->path; *c; c++) {
		if (*c != '/')
			continue;
		if (strncmp(target, "../", 3) != 0)
			return false;
		target += 3;
	}
	return strcmp(target, name) == 0;
}

void record_link_make(fuse_req_t req, struct node *directory, const struct path_name *name,
		      const char *target)
{
	struct request *request;

	if (!leads_to_user(directory, name->text, target) || name->kind != PATH_JSON ||
	    !name->has_id) {
		request_refuse_name(
		    req, directory, name->text, -EPERM,
		    "a link here must lead to a user's file of the same name; use ln -s ../../../ID.json .");
		return;
	}
	request = request_about_name(req, directory, name);
	if (!request)
		fuse_reply_err(req, ENOMEM);
	else
		request_work(request, link_user, linked);
}

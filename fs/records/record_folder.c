/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record_folder.c - see record_folder.h.
 *
 * In a directory that holds files in memory, a name that has not the form of a record's file is
 * such a file's.
 */
#include "fs/records/record_folder.h"

#include "cache/access/unlink.h"
#include "cache/record/record.h"
#include "cache/record/snapshot.h"
#include "cache/roster/figures.h"
#include "cache/roster/roster.h"
#include "cache/roster/wait.h"
#include "cache/roster/whole.h"
#include "fs/memory/memory_dir.h"
#include "fs/memory/scratch.h"
#include "fs/records/record_file.h"
#include "fs/records/record_link.h"
#include "fs/records/record_lookup.h"
#include "fs/tree/dir.h"
#include "fs/tree/entry.h"
#include "fs/tree/filler.h"
#include "fs/tree/inode.h"
#include "fs/tree/node_record.h"
#include "fs/tree/path.h"
#include "fs/tree/record_dir.h"
#include "fs/tree/request.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct record_folder new_folder;
static const struct node_ops *const place_ops[PLACE_LINKS + 1];

static const struct record_folder *folder_of(const struct node *directory)
{
	return (const struct record_folder *)directory->ops;
}

/* ---- fixed names ---- */

bool record_folder_fixed(const struct node *directory, const struct place *places, size_t index,
			 struct node_fixed *fixed)
{
	const struct record_dir *record_dir = node_record_dir(directory);
	bool is_folder = directory->ops->needs_record;

	if (is_folder || (record_dir && record_dir->place && !record_dir_lists(record_dir))) {
		if (!index--) {
			*fixed = (struct node_fixed){record_dir->place->file, &record_file_json,
						     NULL, false};
			return true;
		}
	}
	if (!is_folder && record_dir && record_dir_creates(record_dir)) {
		if (!index--) {
			*fixed = (struct node_fixed){"new", &new_folder.node, NULL, false};
			return true;
		}
	}
	for (; places && places->name && index; index--)
		places++;
	if (!places || !places->name)
		return false;
	*fixed = (struct node_fixed){places->name, place_ops[places->kind], places, false};
	return true;
}

static bool fixed_in_place(const struct node *directory, size_t index, struct node_fixed *fixed)
{
	return record_folder_fixed(directory, NULL, index, fixed);
}

static bool fixed_in_folder(const struct node *directory, size_t index, struct node_fixed *fixed)
{
	return record_folder_fixed(directory, node_record_dir(directory)->place->below, index,
				   fixed);
}

struct node *record_folder_take_fixed(struct fs *fs, const struct node *directory,
				      const struct node_fixed *fixed)
{
	const char *id = directory->ops->needs_record ? directory->id : NULL;
	struct record_dir *record_dir = node_record_dir(directory);
	char path[NODE_PATH_MAX];

	if (fixed->place) {
		node_path(directory, fixed->name, path);
		record_dir = record_dir_take(node_branch(directory), fixed->place, path, id);
		return record_dir
			   ? inode_take(fs, fixed->ops, directory, fixed->name, record_dir, NULL)
			   : NULL;
	}
	/* the one record of a single collection has the name of its file for an id */
	if (!id)
		id = fixed->name;
	return inode_take(fs, fixed->ops, directory, fixed->name,
			  fixed->is_apart ? NULL : record_dir, fixed->ops->is_record ? id : NULL);
}

/* ---- attributes ---- */

/* When what the directory shows was fetched. */
void record_folder_attr(struct fs *fs, struct node *node, const struct record *record,
			struct stat *attr)
{
	struct figures info;

	(void)fs;
	(void)record;
	figures_get(node_record_dir(node)->roster, &info);
	if (info.known)
		attr->st_mtim = info.fetched;
}

/* ---- lookup ---- */

static void lookup_folder(fuse_req_t req, struct node *directory, const struct path_name *name)
{
	record_lookup_folder(req, directory, folder_of(directory)->shows[0], name);
}

void record_folder_lookup(fuse_req_t req, struct node *directory, const struct path_name *name)
{
	const struct node_ops *ops = directory->ops;
	bool vacant = memory_dir_is_vacant(req, directory, name->text);

	if (!vacant && entry_reply_fixed(req, directory, name->text))
		return;
	if (!vacant && ops->holds_files && (ops->holds_drafts || !name->reserved))
		memory_dir_lookup(req, directory, name);
	else if (!vacant && folder_of(directory)->lookup_record)
		folder_of(directory)->lookup_record(req, directory, name);
	else
		fuse_reply_err(req, ENOENT);
}

/* ---- listing ---- */

static void folder_opened(struct request *request, int error)
{
	struct node *node = request->node;
	uint64_t expired;

	if (error) {
		request_fail(request, error);
		return;
	}
	if (!request_claim(request))
		return;
	expired = scratch_expired(request->fs->scratches, node->path);
	dir_reply_whole(request->req, node, &request->wait, expired, &request->fi);
}

/* Opening a directory that lists records brings its whole roster, and may wait. */
void record_folder_open(fuse_req_t req, struct node *node, struct fuse_file_info *fi)
{
	struct fs *fs = fs_of(req);
	struct request *request;

	if (!node->ops->lists) {
		scratch_expired(fs->scratches, node->path);
		dir_reply_whole(req, node, NULL, 0, fi);
		return;
	}
	request = request_new(fs, req, node);
	if (!request) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	request->fi = *fi;
	request_ask(request, node_record_dir(node)->roster, WAIT_WHOLE, NULL, folder_opened);
}

/* What is told of records counts while the roster that the snapshot came from is fresh. */
void record_folder_begin_list(struct filler *filler)
{
	const struct dir *dir = filler->dir;

	if (!dir->snapshot)
		return;
	filler->current = dir->generation == whole_generation(node_record_dir(dir->node)->roster,
							      &filler->seconds) &&
			  filler->seconds > 0;
}

/* Records this many places ahead are prefetched. */
#define AHEAD 8

/* Return what the names of record number INDEX begin with. */
static const char *stem_of(struct filler *filler, size_t index)
{
	const struct snapshot *snapshot = filler->dir->snapshot;
	const struct record *record = snapshot->records[index];

	if (filler->named == record)
		return filler->stem;
	filler->named = record;
	path_stem(record->id, filler->stem);
	/*
	 * Records lie anywhere in memory, and waiting for each would be most of the work: the
	 * processor fetches one that is needed soon.
	 */
	if (index + AHEAD < snapshot->count)
		__builtin_prefetch(snapshot->records[index + AHEAD]);
	return filler->stem;
}

/* Add name number INDEX of the names of all records. */
static bool list_record(struct filler *filler, size_t index, off_t next)
{
	const struct node *directory = filler->dir->node;
	const struct record_folder *folder = folder_of(directory);
	struct roster *roster = node_record_dir(directory)->roster;
	const struct node_ops *ops = folder->shows[index % folder->names];
	struct record *shown = filler->dir->snapshot->records[index / folder->names];
	char name[PATH_NAME_MAX + 16];
	const struct record *known = NULL;
	struct record *record = NULL;
	struct node *node;
	double seconds = filler->seconds;
	bool added;

	stpcpy(stpcpy(name, stem_of(filler, index / folder->names)), ops->suffix);
	if (!filler->plus)
		return filler_add_bare(filler, name, ops->mode & S_IFMT,
				       node_number_of(directory, name), next);
	node = inode_take(filler->fs, ops, directory, name, node_record_dir(directory), shown->id);
	if (!node) {
		filler->failed = true;
		return false;
	}
	/* it may have been written since the directory was opened, or grow too old */
	if (filler->current && node_record_roster(node) == roster)
		known = shown;
	else
		node_record_peek(node, &record, &seconds);
	if (!known)
		known = record ? record : node_record_roster(node) == roster ? shown : NULL;
	added = filler_add(filler, name, node, known, seconds, next);
	record_put(record);
	return added;
}

int record_folder_list(struct filler *filler, size_t index, off_t next)
{
	const struct snapshot *snapshot = filler->dir->snapshot;
	const struct node *directory = filler->dir->node;
	size_t listed = snapshot ? snapshot->count * folder_of(directory)->names : 0;

	if (index < listed)
		return list_record(filler, index, next);
	return directory->ops->holds_files ? memory_dir_list(filler, index - listed, next) : -1;
}

/* ---- removing ---- */

static int record_folder_delete(struct request *request)
{
	return unlink_record(&request->call, node_record_dir(request->node)->roster,
			     request->fs->guard, request->text);
}

static void record_deleted(struct request *request, int error)
{
	if (error)
		request_fail(request, error);
	else if (request_claim(request))
		fuse_reply_err(request->req, 0);
}

/* Removing waits for the vendor while the kernel holds the directory. */
static void remove_record(fuse_req_t req, struct node *directory, const struct path_name *name)
{
	const struct collection *collection = roster_collection(node_record_dir(directory)->roster);
	struct request *request;

	if (!(collection->deletes || collection->remove) || name->kind != PATH_JSON ||
	    !name->has_id) {
		request_refuse_name(req, directory, name->text, -EPERM, "this can't be removed");
		return;
	}
	request = request_about_name(req, directory, name);
	if (!request)
		fuse_reply_err(req, ENOMEM);
	else
		request_work(request, record_folder_delete, record_deleted);
}

/* ---- the kinds ---- */

#define OPERATIONS                                                                                 \
	.mode = S_IFDIR | 0777, .umask = NODE_UMASK_ALWAYS, .lookup = record_folder_lookup,        \
	.take_fixed = record_folder_take_fixed, .opendir = record_folder_open,                     \
	.begin_list = record_folder_begin_list, .list = record_folder_list

/* accounts/1/: the directory of one record */
static const struct record_folder folder_dir = {
    .node = {OPERATIONS, .suffix = "", .needs_record = true, .holds_files = true,
	     .attr_seconds = entry_record, .name_seconds = entry_name_record,
	     .getattr = record_file_getattr, .fixed = fixed_in_folder},
};

/* new/ */
static const struct record_folder new_folder = {
    .node = {OPERATIONS, .holds_files = true, .holds_drafts = true, .attr_seconds = entry_never},
};

/* PLACE_FILE */
static const struct record_folder place_single = {
    .node = {OPERATIONS, .holds_files = true, .attr = record_folder_attr, .fixed = fixed_in_place},
};

/* PLACE_FILES */
static const struct record_folder place_files = {
    .node = {OPERATIONS, .holds_files = true, .lists = true, .attr = record_folder_attr,
	     .fixed = fixed_in_place, .unlink = remove_record},
    .lookup_record = record_lookup_file,
    .shows = {&record_file_json},
    .names = 1,
};

/* PLACE_FOLDERS */
static const struct record_folder place_folders = {
    .node = {OPERATIONS, .lists = true, .lists_folders = true, .attr = record_folder_attr,
	     .fixed = fixed_in_place, .unlink = remove_record},
    .lookup_record = lookup_folder,
    .shows = {&folder_dir.node},
    .names = 1,
};

/* PLACE_LINKS */
static const struct record_folder place_links = {
    .node = {OPERATIONS, .lists = true, .attr = record_folder_attr, .fixed = fixed_in_place,
	     .symlink = record_link_make, .unlink = remove_record},
    .lookup_record = record_lookup_link,
    .shows = {&record_link},
    .names = 1,
};

static const struct node_ops *const place_ops[] = {
    [PLACE_FILE] = &place_single.node,
    [PLACE_FILES] = &place_files.node,
    [PLACE_FOLDERS] = &place_folders.node,
    [PLACE_LINKS] = &place_links.node,
};

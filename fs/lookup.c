/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lookup.c - which node stands at a name.
 *
 * A name is answered at once, from what is known: an id that nobody has asked for yet gets an inode
 * on trial, with no time to live, and getattr and open find out. So nothing that holds a directory
 * ever waits for a vendor, but for who looks for a link in members/.
 */
#include "fs/lookup.h"

#include "cache/roster/roster.h"
#include "cache/record/record.h"
#include "cache/record/snapshot.h"
#include "cache/roster/gone.h"
#include "cache/roster/known.h"
#include "cache/roster/whole.h"
#include "cache/roster/wait.h"
#include "fs/people/email_dir.h"
#include "fs/tree/node.h"
#include "fs/control/history_dir.h"
#include "fs/dir.h"
#include "fs/memory/vacancy.h"
#include "fs/tree/entry.h"
#include "fs/tree/inode.h"
#include "fs/tree/path.h"
#include "fs/tree/record_dir.h"
#include "fs/tree/request.h"
#include "fs/tree/view.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void reply_entry(struct fs *fs, fuse_req_t req, struct node *node,
			const struct record *record, double seconds)
{
	struct fuse_entry_param entry;

	if (!node) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	entry_fill(fs, node, record, seconds, &entry);
	if (fuse_reply_entry(req, &entry) == -ENOENT)
		inode_forget(fs, entry.ino, 1);
}

/* A fixed name may be a record's: what is known of that goes with it. */
static void reply_fixed(struct fs *fs, fuse_req_t req, struct node *node)
{
	struct record *record = NULL;
	double seconds = 0;

	if (node)
		node = view_take(fs, req, node);
	if (node && node_needs_record(node))
		entry_peek(node, &record, &seconds);
	reply_entry(fs, req, node, record, seconds);
	record_put(record);
}

/* A cut name tells no id: what the newest roster says, fresh or not, must do. */
static char *id_of_cut(struct record_dir *record_dir, const char *stem)
{
	double seconds;
	struct snapshot *snapshot = whole_snapshot(record_dir->roster, &seconds);
	const struct record *record = snapshot ? entry_find_cut(snapshot, stem) : NULL;
	char *id = record ? strdup(record->id) : NULL;

	snapshot_put(snapshot);
	return id;
}

/*
 * The id that STEM stands for, which the caller frees: NULL also where only a whole roster would
 * tell. False: it can stand for none.
 */
static bool find_id(struct record_dir *record_dir, const char *stem, char **id)
{
	char whole[PATH_STEM_MAX + 1];

	*id = NULL;
	if (path_is_cut(stem)) {
		*id = id_of_cut(record_dir, stem);
		return true;
	}
	if (!path_id(stem, whole) || !record_dir_may_have(record_dir, whole))
		return false;
	*id = strdup(whole);
	return *id != NULL;
}

/* NAME in DIRECTORY is a record's KIND: what is known of it is answered at once. */
static void lookup_known(struct fs *fs, fuse_req_t req, struct node *directory, const char *name,
			 enum node_kind kind, const char *id)
{
	struct node *node = inode_take(fs, kind, directory, name, directory->record_dir, id);
	struct record *record = NULL;
	double seconds = 0;

	if (node)
		node = view_take(fs, req, node);
	if (node && entry_peek(node, &record, &seconds) == KNOWN_ABSENT) {
		inode_drop(fs, node);
		fuse_reply_err(req, ENOENT);
	} else {
		reply_entry(fs, req, node, record, seconds);
	}
	record_put(record);
}

static void lookup_file(struct fs *fs, fuse_req_t req, struct node *directory, const char *name)
{
	char stem[PATH_STEM_MAX + 1];
	enum path_kind kind = path_parse(name, stem);
	char *id;

	if (kind == PATH_OTHER || (kind == PATH_STATUS && directory->kind != NODE_BRANCH) ||
	    !find_id(directory->record_dir, stem, &id)) {
		fuse_reply_err(req, ENOENT);
		return;
	}
	lookup_known(fs, req, directory, name, kind == PATH_STATUS ? NODE_STATUS : NODE_JSON, id);
	free(id);
}

/* Desktops and shells look for autorun.inf, .git and the like: that must not cost a request. */
static bool is_unlikely_id(struct record_dir *record_dir, const char *id)
{
	struct record *record;
	double seconds;

	if (!strchr(id, '.'))
		return false;
	known_peek(record_dir->roster, id, &record, &seconds);
	record_put(record);
	return !record;
}

static void lookup_folder(struct fs *fs, fuse_req_t req, struct node *directory, const char *name)
{
	char *id = NULL;

	/* a new inode on trial would be there for mkdir: only who was listed once is asked for */
	if (strlen(name) > PATH_STEM_MAX || !find_id(directory->record_dir, name, &id) || !id ||
	    is_unlikely_id(directory->record_dir, id) ||
	    gone_never_listed(directory->record_dir->roster, id))
		fuse_reply_err(req, ENOENT);
	else
		lookup_known(fs, req, directory, name, NODE_FOLDER, id);
	free(id);
}

/* The roster has told whether there is a link: REQUEST's text is its id. */
static void found_link(struct request *request, int error)
{
	char name[SHELF_NAME_MAX];

	if (error && error != -ENOENT) {
		request_fail(request, error);
		return;
	}
	if (!request_claim(request))
		return;
	if (error) {
		fuse_reply_err(request->req, ENOENT);
		return;
	}
	record_dir_name(request->node->record_dir, request->text, ".json", name);
	lookup_known(request->fs, request->req, request->node, name, NODE_LINK, request->text);
}

/*
 * A link may not be answered on trial, as files are: `ln` would hear that it is there. So this
 * waits, and with it who looks for another name in the same members/, but nobody else.
 */
static void lookup_link(struct fs *fs, fuse_req_t req, struct node *directory, const char *name)
{
	char stem[PATH_STEM_MAX + 1];
	struct roster *roster = directory->record_dir->roster;
	enum known knows = KNOWN_ABSENT;
	struct record *record = NULL;
	struct request *request;
	double seconds;
	char *id = NULL;

	if (path_parse(name, stem) == PATH_JSON && find_id(directory->record_dir, stem, &id) && id)
		knows = known_peek(roster, id, &record, &seconds);
	record_put(record);
	if (knows == KNOWN_FRESH || knows == KNOWN_ABSENT) {
		if (knows == KNOWN_FRESH)
			lookup_known(fs, req, directory, name, NODE_LINK, id);
		else
			fuse_reply_err(req, ENOENT);
		free(id);
		return;
	}
	request = request_new(fs, req, directory);
	if (!request) {
		free(id);
		fuse_reply_err(req, ENOMEM);
		return;
	}
	request->text = id;
	request->length = strlen(id);
	request_ask(request, roster, WAIT_RECORD, id, found_link);
}

static void lookup_scratch(struct fs *fs, fuse_req_t req, struct node *directory, const char *name)
{
	struct node *node = inode_take_scratch(fs, directory, name);

	if (node)
		reply_entry(fs, req, node, NULL, 0);
	else
		fuse_reply_err(req, ENOENT);
}

static void lookup_in_shelf(struct fs *fs, fuse_req_t req, struct node *directory, const char *name)
{
	if (record_dir_has_links(directory->record_dir))
		lookup_link(fs, req, directory, name);
	else if (record_dir_has_folders(directory->record_dir))
		lookup_folder(fs, req, directory, name);
	else
		lookup_file(fs, req, directory, name);
}

static void lookup_past(struct fs *fs, fuse_req_t req, const struct node *directory,
			const char *name)
{
	struct node *node = history_dir_take(fs, directory, name);

	if (node)
		reply_entry(fs, req, node, NULL, 0);
	else
		fuse_reply_err(req, ENOENT);
}

/* Has the asker renamed the record's file away, to write it anew? */
static bool is_vacant(struct fs *fs, fuse_req_t req, const struct node *directory, const char *name)
{
	char path[NODE_PATH_MAX];

	if (!node_holds_files(directory))
		return false;
	node_path(directory, name, path);
	return vacancy_holds(fs->vacancies, path, fuse_req_ctx(req)->pid);
}

void lookup_entry(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fs *fs = fs_asked(req, ASKED_LOOKUP);
	struct node *directory = inode_node(fs, parent);
	struct branch *branch = directory->kind == NODE_ROOT ? fs_branch(fs, name) : NULL;
	struct node_fixed fixed;

	dir_asked(fs, directory);
	if (branch) {
		inode_hold(fs, branch->node);
		reply_entry(fs, req, branch->node, NULL, 0);
		return;
	}
	if (email_dir_holds(directory)) {
		email_dir_lookup(req, directory, name);
		return;
	}
	if (is_vacant(fs, req, directory, name)) {
		fuse_reply_err(req, ENOENT);
		return;
	}
	for (size_t i = 0; node_fixed(directory, i, &fixed); i++) {
		if (strcmp(fixed.name, name) == 0) {
			reply_fixed(fs, req, node_take_fixed(fs, directory, &fixed));
			return;
		}
	}
	if (node_holds_files(directory) && (directory->kind == NODE_NEW || !path_is_reserved(name)))
		lookup_scratch(fs, req, directory, name);
	else if ((directory->kind == NODE_BRANCH || directory->kind == NODE_PLACE) &&
		 directory->record_dir && record_dir_lists(directory->record_dir))
		lookup_in_shelf(fs, req, directory, name);
	else
		lookup_past(fs, req, directory, name);
}

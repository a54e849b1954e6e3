/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record_lookup.c - see record_lookup.h.
 */
#include "fs/records/record_lookup.h"

#include "cache/record/record.h"
#include "cache/record/snapshot.h"
#include "cache/roster/gone.h"
#include "cache/roster/known.h"
#include "cache/roster/wait.h"
#include "cache/roster/whole.h"
#include "fs/records/record_file.h"
#include "fs/records/record_link.h"
#include "fs/tree/entry.h"
#include "fs/tree/inode.h"
#include "fs/tree/node_record.h"
#include "fs/tree/path.h"
#include "fs/tree/record_dir.h"
#include "fs/tree/request.h"
#include "fs/tree/view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Return a copy of the id of a cut name, or NULL: what the newest roster has, fresh or not, must
 * do. */
static char *id_of_cut(struct record_dir *record_dir, const char *stem)
{
	double seconds;
	struct snapshot *snapshot = whole_snapshot(record_dir->roster, &seconds);
	const struct record *record = snapshot ? node_record_find_cut(snapshot, stem) : NULL;
	char *id = record ? strdup(record->id) : NULL;

	snapshot_put(snapshot);
	return id;
}

/*
 * Store the id that NAME stands for in *ID, which the caller frees; NULL: only a whole roster would
 * tell. Return false if it can stand for none.
 */
static bool find_id(struct record_dir *record_dir, const struct path_name *name, char **id)
{
	*id = NULL;
	if (name->cut) {
		*id = id_of_cut(record_dir, name->stem);
		return true;
	}
	if (!name->has_id || !record_dir_may_have(record_dir, name->id))
		return false;
	*id = strdup(name->id);
	return *id != NULL;
}

/* NAME in DIRECTORY is record ID's: answer with what is known of it. */
static void lookup_known(fuse_req_t req, struct node *directory, const char *name,
			 const struct node_ops *ops, const char *id)
{
	struct fs *fs = fs_of(req);
	struct node *node = inode_take(fs, ops, directory, name, node_record_dir(directory), id);
	struct record *record = NULL;
	double seconds = 0;

	if (node)
		node = view_take(fs, req, node);
	if (node && node_record_peek(node, &record, &seconds) == KNOWN_ABSENT) {
		inode_drop(fs, node);
		fuse_reply_err(req, ENOENT);
	} else {
		entry_reply(req, node, record, seconds);
	}
	record_put(record);
}

/* Return the operations of the record's file NAME in DIRECTORY, or NULL: there is none such. */
static const struct node_ops *ops_of_name(const struct node *directory,
					  const struct path_name *name)
{
	if (name->kind == PATH_STATUS)
		return node_is_account(directory) ? &record_file_status : NULL;
	return name->kind == PATH_JSON ? &record_file_json : NULL;
}

void record_lookup_file(fuse_req_t req, struct node *directory, const struct path_name *name)
{
	const struct node_ops *ops = ops_of_name(directory, name);
	char *id;

	if (!ops || !find_id(node_record_dir(directory), name, &id)) {
		fuse_reply_err(req, ENOENT);
		return;
	}
	lookup_known(req, directory, name->text, ops, id);
	free(id);
}

struct node *record_lookup_take_file(struct fs *fs, const struct node *directory,
				     const struct path_name *name)
{
	const struct node_ops *ops = ops_of_name(directory, name);

	if (!ops || !name->has_id || !record_dir_may_have(node_record_dir(directory), name->id))
		return NULL;
	return inode_take(fs, ops, directory, name->text, node_record_dir(directory), name->id);
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

void record_lookup_folder(fuse_req_t req, struct node *directory, const struct node_ops *ops,
			  const struct path_name *name)
{
	struct record_dir *record_dir = node_record_dir(directory);
	char *id = NULL;

	/* mkdir would find a provisional inode in its way: only ids that were listed once count */
	if (!find_id(record_dir, name, &id) || !id || is_unlikely_id(record_dir, id) ||
	    gone_never_listed(record_dir->roster, id))
		fuse_reply_err(req, ENOENT);
	else
		lookup_known(req, directory, name->text, ops, id);
	free(id);
}

/* The roster has told whether there is a link: REQUEST's text is its id. */
static void found_link(struct request *request, int error)
{
	char name[RECORD_DIR_NAME_MAX];

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
	record_dir_name(node_record_dir(request->node), request->text, ".json", name);
	lookup_known(request->req, request->node, name, &record_link, request->text);
}

/*
 * A link gets no provisional inode as files do: `ln` would be told that it exists. So this waits,
 * and with it a caller that looks for another name in the same members/, but no other caller.
 */
void record_lookup_link(fuse_req_t req, struct node *directory, const struct path_name *name)
{
	struct roster *roster = node_record_dir(directory)->roster;
	enum known knows = KNOWN_ABSENT;
	struct record *record = NULL;
	struct request *request;
	double seconds;
	char *id = NULL;

	if (name->kind == PATH_JSON && find_id(node_record_dir(directory), name, &id) && id)
		knows = known_peek(roster, id, &record, &seconds);
	record_put(record);
	if (knows == KNOWN_FRESH || knows == KNOWN_ABSENT) {
		if (knows == KNOWN_FRESH)
			lookup_known(req, directory, name->text, &record_link, id);
		else
			fuse_reply_err(req, ENOENT);
		free(id);
		return;
	}
	request = request_new(fs_of(req), req, directory);
	if (!request) {
		free(id);
		fuse_reply_err(req, ENOMEM);
		return;
	}
	request->text = id;
	request->length = strlen(id);
	request_ask(request, roster, WAIT_RECORD, id, found_link);
}

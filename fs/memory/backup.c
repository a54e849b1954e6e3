/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backup.c - see backup.h.
 *
 * Copies what the record shows now. Which renames need that is rename.c's business. It must not
 * know what a record's text means.
 */
#include "fs/memory/backup.h"

#include "cache/record/record.h"
#include "fs/memory/memory_dir.h"
#include "fs/memory/scratch.h"
#include "fs/memory/scratch_node.h"
#include "fs/memory/scratch_open.h"
#include "fs/memory/vacancy.h"
#include "fs/tree/inode.h"
#include "fs/tree/node.h"
#include "fs/tree/node_record.h"
#include "fs/tree/path.h"
#include "fs/tree/request.h"
#include "vendors/base/call.h"
#include "vendors/base/process.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Keep what NODE shows of RECORD at the path BACKUP. Return 0 or a negative errno. */
static int keep_backup(struct fs *fs, const struct node *node, struct record *record,
		       const char *backup)
{
	char *line;
	int error;

	if (!node->ops->shows_status) {
		error = scratch_replace(fs->scratches, backup, record_text(record), record->length);
		if (!error)
			atomic_store(&record->shown, true);
		return error;
	}
	if (asprintf(&line, "%s\n", record_status(record)) < 0)
		return -ENOMEM;
	error = scratch_replace(fs->scratches, backup, line, strlen(line));
	free(line);
	return error;
}

/* Leave a backup of NODE, which shows RECORD, at NEW_NAME in DIRECTORY. Return 0 or a negative
 * errno. */
static int back_up(struct fs *fs, struct node *node, struct record *record,
		   const struct node *directory, const char *new_name, pid_t process)
{
	char backup[NODE_PATH_MAX];
	struct path_name name;
	struct node *kept;
	int error;

	node_path(directory, new_name, backup);
	error = keep_backup(fs, node, record, backup);
	if (error)
		return error;
	path_parse(new_name, &name);
	kept = memory_dir_take(fs, directory, &name);
	if (!kept)
		return -ENOMEM;
	/* no process has looked its name up before */
	scratch_open_doubt(scratch_node_of(kept));
	inode_swap(fs, node, kept);
	inode_drop(fs, kept);
	vacancy_begin(fs->vacancies, node->path, backup, process);
	return 0;
}

/* Answer REQ: back_up of NODE ended with ERROR. */
static void reply_backed_up(fuse_req_t req, const struct node *node, int error)
{
	if (error)
		request_refuse(req, node->path, error,
			       "the copy does not fit in memory; raise scratch_limit");
	fuse_reply_err(req, -error);
}

/* REQUEST's text is the new name, in the directory where its node stands. */
static void found_record(struct request *request, int error)
{
	struct fs *fs = request->fs;
	struct node *node = request->node, *directory;
	char above[NODE_PATH_MAX];
	struct record *record;

	if (node_record_again(request, error))
		return;
	error = node_record_found(request, error, &record);
	if (error) {
		request_fail(request, error);
		return;
	}
	/* for a caller that was interrupted, the kernel has renamed nothing */
	if (!request_claim(request))
		return;
	snprintf(above, sizeof(above), "%s", node->path);
	*strrchr(above, '/') = '\0';
	directory = inode_find(fs, above);
	error = directory ? back_up(fs, node, record, directory, request->text, request->call.pid)
			  : -ENOENT;
	if (directory)
		inode_drop(fs, directory);
	reply_backed_up(request->req, node, error);
}

/* Ask what NODE shows, which is not known. */
static void ask_for_record(struct fs *fs, fuse_req_t req, struct node *node, const char *new_name)
{
	struct request *request = request_new(fs, req, node);

	if (request)
		request->text = strdup(new_name);
	if (!request || !request->text) {
		if (request)
			request_free(request);
		fuse_reply_err(req, ENOMEM);
		return;
	}
	request->length = strlen(new_name);
	node_record_ask(request, found_record);
}

void backup_make(struct fs *fs, fuse_req_t req, struct node *node, const struct node *directory,
		 const char *new_name)
{
	struct record *record;
	double seconds;

	node_record_peek(node, &record, &seconds);
	if (record && !node_record_needs_get(node, record))
		reply_backed_up(req, node,
				back_up(fs, node, record, directory, new_name,
					process_of(fuse_req_ctx(req)->pid)));
	else
		ask_for_record(fs, req, node, new_name);
	record_put(record);
}

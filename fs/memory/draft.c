/* SPDX-License-Identifier: Apache-2.0 */
/*
 * draft.c - see draft.h.
 *
 * Says when a file in memory is posted, and what it is then; the post itself is cache/update's. It
 * must not know JSON or vendors.
 */
#include "fs/memory/draft.h"

#include "cache/record/write_lock.h"
#include "cache/roster/roster.h"
#include "cache/update/create.h"
#include "cache/update/update.h"
#include "fs/memory/scratch.h"
#include "fs/memory/scratch_state.h"
#include "fs/memory/scratch_text.h"
#include "fs/tree/node.h"
#include "fs/tree/path.h"
#include "fs/tree/record_dir.h"
#include "fs/tree/request.h"

#include <errno.h>
#include <stdlib.h>

bool draft_posts(const char *name)
{
	char stem[PATH_STEM_MAX + 1];

	return path_parse(name, stem) == PATH_JSON;
}

/* The record that SCRATCH, or what stands at the name it is posted by, has become; the caller
 * frees. NULL: none. */
static char *find_made(const struct request *request, struct scratch *scratch)
{
	struct scratches *all = request->fs->scratches;
	char *id = scratch_text_id(scratch);
	struct scratch *there = id ? NULL : scratch_get(all, request->call.path);

	if (there)
		id = scratch_text_id(there);
	scratch_put(all, there);
	return id;
}

/* One at a time: a post whose writer has been interrupted goes on, and another one behind it would
 * make a second record. */
static int begin(struct request *request, struct scratch *scratch)
{
	struct roster *roster = request->node->record_dir->roster;
	int error = write_lock_take(roster_write_lock(roster), &request->call, request->call.path);
	char *id = error ? NULL : find_made(request, scratch);

	if (id) {
		write_lock_release(roster_write_lock(roster), request->call.path);
		error = call_fail(&request->call, CALL_FORBIDDEN,
				  "it has been made, as record %s: write there", id);
	}
	free(id);
	return error;
}

static void end(struct request *request)
{
	write_lock_release(roster_write_lock(request->node->record_dir->roster),
			   request->call.path);
}

static int post(struct request *request, struct scratch *scratch)
{
	struct fs *fs = request->fs;
	char *id = NULL;
	int error = create_record(&request->call, request->node->record_dir->roster, fs->guard,
				  request->text, request->length, &id);

	if (id)
		scratch_text_become(fs->scratches, scratch, id);
	free(id);
	return error;
}

int draft_post(struct request *request, struct scratch *scratch)
{
	int error = begin(request, scratch);

	if (error)
		return error;
	error = post(request, scratch);
	end(request);
	return error;
}

int draft_commit(struct request *request)
{
	struct scratch *scratch = node_scratch(request->node);
	int error = begin(request, scratch);

	if (error)
		return error;
	error = scratch_text_set_text(request->fs->scratches, scratch, request->text,
				      request->length);
	if (error && !request->call.words[0])
		call_fail_errno(&request->call, -error,
				"the file can't be kept in memory: see scratch_limit");
	if (!error && request->length)
		error = post(request, scratch);
	end(request);
	return error;
}

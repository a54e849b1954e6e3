/*
 * draft.c - see draft.h.
 *
 * Says when a file in memory is posted, and what it is then; the post itself is cache/update's. It
 * must not know JSON or vendors.
 */
#include "fs/draft.h"

#include "cache/update.h"
#include "fs/node.h"
#include "fs/path.h"
#include "fs/request.h"
#include "fs/scratch.h"
#include "fs/shelf.h"

#include <errno.h>
#include <stdlib.h>

bool draft_posts(const char *name)
{
	char stem[PATH_STEM_MAX + 1];

	return path_parse(name, stem) == PATH_JSON;
}

int draft_post(struct request *request, struct scratch *scratch)
{
	struct fs *fs = request->fs;
	char *id = NULL;
	int error = update_create(&request->call, request->node->shelf->roster, fs->guard,
				  request->text, request->length, &id);

	if (id)
		scratch_become(fs->scratches, scratch, id);
	free(id);
	return error;
}

int draft_commit(struct request *request)
{
	struct scratch *scratch = node_scratch(request->node);
	char *id = scratch_id(scratch);
	int error = 0;

	/* through a descriptor that was open before it became a record */
	if (id)
		error = call_fail(&request->call, EPERM,
				  "it has been made, as record %s: write there", id);
	free(id);
	if (!error)
		error = scratch_set_text(request->fs->scratches, scratch, request->text,
					 request->length);
	if (error && !request->call.words[0])
		call_fail(&request->call, -error,
			  "the file can't be kept in memory: see scratch_limit");
	if (error || !request->length)
		return error;
	return draft_post(request, scratch);
}

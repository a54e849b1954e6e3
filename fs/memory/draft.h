/* SPDX-License-Identifier: Apache-2.0 */
/*
 * draft.h - new/: a file that is to become a record.
 *
 * A draft is a file in memory (scratch.h) in new/ whose name ends in .json and starts with neither
 * . nor #. It is posted when its text is complete; it then becomes a link to the record, or stays
 * as it is, to be mended and saved again.
 */
#ifndef ROSTERFS_DRAFT_H
#define ROSTERFS_DRAFT_H

#include "fs/fs.h"

struct request;
struct scratch;

/* Is NAME one that posts, in new/? */
bool draft_posts(const char *name);

/*
 * REQUEST's text, for its node (a draft), is complete: keep it and post it. May wait. 0 or a
 * negative errno with words in the call.
 */
int draft_commit(struct request *request);

/* The same for SCRATCH, whose text is REQUEST's, in REQUEST's node (new/). */
int draft_post(struct request *request, struct scratch *scratch);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * draft.h - new/: a file that is to become a record.
 *
 * A draft is a file in memory (scratch.h) in new/ whose name is that of a record's text. It is
 * posted when its text is complete; it then becomes a link to the record, or stays as it is, to be
 * corrected and saved again.
 */
#ifndef ROSTERFS_DRAFT_H
#define ROSTERFS_DRAFT_H

#include "fs/tree/node.h"

struct scratch;

extern const struct node_ops draft_file, draft_made; /* and the link that it becomes */

/*
 * Post SCRATCH, whose text is REQUEST's, in REQUEST's node (new/), under the name in REQUEST's
 * call. May wait. Return 0 or a negative errno with its message in the call.
 */
int draft_post(struct request *request, struct scratch *scratch);

#endif

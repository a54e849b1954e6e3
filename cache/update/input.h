/* SPDX-License-Identifier: Apache-2.0 */
/*
 * input.h - what somebody wrote, before it is known what that changes.
 */
#ifndef ROSTERFS_INPUT_H
#define ROSTERFS_INPUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct call;
struct collection;
struct merge;

/* Parse what was written. NULL: -EINVAL with words in CALL that quote nothing of it. */
json_t *input_parse(struct call *call, const char *text, size_t length);

/*
 * Clearing what nobody can see (a password) leaves no difference to find: it is refused by itself.
 * So is leaving out what the vendor wants to be told each time. 0, or -EINVAL with words.
 */
int input_check_required(struct call *call, const struct collection *collection,
			 const json_t *document);

/*
 * DOCUMENT, without a stamp of its collection: a name of a version that the history gave to a
 * record of another kind must not be sent as data. 0, or -ESTALE with words.
 */
int input_check_stamps(struct call *call, const json_t *document);

/*
 * Undo in DOCUMENT, in place, what the tool that wrote it has rounded of BASE (restore.h). Unless
 * *TOLD the log says so, and *TOLD is set. 0, or with words -ENOMEM, or -ESTALE: nobody can tell.
 */
int input_restore(struct call *call, const json_t *base, json_t *document, bool *told);

/*
 * Half a surrogate pair may go back to where the vendor has it, and nowhere else. 0, or -EINVAL
 * with words.
 */
int input_check_edits(struct call *call, const struct merge *merge);

/* The same for a DOCUMENT that has no base. */
int input_check_text(struct call *call, const json_t *document);

#endif

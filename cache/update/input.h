/* SPDX-License-Identifier: Apache-2.0 */
/*
 * input.h - parse and check what a user wrote, before it is compared with a record.
 *
 * The same rules apply to a document that is saved, one that creates a record, and a transaction.
 * Nothing here waits. A function that fails returns a negative errno, or NULL, and leaves a message
 * in CALL.
 */
#ifndef ROSTERFS_INPUT_H
#define ROSTERFS_INPUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct call;
struct collection;
struct merge;

/*
 * Parse TEXT (LENGTH bytes) as one JSON object. Returns a new reference, or NULL: the error of CALL
 * is EINVAL, whose message quotes nothing of TEXT, or ENOMEM.
 */
json_t *input_parse(struct call *call, const char *text, size_t length);

/* Check that RECORD, as the document makes it, is not too large for a file. Returns 0 or -EFBIG. */
int input_check_size(struct call *call, const json_t *record);

/*
 * Check two rules that a comparison with the vendor's record cannot find broken, because the vendor
 * does not show these fields: DOCUMENT must not clear a required field, and must have each field
 * that the vendor wants with every change. Returns 0 or -EINVAL.
 */
int input_check_required(struct call *call, const struct collection *collection,
			 const json_t *document);

/*
 * Check that DOCUMENT, whose own stamp has been removed, has no text that names a version of the
 * history: the document would undo a write to a record of another kind. Returns 0 or -ESTALE.
 */
int input_check_stamps(struct call *call, const json_t *document);

/*
 * Replace in DOCUMENT, in place, each value of BASE that the tool that wrote the document has
 * rounded (restore.h). Logs the first one unless *TOLD is set, and sets *TOLD. Returns 0, -ENOMEM,
 * or -ESTALE if it is not certain which element of an array was rounded.
 */
int input_restore(struct call *call, const json_t *base, json_t *document, bool *told);

/*
 * Check that the edits in MERGE put half a surrogate pair only where the vendor's record has it.
 * Returns 0 or -EINVAL.
 */
int input_check_edits(struct call *call, const struct merge *merge);

/* Check that DOCUMENT, which has no base, has no half surrogate pair. Returns 0 or -EINVAL. */
int input_check_text(struct call *call, const json_t *document);

#endif

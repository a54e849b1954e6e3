/* SPDX-License-Identifier: Apache-2.0 */
/*
 * edit_check.h - which edits of a document the table of the collection allows.
 *
 * A field may be nested (pointer.h). An edit at a field or inside of it has the field's rules. An
 * edit of something that contains the field, such as an object that is replaced or cleared as a
 * whole, is judged by what becomes of the field in it. Nothing here waits.
 */
#ifndef ROSTERFS_EDIT_CHECK_H
#define ROSTERFS_EDIT_CHECK_H

#include <jansson.h>

struct call;
struct change;
struct collection;
struct edit;

/*
 * Check that EDIT of CHANGE is allowed, against change->fresh. Returns 0 or a negative errno with
 * words in the call: -EPERM (assigned by the vendor, immutable, or a status that has a request of
 * its own), -EINVAL (required, masked, or a member that vendors with refuses_unknown do not know)
 * or -EOPNOTSUPP (a status that the record does not have).
 */
int edit_check(struct change *change, const struct edit *edit);

/* Fail CALL because FIELD, as messages write it, is not the user's to change. Returns -EPERM. */
int edit_check_fail_assigned(struct call *call, const char *field);

/* Check that DOCUMENT, which creates a record, has no member that COLLECTION does not name, if it
 * refuses_unknown. Returns 0 or a negative errno with words in CALL. */
int edit_check_names(struct call *call, const struct collection *collection,
		     const json_t *document);

/*
 * Check that DOCUMENT, which creates a record, has no mask ("*****") where COLLECTION hides values.
 * Returns 0 or -EINVAL.
 */
int edit_check_masks(struct call *call, const struct collection *collection,
		     const json_t *document);

#endif

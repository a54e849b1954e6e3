/* SPDX-License-Identifier: Apache-2.0 */
/*
 * make_fields.h - [fields] and [status]: what is where in a record.
 */
#ifndef ROSTERFS_MAKE_FIELDS_H
#define ROSTERFS_MAKE_FIELDS_H

#include "vendors/description/make.h"

struct collection;

/* Set the fields of COLLECTION from DRAFT. Returns 0, or a negative errno and one line in MAKE's
 * buffer. */
int make_fields(struct make *make, const struct draft_records *draft,
		struct collection *collection);

/* Set the status of COLLECTION, whose update and deletion are set, from DRAFT. The same returns. */
int make_fields_status(struct make *make, const struct draft_records *draft,
		       struct collection *collection);

#endif

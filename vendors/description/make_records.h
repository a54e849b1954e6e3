/* SPDX-License-Identifier: Apache-2.0 */
/*
 * make_records.h - users, and the records of a place, as a collection.
 */
#ifndef ROSTERFS_MAKE_RECORDS_H
#define ROSTERFS_MAKE_RECORDS_H

#include "vendors/description/make.h"

struct collection;
struct place;

/* Make *COLLECTION of DRAFT. Returns 0, or a negative errno and one line in MAKE's buffer. */
int make_records(struct make *make, const struct draft_records *draft,
		 const struct collection **collection);

/* Make *PLACES of the draft, a list, or NULL: there are none. The same returns. */
int make_records_places(struct make *make, const struct place **places);

#endif

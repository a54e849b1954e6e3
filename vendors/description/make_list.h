/* SPDX-License-Identifier: Apache-2.0 */
/*
 * make_list.h - [list] and [list next]: requests, rows and paging.
 */
#ifndef ROSTERFS_MAKE_LIST_H
#define ROSTERFS_MAKE_LIST_H

#include "vendors/description/make.h"

struct collection;

/* Make the list of COLLECTION from DRAFT and NEXT (which may not be given). Returns 0, or a
 * negative errno and one line in MAKE's buffer. */
int make_list(struct make *make, const struct draft_list *draft, const struct draft_request *next,
	      struct collection *collection);

/* Make the list of COLLECTION, the members of the records that ITEM gets: they are at `in` of the
 * record. */
int make_list_within(struct make *make, const struct draft_list *draft,
		     const struct draft_item *item, struct collection *collection);

#endif

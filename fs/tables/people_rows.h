/* SPDX-License-Identifier: Apache-2.0 */
/*
 * people_rows.h - which rows the table of people has.
 *
 * One for each directory that `ls by-email` lists, in that order, and then one for each record
 * without an email, vendor by vendor, because a review of access needs all users.
 */
#ifndef ROSTERFS_PEOPLE_ROWS_H
#define ROSTERFS_PEOPLE_ROWS_H

#include "cache/tables/people_table.h"

struct email_index;

/*
 * Make the people of INDEX, which knows the whole roster of each vendor with an API. STATUSES has,
 * by branch, the snapshot of the users' statuses, borrowed, or NULL: users have their own. Takes as
 * long as the rosters are large. PEOPLE is for people_table_new or
 * people_table_clear. Return 0 or -ENOMEM.
 */
int people_rows_make(struct email_index *index, struct snapshot *const *statuses,
		     struct people *people);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * similar.h - SIMILAR.MANUAL: what a person's directory says about emails that a reader could take
 * for the person's.
 *
 * The file exists if other people's emails differ from it in what a reader overlooks (skeleton.h),
 * or if one vendor stores it in more than one way. Its text is made from what is known of all
 * rosters when it is opened. Nothing here waits.
 */
#ifndef ROSTERFS_SIMILAR_H
#define ROSTERFS_SIMILAR_H

#include "fs/people/email_answer.h"

extern const struct email_kind similar_file;

#define SIMILAR_NAME "SIMILAR.MANUAL"

/* Make the text for the person that PEOPLE has chosen: people->similar, or NULL: there are no such
 * emails. Return 0 or -ENOMEM. */
int similar_look(struct email_index *people);

#endif

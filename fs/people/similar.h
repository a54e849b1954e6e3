/* SPDX-License-Identifier: Apache-2.0 */
/*
 * similar.h - SIMILAR.MANUAL: what a person's directory says of emails that a reader takes for the
 * person's.
 *
 * It is there if other people's emails differ from it in what a reader overlooks (skeleton.h), or
 * if one vendor stores it in more than one way. Its text is made from what is known of all rosters
 * when it is asked for. Nothing here waits.
 */
#ifndef ROSTERFS_SIMILAR_H
#define ROSTERFS_SIMILAR_H

#include "fs/people/email_answer.h"

extern const struct email_kind similar_file;

#define SIMILAR_NAME "SIMILAR.MANUAL"

/*
 * Make the text for the person that PEOPLE has chosen: people->similar, NULL: there are no such
 * emails. 0 or -ENOMEM.
 */
int similar_look(struct email_index *people);

#endif

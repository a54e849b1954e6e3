/* SPDX-License-Identifier: Apache-2.0 */
/*
 * email_link.h - the links in by-email, as nodes: to a record, whose is looked up each time, and to
 * a vendor's MANUAL.
 */
#ifndef ROSTERFS_EMAIL_LINK_H
#define ROSTERFS_EMAIL_LINK_H

#include "fs/people/email_answer.h"

struct email_links_link;

extern const struct email_kind email_link_record;
extern const struct node_ops email_link_manual;

/* The query operation of what stands in by-email's place of a record's file. */
bool email_link_query(const struct node *node, struct email_query *query);

/* The show operation of such a node: LINK must be RECORD's, or else one that can't be read. */
int email_link_find(struct email_index *people, const struct email_query *query,
		    const struct node *node, bool readable, struct email_links_link *link);

#endif

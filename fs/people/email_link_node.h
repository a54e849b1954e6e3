/* SPDX-License-Identifier: Apache-2.0 */
/*
 * email_link_node.h - the nodes of the links in by-email: to a record, which is looked up each
 * time, and to a vendor's MANUAL.
 */
#ifndef ROSTERFS_EMAIL_LINK_NODE_H
#define ROSTERFS_EMAIL_LINK_NODE_H

#include "fs/people/email_answer.h"

struct email_links_link;

extern const struct email_kind email_link_node_record;
extern const struct node_ops email_link_node_manual;

/* The query operation of a link to a record, and of a file in its place. */
bool email_link_node_query(const struct node *node, struct email_query *query);

/* Find the link that NODE stands for, as the show operation. -ESTALE: its vendor can be read
 * although READABLE is false, or the reverse. */
int email_link_node_find(struct email_index *people, const struct email_query *query,
			 const struct node *node, bool readable, struct email_links_link *link);

#endif

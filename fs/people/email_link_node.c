/* SPDX-License-Identifier: Apache-2.0 */
/*
 * email_link_node.c - see email_link_node.h.
 *
 * Which links there are is email_links.c's business.
 */
#include "fs/people/email_link_node.h"

#include "fs/people/email_links.h"
#include "fs/tree/entry.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

bool email_link_node_query(const struct node *node, struct email_query *query)
{
	if (node_branch(node))
		return email_query_own(node_branch(node), node_name(node), query);
	return email_query_in_person(node, query);
}

int email_link_node_find(struct email_index *people, const struct email_query *query,
			 const struct node *node, bool readable, struct email_links_link *link)
{
	int error = email_links_find(people, query, node_name(node), link);

	return !error && readable != (link->record != NULL) ? -ESTALE : error;
}

static int show_link(struct email_index *people, const struct email_query *query,
		     const struct node *node, struct email_shown *shown)
{
	struct email_links_link link;
	int error = email_link_node_find(people, query, node, true, &link);

	if (error)
		return error;
	email_links_target(&link, node, shown->target);
	shown->size = (off_t)strlen(shown->target);
	shown->time = record_time(link.record);
	return 0;
}

const struct email_kind email_link_node_record = {
    .node = {.mode = S_IFLNK | 0777,
	     .is_person = true,
	     .attr_seconds = entry_while_fresh,
	     .name_seconds = entry_name_while_fresh,
	     .getattr = email_answer_getattr,
	     .readlink = email_answer_readlink},
    .query = email_link_node_query,
    .show = show_link,
};

static void target_of_manual(const struct node *node, char *target)
{
	const char *own = node_name(node), *manual = strrchr(own, '.');

	snprintf(target, NODE_PATH_MAX, "../../%.*s/%s", (int)(manual - own), own, manual + 1);
}

const struct node_ops email_link_node_manual = {
    .mode = S_IFLNK | 0777,
    .attr = node_attr_target,
    .target = target_of_manual,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_file.c - .rosterfs/log: what has happened, and why something failed (log.h).
 */
#include "fs/tree/node.h"
#include "vendors/base/log.h"

/* The size alone does not take a copy of the text. */
static double log_seconds(struct fs *fs, struct node *node, const struct record *record,
			  double seconds, struct stat *attr)
{
	(void)fs;
	(void)node;
	(void)record;
	(void)seconds;
	attr->st_size = (off_t)log_size();
	return 0;
}

static char *text_of_log(struct fs *fs, const struct node *node, size_t *length)
{
	(void)fs;
	(void)node;
	return log_text(length);
}

const struct node_ops log_file = {
    .mode = S_IFREG | 0444,
    .umask = NODE_UMASK_LOG,
    .attr_seconds = log_seconds,
    .text = text_of_log,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control_file.h - what the files in .rosterfs share: each shows what is known at the moment, and
 * some take commands. Nothing here waits.
 */
#ifndef ROSTERFS_CONTROL_FILE_H
#define ROSTERFS_CONTROL_FILE_H

#include "fs/tree/node.h"

#include <stdio.h>

/* The attr_seconds operation: the size is that of the text now, and the kernel does not cache it.
 */
double control_file_seconds(struct fs *fs, struct node *node, const struct record *record,
			    double seconds, struct stat *attr);

/*
 * Print a text with PRINT, which returns 0 or -ENOMEM. Return the text, which the caller frees, and
 * its length in *LENGTH, or NULL: no memory.
 */
char *control_file_print(struct fs *fs, int (*print)(FILE *out, struct fs *fs), size_t *length);

/* Answer REQ, a write of SIZE bytes to NODE: the command is good, or else fails with EINVAL and
 * WORDS. */
void control_file_reply(fuse_req_t req, const struct node *node, size_t size, bool good,
			const char *words);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history_dir.h - .rosterfs/history: a directory for each write that a vendor accepted, and its files.
 *
 * What stands in them is kept by cache/history; directories and files come and go with it. Nothing
 * here waits.
 */
#ifndef ROSTERFS_HISTORY_DIR_H
#define ROSTERFS_HISTORY_DIR_H

#include "fs/tree/node.h"

#define PAST_NAME_MAX 32

/* Is NODE history/, the directory of a write, or a file in one? */
bool history_dir_is(const struct node *node);

/* What stands at NAME in DIRECTORY, one of these: a node with one reference more, or NULL. */
struct node *history_dir_take(struct fs *fs, const struct node *directory, const char *name);

/*
 * The name at place INDEX of DIRECTORY into NAME (PAST_NAME_MAX bytes): 1, or 0 where nothing
 * stands there any more, -1 behind the last one.
 */
int history_dir_name(struct fs *fs, const struct node *directory, size_t index, char *name);

/* Size and times of NODE into ATTR. */
void history_dir_attr(struct fs *fs, const struct node *node, struct stat *attr);

/* The text of NODE; the caller frees. NULL: it is no such file, or it has gone. */
char *history_dir_text(struct fs *fs, const struct node *node, size_t *length);

#endif

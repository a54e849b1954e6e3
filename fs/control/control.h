/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control.h - .rosterfs: what the mount knows about itself, for people (status, log) and for
 * machines (metrics), and what can be set (refresh, control). Nothing here waits.
 */
#ifndef ROSTERFS_CONTROL_H
#define ROSTERFS_CONTROL_H

#include "fs/tree/node.h"

/* The text of status, log, metrics or control now; the caller frees. NULL: no memory or another
 * kind. */
char *control_text(struct fs *fs, enum node_kind kind, size_t *length);

/* Its size now, 0 for another kind. */
off_t control_size(struct fs *fs, enum node_kind kind);

/*
 * TEXT was written to the command file KIND, with or without a newline. refresh takes an account's
 * name or `all`, control `status_limit N`. 0, or -EINVAL and *WORDS (static); *DONE, which the
 * caller frees, is what the log is to say of it, or NULL: nothing.
 */
int control_write(struct fs *fs, enum node_kind kind, const char *text, size_t length,
		  const char **words, char **done);

#endif

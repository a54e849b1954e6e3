/*
 * control.h - .rosterfs: what the mount knows about itself, for people (status, log) and for
 * machines (metrics), and the one knob (refresh). Nothing here waits.
 */
#ifndef ROSTERFS_CONTROL_H
#define ROSTERFS_CONTROL_H

#include "fs/node.h"

/* The text of status, log or metrics now; the caller frees. NULL: no memory or another kind. */
char *control_text(struct fs *fs, enum node_kind kind, size_t *length);

/* Its size now, 0 for another kind. */
off_t control_size(struct fs *fs, enum node_kind kind);

/* What was written to refresh: an account's name or `all`, with or without newline. 0 or -EINVAL.
 */
int control_refresh(struct fs *fs, const char *text, size_t length);

#endif

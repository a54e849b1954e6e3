/* SPDX-License-Identifier: Apache-2.0 */
/*
 * emptied.h - a record's file that is truncated and closed without a text.
 *
 * That sends nothing and is no error, because editors truncate first. A line in the log tells it:
 * the caller may have meant to write something. Nothing here waits. handle->lock protects all of
 * it.
 */
#ifndef ROSTERFS_EMPTIED_H
#define ROSTERFS_EMPTIED_H

#include "fs/tree/handle.h"

/*
 * Note who closes HANDLE, the caller of REQ, if it was truncated and has no text. An error that was
 * reported for HANDLE says more: then nothing is noted.
 */
void emptied_close(struct handle *handle, fuse_req_t req);

/* HANDLE is released: log that it was truncated and closed without a text, if it still is so. */
void emptied_tell(struct handle *handle);

/* Free what is noted. */
void emptied_clear(struct handle *handle);

#endif

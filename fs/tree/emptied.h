/* SPDX-License-Identifier: Apache-2.0 */
/*
 * emptied.h - a record's file that is truncated and closed without a text.
 *
 * That sends nothing and is no error, because editors truncate first. But the caller may have meant
 * to write something, so it is logged. handle->lock protects all of it; nothing here waits.
 */
#ifndef ROSTERFS_EMPTIED_H
#define ROSTERFS_EMPTIED_H

#include "fs/tree/handle.h"

/* Note the caller of REQ, which closes HANDLE, if HANDLE was truncated and has no text, and no
 * error was reported for it. */
void emptied_close(struct handle *handle, fuse_req_t req);

/* Log that HANDLE, which is released, was closed without a text, if it is still truncated. */
void emptied_tell(struct handle *handle);

/* Free what was noted. */
void emptied_clear(struct handle *handle);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query_file.h - a file that is asked and answers: a request object is written, the vendor's
 * answer is read from the same open file.
 *
 * Each open file is a conversation of its own, of which nothing is kept once it is closed. The
 * write that completes the object sends it, and fails if the vendor refuses. What is then read is
 * the answer, from wherever the reader begins: shells read on behind what they have written, others
 * go back to the start. The next write begins a new request, unless the last one was too large:
 * whatever follows may be the rest of it, so it is -EFBIG too, until the file is opened anew.
 */
#ifndef ROSTERFS_QUERY_FILE_H
#define ROSTERFS_QUERY_FILE_H

#include "fs/fs.h"

struct handle;

/* May NODE be opened with FLAGS? 0, or a negative errno and *WHY (static). */
int query_file_open(int flags, const char **why);

/* Answers REQ, now or when the vendor has answered. */
void query_file_write(struct fs *fs, fuse_req_t req, struct handle *handle, const char *data,
		       size_t size);

/* The close: half a request, and one that was too large, is told of. 0, or a negative errno and
 * *WHY (static; NULL: it has had its words). */
int query_file_flush(struct handle *handle, const char **why);

/* As handle_read. */
ssize_t query_file_read(struct handle *handle, off_t offset, size_t size, char **data);

#endif

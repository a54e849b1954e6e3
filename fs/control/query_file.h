/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query_file.h - a file that takes a request object and shows the vendor's answer: the request is
 * written, and the answer is read from the same open file.
 *
 * Each open file is a conversation of its own; nothing of it is kept after the close. The write
 * that completes the object sends it, and fails if the vendor refuses. The answer is then read from
 * wherever the reader begins: shells read on behind what they have written, other programs go back
 * to the start. The next write begins a new request, unless the last one was too large: what
 * follows may be the rest of it, so it fails with EFBIG too, until the file is opened again.
 */
#ifndef ROSTERFS_QUERY_FILE_H
#define ROSTERFS_QUERY_FILE_H

#include "fs/tree/node.h"

extern const struct node_ops query_file;

#endif

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

#include "fs/tree/node.h"

extern const struct node_ops query_file;

#endif

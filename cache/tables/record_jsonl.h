/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record_jsonl.h - JSON as a file shows it (document/render.h), without what stands between tokens.
 *
 * No tree is made: each line of the text loses its line end and its indentation, and a member the
 * blank behind its colon. Pure functions; nothing waits.
 */
#ifndef ROSTERFS_RECORD_JSONL_H
#define ROSTERFS_RECORD_JSONL_H

#include "cache/tables/table_text.h"

/* Append the value of LENGTH bytes at TEXT to OUT, compact. Return 0 or -ENOMEM. */
int record_jsonl_add(struct table_out *out, const char *text, size_t length);

/* Return the bytes that record_jsonl_add appends. */
size_t record_jsonl_length(const char *text, size_t length);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history_entry.h - one write in the history: its facts and its parts as texts.
 *
 * For history.c, whose lock protects an entry that is kept. Nothing here blocks.
 */
#ifndef ROSTERFS_HISTORY_ENTRY_H
#define ROSTERFS_HISTORY_ENTRY_H

#include "cache/history/history.h"

struct stored_file;

#define HISTORY_ENTRY_STAMP_MAX 96
#define HISTORY_ENTRY_STAMP ".rosterfs/history/" /* the name of each version begins so */
#define HISTORY_ENTRY_FACTS "entry.json"         /* the file of a store that has the facts */

struct history_entry {
	uint64_t number;
	struct timespec when;
	char stamp[HISTORY_ENTRY_STAMP_MAX];
	char *owner, *id;
	char *line; /* of the index */
	size_t line_length;
	bool indexed;                 /* the index on disk has the line */
	struct history_access access; /* its texts are owned */
	char *texts[HISTORY_PARTS];
	size_t lengths[HISTORY_PARTS];
	size_t bytes;
};

/* Return an entry of FACTS, still without parts, or NULL: no memory. */
struct history_entry *history_entry_new(const struct history_facts *facts);
void history_entry_free(struct history_entry *write); /* NULL is a no-op */

/* Make the parts of WRITE, which has none. Returns 0 or -ENOMEM. */
int history_entry_make(struct history_entry *write, const struct history_write *told);

/* Take TEXTS, of LENGTHS bytes, as the parts of WRITE, which has none. */
void history_entry_take(struct history_entry *write, char *texts[HISTORY_PARTS],
			const size_t lengths[HISTORY_PARTS]);

/* Set FILES (HISTORY_PARTS of them) to the files that the parts of WRITE are in a store; the texts
 * are borrowed. Returns how many there are. */
size_t history_entry_files(const struct history_entry *write, struct stored_file *files);

#endif

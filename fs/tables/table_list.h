/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table_list.h - all tables of a mount: their names, and what each is made of.
 *
 * A new kind of table is a function that makes its text (table_make), and a call of table_list_add
 * in a file that table_sources.c calls. Nothing here waits.
 */
#ifndef ROSTERFS_TABLE_LIST_H
#define ROSTERFS_TABLE_LIST_H

#include "fs/tables/table_file.h"

struct table_list {
	struct table_file **files; /* in the order of the directory */
	size_t count;
};

/* Make fs->tables, empty. Return 0 or -ENOMEM. */
int table_list_init(struct fs *fs);

/* Free fs->tables, after the nodes. */
void table_list_free(struct fs *fs);

/*
 * Add STEM.jsonl, made of JSONL, and STEM.csv, made of CSV, whose arrays are copied. If there is a
 * table with such a name, `~` is put behind STEM until there is none. Return 0 or -ENOMEM. Only
 * before the mount starts.
 */
int table_list_add(struct fs *fs, const char *stem, const struct table_source *jsonl,
		   const struct table_source *csv);

/* Return the table called NAME, or NULL. */
struct table_file *table_list_find(const struct fs *fs, const char *name);

#endif

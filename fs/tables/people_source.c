/* SPDX-License-Identifier: Apache-2.0 */
/*
 * people_source.c - see people_source.h.
 *
 * It asks for what by-email asks for, and for the statuses where users have none of their own.
 */
#include "fs/tables/people_source.h"

#include "cache/record/snapshot.h"
#include "cache/tables/people_table.h"
#include "fs/people/email_index.h"
#include "fs/tables/people_rows.h"
#include "fs/tables/table_list.h"
#include "fs/tree/record_dir.h"

#include <errno.h>
#include <stdlib.h>

#define STEM "people"

/* Return true if BRANCH has a roster of statuses besides that of its users. */
static bool has_statuses(const struct branch *branch)
{
	return branch->users && branch->users->statuses != branch->users->roster;
}

/* Return the snapshots of the statuses by branch, borrowed from SNAPSHOTS, and give INDEX those of
 * the users. The caller frees the array. NULL: no memory. */
static struct snapshot **sort_snapshots(struct email_index *index,
					struct snapshot *const *snapshots)
{
	const struct fs *fs = index->fs;
	struct snapshot **statuses = calloc(fs->branch_count + 1, sizeof(struct snapshot *));

	for (size_t i = 0; statuses && i < fs->branch_count; i++) {
		if (fs->branches[i].users)
			index->known[i].snapshot = snapshot_get(*snapshots++);
		if (has_statuses(&fs->branches[i]))
			statuses[i] = *snapshots++;
	}
	return statuses;
}

/* As table_make. */
static struct table_text *make_people(const struct table_file *file,
				      struct snapshot *const *snapshots)
{
	struct email_index *index = email_index_new(file->fs);
	struct snapshot **statuses = index ? sort_snapshots(index, snapshots) : NULL;
	struct table_text *text = NULL;
	struct people people;

	if (statuses && !people_rows_make(index, statuses, &people))
		text = people_table_new(&people, file->format, &file->fs->options.csv);
	free(statuses);
	email_index_free(index);
	return text;
}

int people_source_add(struct fs *fs)
{
	struct roster **rosters = calloc(2 * fs->branch_count + 1, sizeof(struct roster *));
	struct table_source source = {.rosters = rosters, .make = make_people};
	int error = -ENOMEM;

	for (size_t i = 0; rosters && i < fs->branch_count; i++) {
		struct record_dir *users = fs->branches[i].users;

		if (users)
			rosters[source.count++] = users->roster;
		if (has_statuses(&fs->branches[i]))
			rosters[source.count++] = users->statuses;
	}
	if (rosters)
		error = table_list_add(fs, STEM, &source, &source);
	free(rosters);
	return error;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table_sources.c - see table_sources.h.
 *
 * It knows which tables there are, and asks for none of them.
 */
#include "fs/tables/table_sources.h"

#include "cache/roster/roster.h"
#include "cache/tables/record_table.h"
#include "fs/tables/people_source.h"
#include "fs/tables/place_source.h"
#include "fs/tables/table_list.h"
#include "fs/tree/record_dir.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

#include <string.h>

/* ---- users ---- */

/* As table_make, for a branch's users. */
static struct table_text *table_sources_make_users(const struct table_file *file,
						   struct snapshot *const *snapshots)
{
	return record_table_new(snapshots[0], true, file->format, &file->fs->options.csv);
}

/* As table_sources_make_users, for users whose statuses are records of their own: the second
 * roster. */
static struct table_text *table_sources_make_joined(const struct table_file *file,
						    struct snapshot *const *snapshots)
{
	const struct collection *statuses = roster_collection(file->source.rosters[1]);

	return record_table_new_joined(snapshots[0], snapshots[1], statuses->absent_status,
				       file->format, &file->fs->options.csv);
}

/* The JSONL shows users as their .json does, so it needs no statuses. */
static int add_users(struct fs *fs, struct branch *branch)
{
	struct roster *rosters[] = {branch->users->roster, branch->users->statuses};
	const struct table_source alone = {branch, rosters, 1, table_sources_make_users, NULL};
	const struct table_source joined = {branch, rosters, 2, table_sources_make_joined, NULL};
	bool joins = rosters[1] != rosters[0];
	const char *name = branch->account->name;

	/* people.csv has the people of all vendors */
	return table_list_add(fs, strcmp(name, "people") == 0 ? "people~users" : name, &alone,
			      joins ? &joined : &alone);
}

/* ---- all ---- */

int table_sources_add(struct fs *fs)
{
	int error = 0;

	for (size_t i = 0; !error && i < fs->branch_count; i++) {
		if (fs->branches[i].users)
			error = add_users(fs, &fs->branches[i]);
	}
	if (!error)
		error = people_source_add(fs);
	for (size_t i = 0; !error && i < fs->branch_count; i++)
		error = place_source_add(fs, &fs->branches[i]);
	return error;
}

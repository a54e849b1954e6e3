/* SPDX-License-Identifier: Apache-2.0 */
/*
 * place_source.c - see place_source.h.
 *
 * The rosters are those of the directories that show the same records, so that what is known there
 * costs no request here, and the other way round.
 */
#include "fs/tables/place_source.h"

#include "cache/tables/member_table.h"
#include "cache/tables/record_table.h"
#include "fs/tables/table_list.h"
#include "fs/tree/node.h"
#include "fs/tree/record_dir.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMBERSHIPS "memberships"
#define COLUMN_MAX 64 /* bytes of a column's name */

/* ---- names ---- */

/*
 * Add the tables SECTION-KIND, made of SOURCE. If a section has that name, `~` stands between the
 * two. Return 0 or -ENOMEM.
 */
static int add_tables(struct fs *fs, const char *section, const char *kind,
		      const struct table_source *source)
{
	char separator = '-', *stem = NULL;
	int error = -ENOMEM;

	for (size_t i = 0; i < fs->branch_count; i++) {
		const char *name = fs->branches[i].account->name;
		size_t length = strlen(section);

		if (strncmp(name, section, length) == 0 && name[length] == '-' &&
		    strcmp(name + length + 1, kind) == 0)
			separator = '~';
	}
	if (asprintf(&stem, "%s%c%s", section, separator, kind) >= 0)
		error = table_list_add(fs, stem, source, source);
	else
		stem = NULL;
	free(stem);
	return error;
}

/* ---- records ---- */

static struct table_text *make_records(const struct table_file *file,
				       struct snapshot *const *snapshots)
{
	return record_table_new(snapshots[0], false, file->format, &file->fs->options.csv);
}

/* ---- memberships in the records of a place ---- */

/* Return the memberships that stand in the records of PLACE, or NULL. */
static const struct collection *links_within(const struct place *place)
{
	const struct place *below = place->kind == PLACE_FOLDERS ? place->below : NULL;

	for (; below && below->name; below++) {
		if (below->kind == PLACE_LINKS && below->collection->within &&
		    member_table_finds(below->collection->within))
			return below->collection;
	}
	return NULL;
}

/* Return the place whose records ROSTER, one of BRANCH's, has. */
static const struct place *source_place(struct branch *branch, const struct roster *roster)
{
	struct record_dir *record_dir = record_dir_first(branch);

	while (record_dir->roster != roster)
		record_dir = record_dir->next;
	return record_dir->place;
}

/* As table_refuse: some servers leave the members out of their list. */
static const char *refuse_within(const struct table_file *file, const struct snapshot *snapshot)
{
	const struct place *place = source_place(file->source.branch, file->source.rosters[0]);

	return member_table_is_hidden(snapshot, links_within(place)->within)
		   ? "no record in the vendor's list shows its members, so the table could be "
		     "short; list the directories members/ instead"
		   : NULL;
}

static struct table_text *make_within(const struct table_file *file,
				      struct snapshot *const *snapshots)
{
	const struct place *place = source_place(file->source.branch, file->source.rosters[0]);
	const char *const *names = place->collection->name_keys;
	char id_column[COLUMN_MAX], name_column[COLUMN_MAX];
	int length = (int)strcspn(place->file, ".");
	const struct member_source source = {
	    .at = links_within(place)->within,
	    .id_column = id_column,
	    .name_column = names && names[0] ? name_column : NULL,
	    .name = names ? names[0] : NULL,
	};

	(void)snprintf(id_column, sizeof(id_column), "%.*s_id", length, place->file);
	(void)snprintf(name_column, sizeof(name_column), "%.*s_name", length, place->file);
	return member_table_new(snapshots[0], &source, file->format, &file->fs->options.csv);
}

/* ---- memberships in the statuses ---- */

static struct table_text *place_source_make_steps(const struct table_file *file,
						  struct snapshot *const *snapshots)
{
	const struct collection *statuses = file->source.branch->account->vendor->statuses;
	char at[COLUMN_MAX];
	const struct member_source source = {
	    .at = at,
	    .id_column = statuses->step_record_column,
	    .key = statuses->step_key,
	    .column = statuses->step_column,
	};

	(void)snprintf(at, sizeof(at), "/%s/*", statuses->steps_key);
	return member_table_new(snapshots[0], &source, file->format, &file->fs->options.csv);
}

/* ---- all ---- */

/* Return true if the records of PLACE are in a list of their own. */
static bool place_source_is_listed(const struct place *place)
{
	return place->kind == PLACE_FOLDERS || place->kind == PLACE_FILES;
}

/* Return how many places of VENDOR have memberships within. */
static size_t count_within(const struct vendor *vendor)
{
	size_t count = 0;

	for (const struct place *place = vendor->places; place && place->name; place++)
		count += links_within(place) != NULL;
	return count;
}

/* Add the tables of PLACE, in the directory of BRANCH. ALONE: no other has memberships. */
static int place_source_add_one(struct fs *fs, struct branch *branch, const struct place *place,
				bool alone)
{
	const char *section = branch->account->name;
	struct table_source source = {.branch = branch, .count = 1, .make = make_records};
	struct record_dir *record_dir;
	char path[NODE_PATH_MAX], kind[NODE_PATH_MAX];
	int error;

	(void)snprintf(path, sizeof(path), "%s/%s", section, place->name);
	record_dir = record_dir_take(branch, place, path, NULL);
	if (!record_dir)
		return -ENOMEM;
	source.rosters = &record_dir->roster;
	error = add_tables(fs, section, place->name, &source);
	if (error || !links_within(place))
		return error;
	(void)snprintf(kind, sizeof(kind), "%s%s" MEMBERSHIPS, alone ? "" : place->name,
		       alone ? "" : "-");
	source.make = make_within;
	source.refuse = refuse_within;
	return add_tables(fs, section, kind, &source);
}

int place_source_add(struct fs *fs, struct branch *branch)
{
	const struct vendor *vendor = branch->account->vendor;
	bool steps = vendor->statuses && vendor->statuses->steps_key;
	bool alone = count_within(vendor) + steps == 1;
	int error = 0;

	for (const struct place *place = vendor->places; place && place->name && !error; place++) {
		if (place_source_is_listed(place))
			error = place_source_add_one(fs, branch, place, alone);
	}
	if (!error && steps) {
		const struct table_source source = {branch, &branch->users->statuses, 1,
						    place_source_make_steps, NULL};

		error = add_tables(fs, branch->account->name, MEMBERSHIPS, &source);
	}
	return error;
}

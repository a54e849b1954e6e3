/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table_list.c - see table_list.h.
 *
 * It knows their names, and not what they show.
 */
#include "fs/tables/table_list.h"

#include "fs/tables/edition.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the list ---- */

static void file_free(struct table_file *file)
{
	edition_exit(file);
	pthread_mutex_destroy(&file->lock);
	free(file->source.rosters);
	free(file->name);
	free(file);
}

/* Return a new file called STEM with the suffix of FORMAT, or NULL: no memory. */
static struct table_file *file_new(struct fs *fs, const char *stem, enum table_format format,
				   const struct table_source *source)
{
	static const char *const suffixes[] = {[TABLE_JSONL] = ".jsonl", [TABLE_CSV] = ".csv"};
	struct table_file *file = calloc(1, sizeof(*file));

	if (!file)
		return NULL;
	pthread_mutex_init(&file->lock, NULL);
	file->fs = fs;
	file->format = format;
	file->source = *source;
	file->source.rosters = calloc(source->count + 1, sizeof(struct roster *));
	if (file->source.rosters && source->count)
		memcpy(file->source.rosters, source->rosters,
		       source->count * sizeof(struct roster *));
	if (asprintf(&file->name, "%s%s", stem, suffixes[format]) < 0)
		file->name = NULL;
	if (file->source.rosters && file->name)
		return file;
	file_free(file);
	return NULL;
}

struct table_file *table_list_find(const struct fs *fs, const char *name)
{
	for (size_t i = 0; i < fs->tables->count; i++) {
		if (strcmp(fs->tables->files[i]->name, name) == 0)
			return fs->tables->files[i];
	}
	return NULL;
}

/* Return true if there is a table called STEM in any format. */
static bool is_taken(const struct fs *fs, const char *stem)
{
	size_t length = strlen(stem);

	for (size_t i = 0; i < fs->tables->count; i++) {
		const char *name = fs->tables->files[i]->name;

		if (strncmp(name, stem, length) == 0 && name[length] == '.' &&
		    !strchr(name + length + 1, '.'))
			return true;
	}
	return false;
}

static int add_file(struct fs *fs, const char *stem, enum table_format format,
		    const struct table_source *source)
{
	struct table_list *tables = fs->tables;
	struct table_file **files = reallocarray(tables->files, tables->count + 1,
						 sizeof(struct table_file *));

	if (!files)
		return -ENOMEM;
	tables->files = files;
	files[tables->count] = file_new(fs, stem, format, source);
	if (!files[tables->count])
		return -ENOMEM;
	tables->count++;
	return 0;
}

int table_list_add(struct fs *fs, const char *stem, const struct table_source *jsonl,
		   const struct table_source *csv)
{
	char *longer;
	int error;

	if (!is_taken(fs, stem)) {
		error = add_file(fs, stem, TABLE_JSONL, jsonl);
		return error ? error : add_file(fs, stem, TABLE_CSV, csv);
	}
	if (asprintf(&longer, "%s~", stem) < 0)
		return -ENOMEM;
	error = table_list_add(fs, longer, jsonl, csv);
	free(longer);
	return error;
}

/* ---- all ---- */

int table_list_init(struct fs *fs)
{
	fs->tables = calloc(1, sizeof(*fs->tables));
	return fs->tables ? 0 : -ENOMEM;
}

void table_list_free(struct fs *fs)
{
	if (!fs->tables)
		return;
	for (size_t i = 0; i < fs->tables->count; i++)
		file_free(fs->tables->files[i]);
	free(fs->tables->files);
	free(fs->tables);
	fs->tables = NULL;
}

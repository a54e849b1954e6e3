/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history_dir.c - .rosterfs/history: a directory for each write that a vendor accepted, with its
 * files; and `index`, which has a line for each.
 *
 * Directories and files come and go with what cache/history holds. A write's number is its
 * directory's name, so that a node needs no more than its path. It must not know what the texts
 * say.
 */
#include "cache/history/guard.h"
#include "cache/history/history.h"
#include "fs/fs.h"
#include "fs/tree/dir.h"
#include "fs/tree/entry.h"
#include "fs/tree/filler.h"
#include "fs/tree/inode.h"
#include "fs/tree/node.h"
#include "fs/tree/path.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HISTORY_NAME_MAX 32

static struct history *history_of(const struct fs *fs)
{
	return guard_history(fs->guard);
}

/* Return the number that NAME is the only spelling of; 0: none. */
static uint64_t number_in(const char *name)
{
	char again[HISTORY_NAME_MAX];
	uint64_t number = strtoull(name, NULL, 10);

	snprintf(again, sizeof(again), "%" PRIu64, number);
	return strcmp(name, again) == 0 ? number : 0;
}

/* Return the number of the write that the directory NODE is about; 0: none. */
static uint64_t write_of(const struct node *node)
{
	return number_in(node_name(node));
}

/* Return the number of the write that the file NODE is about, which is its directory's name; 0:
 * none. */
static uint64_t write_of_part(const struct node *node)
{
	char name[HISTORY_NAME_MAX];
	const char *end = strrchr(node->path, '/'), *begin = end;

	if (!end)
		return 0;
	while (begin > node->path && begin[-1] != '/')
		begin--;
	snprintf(name, sizeof(name), "%.*s", (int)(end - begin), begin);
	return number_in(name);
}

/* Return the part called NAME; HISTORY_PARTS: there is none. */
static enum history_part history_part_of(const char *name)
{
	enum history_part part = 0;

	while (part < HISTORY_PARTS && strcmp(history_part_name(part), name) != 0)
		part++;
	return part;
}

static void reply_found(fuse_req_t req, struct node *node)
{
	if (node)
		entry_reply(req, node, NULL, 0);
	else
		fuse_reply_err(req, ENOENT);
}

/* ---- a file of a write ---- */

static void attr_of_part(struct fs *fs, struct node *node, const struct record *record,
			 struct stat *attr)
{
	enum history_part part = history_part_of(node_name(node));
	size_t sizes[HISTORY_PARTS] = {0};

	(void)record;
	if (history_look(history_of(fs), write_of_part(node), sizes, &attr->st_mtim) &&
	    part < HISTORY_PARTS)
		attr->st_size = (off_t)sizes[part];
}

static char *text_of_part(struct fs *fs, const struct node *node, size_t *length)
{
	enum history_part part = history_part_of(node_name(node));

	if (part == HISTORY_PARTS)
		return NULL;
	return history_text(history_of(fs), write_of_part(node), part, length);
}

static const struct node_ops history_part = {
    .mode = S_IFREG | 0400,
    .is_unchangeable = true,
    .attr = attr_of_part,
    .attr_seconds = entry_never,
    .name_seconds = entry_name_never,
    .text = text_of_part,
};

/* ---- the directory of a write ---- */

static void attr_of_write(struct fs *fs, struct node *node, const struct record *record,
			  struct stat *attr)
{
	size_t sizes[HISTORY_PARTS];

	(void)record;
	history_look(history_of(fs), write_of(node), sizes, &attr->st_mtim);
}

static struct node *take_part(struct fs *fs, const struct node *directory, const char *name)
{
	uint64_t number = write_of(directory);
	enum history_part part = history_part_of(name);
	size_t sizes[HISTORY_PARTS];
	struct timespec when;

	if (!number || !history_look(history_of(fs), number, sizes, &when) ||
	    part == HISTORY_PARTS || !sizes[part])
		return NULL;
	return inode_take(fs, &history_part, directory, name, NULL, NULL);
}

static void lookup_part(fuse_req_t req, struct node *directory, const struct path_name *name)
{
	reply_found(req, take_part(fs_of(req), directory, name->text));
}

/* Parts that no longer exist are passed over. */
static int list_parts(struct filler *filler, size_t index, off_t next)
{
	struct node *node;
	const char *name;

	if (index >= HISTORY_PARTS)
		return -1;
	name = history_part_name((enum history_part)index);
	node = take_part(filler->fs, filler->dir->node, name);
	return node ? filler_add(filler, name, node, NULL, 0, next) : 1;
}

static const struct node_ops history_write = {
    .mode = S_IFDIR | 0700,
    .is_unchangeable = true,
    .attr = attr_of_write,
    .attr_seconds = entry_never,
    .name_seconds = entry_name_never,
    .lookup = lookup_part,
    .list = list_parts,
};

/* ---- history/index ---- */

/* The size alone does not take a copy of the text. */
static double index_seconds(struct fs *fs, struct node *node, const struct record *record,
			    double seconds, struct stat *attr)
{
	(void)node;
	(void)record;
	(void)seconds;
	attr->st_size = (off_t)history_index_size(history_of(fs), &attr->st_mtim);
	attr->st_ctim = attr->st_mtim;
	return 0;
}

static char *text_of_index(struct fs *fs, const struct node *node, size_t *length)
{
	(void)node;
	return history_index(history_of(fs), length);
}

static const struct node_ops history_index_file = {
    .mode = S_IFREG | 0400,
    .is_unchangeable = true,
    .attr_seconds = index_seconds,
    .text = text_of_index,
};

/* ---- history/ ---- */

static bool fixed_in_history(const struct node *directory, size_t index, struct node_fixed *fixed)
{
	static const struct node_fixed list[] = {{"index", &history_index_file, NULL, false}};

	(void)directory;
	return node_list_fixed(list, sizeof(list) / sizeof(list[0]), index, fixed);
}

static void attr_of_history(struct fs *fs, struct node *node, const struct record *record,
			    struct stat *attr)
{
	size_t sizes[HISTORY_PARTS];
	uint64_t first, last;

	(void)node;
	(void)record;
	history_range(history_of(fs), &first, &last);
	history_look(history_of(fs), last, sizes, &attr->st_mtim);
}

static struct node *take_write(struct fs *fs, const struct node *directory, const char *name)
{
	uint64_t number = number_in(name);
	size_t sizes[HISTORY_PARTS];
	struct timespec when;

	if (!number || !history_look(history_of(fs), number, sizes, &when))
		return NULL;
	return inode_take(fs, &history_write, directory, name, NULL, NULL);
}

static void lookup_write(fuse_req_t req, struct node *directory, const struct path_name *name)
{
	if (!entry_reply_fixed(req, directory, name->text))
		reply_found(req, take_write(fs_of(req), directory, name->text));
}

static int list_writes(struct filler *filler, size_t index, off_t next)
{
	char name[HISTORY_NAME_MAX];
	struct node *node = NULL;
	uint64_t first, last;

	history_range(history_of(filler->fs), &first, &last);
	if (index >= last)
		return -1;
	snprintf(name, sizeof(name), "%zu", index + 1);
	if (index + 1 >= first)
		node = take_write(filler->fs, filler->dir->node, name);
	return node ? filler_add(filler, name, node, NULL, 0, next) : 1;
}

const struct node_ops history_dir = {
    .mode = S_IFDIR | 0700,
    .is_unchangeable = true,
    .attr = attr_of_history,
    .attr_seconds = entry_never,
    .name_seconds = entry_name_never,
    .fixed = fixed_in_history,
    .lookup = lookup_write,
    .list = list_writes,
};

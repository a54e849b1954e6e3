/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history_dir.c - see history_dir.h.
 *
 * Names and sizes of what cache/history holds. A write's number is its directory's name, so that a
 * node needs no more than its path. It must not know what the texts say.
 */
#include "fs/control/history_dir.h"

#include "cache/history/guard.h"
#include "cache/history/history.h"
#include "fs/tree/inode.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const part_names[HISTORY_PARTS] = {[HISTORY_BEFORE] = "before.json",
						      [HISTORY_AFTER] = "after.json",
						      [HISTORY_UNDO] = "undo.json",
						      [HISTORY_SCRIPT] = "undo.sh"};

static struct history *history_of(const struct fs *fs)
{
	return guard_history(fs->guard);
}

bool history_dir_is(const struct node *node)
{
	return node->kind == NODE_HISTORY || node->kind == NODE_WRITE ||
	       node->kind == NODE_WRITE_PART;
}

/* The number that NAME says, as it is written there and in no other way; 0: none. */
static uint64_t number_of(const char *name)
{
	char again[PAST_NAME_MAX];
	uint64_t number = strtoull(name, NULL, 10);

	snprintf(again, sizeof(again), "%" PRIu64, number);
	return strcmp(name, again) == 0 ? number : 0;
}

/* The write that NODE, or the directory that it stands in, is about; 0: none. */
static uint64_t write_of(const struct node *node)
{
	char name[PAST_NAME_MAX];
	const char *end = strrchr(node->path, '/'), *begin = end;

	if (node->kind == NODE_WRITE)
		return number_of(node_name(node));
	if (node->kind != NODE_WRITE_PART || !end)
		return 0;
	while (begin > node->path && begin[-1] != '/')
		begin--;
	snprintf(name, sizeof(name), "%.*s", (int)(end - begin), begin);
	return number_of(name);
}

/* The part called NAME; HISTORY_PARTS: there is none. */
static enum history_part part_of(const char *name)
{
	enum history_part part = 0;

	while (part < HISTORY_PARTS && strcmp(part_names[part], name) != 0)
		part++;
	return part;
}

struct node *history_dir_take(struct fs *fs, const struct node *directory, const char *name)
{
	enum node_kind kind = directory->kind == NODE_HISTORY ? NODE_WRITE : NODE_WRITE_PART;
	uint64_t number = kind == NODE_WRITE ? number_of(name) : write_of(directory);
	enum history_part part = part_of(name);
	size_t sizes[HISTORY_PARTS];
	struct timespec when;

	if (!number || !history_look(history_of(fs), number, sizes, &when))
		return NULL;
	if (kind == NODE_WRITE_PART && (part == HISTORY_PARTS || !sizes[part]))
		return NULL;
	return inode_take(fs, kind, directory, name, NULL, NULL);
}

int history_dir_name(struct fs *fs, const struct node *directory, size_t index, char *name)
{
	size_t sizes[HISTORY_PARTS];
	struct timespec when;
	uint64_t first, last;

	if (directory->kind == NODE_WRITE) {
		if (index >= HISTORY_PARTS)
			return -1;
		snprintf(name, PAST_NAME_MAX, "%s", part_names[index]);
		return history_look(history_of(fs), write_of(directory), sizes, &when) &&
		       sizes[index];
	}
	history_range(history_of(fs), &first, &last);
	if (index >= last)
		return -1;
	snprintf(name, PAST_NAME_MAX, "%zu", index + 1);
	return index + 1 >= first && history_look(history_of(fs), index + 1, sizes, &when);
}

void history_dir_attr(struct fs *fs, const struct node *node, struct stat *attr)
{
	uint64_t number = write_of(node), first;
	enum history_part part = part_of(node_name(node));
	size_t sizes[HISTORY_PARTS] = {0};

	if (node->kind == NODE_HISTORY)
		history_range(history_of(fs), &first, &number);
	if (history_look(history_of(fs), number, sizes, &attr->st_mtim) &&
	    node->kind == NODE_WRITE_PART && part < HISTORY_PARTS)
		attr->st_size = (off_t)sizes[part];
}

char *history_dir_text(struct fs *fs, const struct node *node, size_t *length)
{
	enum history_part part = part_of(node_name(node));

	if (node->kind != NODE_WRITE_PART || part == HISTORY_PARTS)
		return NULL;
	return history_text(history_of(fs), write_of(node), part, length);
}

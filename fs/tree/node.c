/* SPDX-License-Identifier: Apache-2.0 */
/*
 * node.c - see node.h.
 *
 * Names, numbers and attributes of nodes of any kind. It knows no kind, and no roster: the caller
 * that shows a record's attributes brings the record.
 */
#include "fs/tree/node.h"

#include "cache/record/record.h"
#include "vendors/base/hash.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

bool node_find_fixed(const struct node *directory, const char *name, struct node_fixed *fixed)
{
	for (size_t i = 0; node_fixed(directory, i, fixed); i++) {
		if (strcmp(fixed->name, name) == 0)
			return true;
	}
	return false;
}

bool node_list_fixed(const struct node_fixed *list, size_t count, size_t index,
		     struct node_fixed *fixed)
{
	if (index >= count)
		return false;
	*fixed = list[index];
	return true;
}

bool node_is_foreign(const struct node *directory, const char *name)
{
	return node_is_account(directory) &&
	       (strcmp(name, "self") == 0 || strcmp(name, "new") == 0);
}

/*
 * Tools that walk a large tree take it in the order of its inode numbers. Those of numbered records
 * follow their ids, so that neighbours in memory are read one after the other. Return 0 if PATH is
 * no such name.
 */
static uint64_t number_in_order(const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t digits = slash ? strspn(slash + 1, "0123456789") : 0;
	const char *end = slash ? slash + 1 + digits : path;
	bool status = strcmp(end, ".status") == 0;
	uint64_t place;

	if (!digits || digits > 9 || slash[1] == '0' || (!status && strcmp(end, ".json") != 0))
		return 0;
	place = hash_bytes(0, path, (size_t)(slash - path));
	return (place | 1) << 32 | strtoul(slash + 1, NULL, 10) << 1 | status;
}

static ino_t number_at(const char *path)
{
	uint64_t hash = number_in_order(path);

	if (!hash)
		hash = hash_text(path);
	if (!path[0])
		return FUSE_ROOT_ID;
	return hash < 2 ? hash + 2 : hash; /* 0 and 1 are taken */
}

ino_t node_number(const struct node *node)
{
	return number_at(node->path);
}

ino_t node_number_of(const struct node *directory, const char *name)
{
	char path[NODE_PATH_MAX];

	node_path(directory, name, path);
	return number_at(path);
}

const char *node_name(const struct node *node)
{
	const char *slash = strrchr(node->path, '/');

	return slash ? slash + 1 : node->path;
}

void node_path(const struct node *directory, const char *name, char *path)
{
	char *end = stpcpy(path, directory->path);

	if (end > path && *name)
		*end++ = '/';
	end = mempcpy(end, name, strnlen(name, NAME_MAX));
	*end = '\0';
}

static mode_t mode_of(const struct fs *fs, const struct node_ops *ops)
{
	const struct fs_options *options = &fs->options;

	switch (ops->umask) {
	case NODE_UMASK_NONE:
		break;
	case NODE_UMASK_ALWAYS:
		return ops->mode & ~options->umask;
	case NODE_UMASK_GIVEN:
		return options->umask_given ? ops->mode & ~options->umask : ops->mode;
	case NODE_UMASK_LOG:
		return ops->mode & ~options->log_umask;
	case NODE_UMASK_ROOT:
		return (ops->mode & ~options->umask) | (S_IXGRP & ~options->log_umask);
	}
	return ops->mode;
}

void node_attr(struct fs *fs, struct node *node, const struct record *record, struct stat *attr)
{
	memset(attr, 0, sizeof(*attr));
	attr->st_ino = node_number(node);
	attr->st_mode = mode_of(fs, node->ops);
	attr->st_nlink = S_ISDIR(node->ops->mode) ? 2 : 1;
	attr->st_uid = fs->options.uid;
	attr->st_gid = fs->options.gid;
	attr->st_blksize = 4096;
	attr->st_mtim = record ? record_time(record) : fs->started;
	if (node->ops->attr)
		node->ops->attr(fs, node, record, attr);
	attr->st_blocks = (attr->st_size + 511) / 512;
	attr->st_atim = attr->st_ctim = attr->st_mtim;
}

void node_attr_target(struct fs *fs, struct node *node, const struct record *record,
		      struct stat *attr)
{
	char target[NODE_PATH_MAX];

	(void)fs;
	(void)record;
	node->ops->target(node, target);
	attr->st_size = (off_t)strlen(target);
}

void node_attr_constant(struct fs *fs, struct node *node, const struct record *record,
			struct stat *attr)
{
	(void)record;
	attr->st_size = (off_t)strlen(node->ops->constant(fs, node));
}

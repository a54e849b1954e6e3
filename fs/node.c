/*
 * node.c - see node.h.
 *
 * Which names there are at fixed places, which attributes each kind has. It asks no roster: whoever
 * shows a record's attributes brings the record.
 */
#include "fs/node.h"

#include "cache/record.h"
#include "cache/roster.h"
#include "vendors/hash.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char readme_text[] =
    "Users of SaaS vendors, one directory a vendor, two files a user.\n"
    "\n"
    "  cat partnerize/123.json                      see a user\n"
    "  grep -l jane@example.com */*.json            find one\n"
    "  echo inactive > partnerize/123.status        end the user's access\n"
    "  vi partnerize/123.json                       edit: what you change is laid on the vendor's\n"
    "                                               newest record, nothing else is touched\n"
    "  cat */MANUAL                                 what no API does, and how to do it by hand\n"
    "  grep -F partnerize/123. .rosterfs/log | tail -1   why something failed\n"
    "  cat .rosterfs/status                         what is known, how old it is, what is going on\n"
    "  echo partnerize > .rosterfs/refresh          fetch anew at the next read\n"
    "\n"
    "A write that succeeded has been acknowledged by the vendor. See rosterfs(1), section SEMANTICS.\n";

static const struct node_fixed none[] = {{NULL, NODE_ROOT}};
static const struct node_fixed in_root[] = {{"README", NODE_README},
					    {".rosterfs", NODE_CONTROL},
					    {NULL, NODE_ROOT}};
static const struct node_fixed in_manual_branch[] = {{"MANUAL", NODE_MANUAL}, {NULL, NODE_ROOT}};
static const struct node_fixed in_branch[] = {{"MANUAL", NODE_MANUAL},
					      {"self", NODE_SELF},
					      {NULL, NODE_ROOT}};
static const struct node_fixed in_control[] = {
    {"status", NODE_CONTROL_STATUS},   {"log", NODE_CONTROL_LOG}, {"metrics", NODE_CONTROL_METRICS},
    {"refresh", NODE_CONTROL_REFRESH}, {NULL, NODE_ROOT},
};

const struct node_fixed *node_fixed(const struct node *directory)
{
	switch (directory->kind) {
	case NODE_ROOT:
		return in_root;
	case NODE_BRANCH:
		return directory->branch->account->vendor->self ? in_branch : in_manual_branch;
	case NODE_CONTROL:
		return in_control;
	default:
		return none;
	}
}

const char *node_text(const struct node *node)
{
	if (node->kind == NODE_README)
		return readme_text;
	if (node->kind == NODE_MANUAL)
		return node->branch->account->vendor->manual(node->branch->account);
	return NULL;
}

static bool is_control_file(enum node_kind kind)
{
	return kind == NODE_CONTROL_STATUS || kind == NODE_CONTROL_LOG ||
	       kind == NODE_CONTROL_METRICS || kind == NODE_CONTROL_REFRESH;
}

bool node_is_record(const struct node *node)
{
	return node->kind == NODE_JSON || node->kind == NODE_STATUS;
}

bool node_is_control(const struct node *node)
{
	return is_control_file(node->kind);
}

bool node_is_directory(const struct node *node)
{
	return node->kind == NODE_ROOT || node->kind == NODE_BRANCH || node->kind == NODE_CONTROL;
}

struct node *node_of(struct fs *fs, fuse_ino_t ino)
{
	return ino == FUSE_ROOT_ID ? fs->root : (struct node *)(uintptr_t)ino;
}

fuse_ino_t node_ino(const struct fs *fs, const struct node *node)
{
	return node == fs->root ? FUSE_ROOT_ID : (fuse_ino_t)(uintptr_t)node;
}

const char *node_name(const struct node *node)
{
	const char *slash = strrchr(node->path, '/');

	return slash ? slash + 1 : node->path;
}

/* 0 and 1 are taken. */
static uint64_t number_of(const char *path)
{
	uint64_t hash = hash_text(path);

	return hash < 2 ? hash + 2 : hash;
}

static struct node *node_new(enum node_kind kind, struct branch *branch, const char *path,
			     uint64_t number, const char *id)
{
	struct node *node = calloc(1, sizeof(*node) + strlen(path) + 1);

	if (!node)
		return NULL;
	memcpy(node->path, path, strlen(path) + 1);
	node->kind = kind;
	node->branch = branch;
	node->number = number;
	node->id = id ? strdup(id) : NULL;
	if (id && !node->id) {
		free(node);
		return NULL;
	}
	pthread_mutex_init(&node->lock, NULL);
	return node;
}

static void node_free(struct node *node)
{
	pthread_mutex_destroy(&node->lock);
	free(node->id);
	free(node);
}

int node_init(struct fs *fs)
{
	fs->root = node_new(NODE_ROOT, NULL, "", FUSE_ROOT_ID, NULL);
	if (!fs->root)
		return -ENOMEM;
	fs->control = node_take(fs, NODE_CONTROL, NULL, ".rosterfs", NULL);
	if (!fs->control)
		return -ENOMEM;
	for (size_t i = 0; i < fs->branch_count; i++) {
		struct branch *branch = &fs->branches[i];

		branch->node = node_take(fs, NODE_BRANCH, branch, "", NULL);
		if (!branch->node)
			return -ENOMEM;
	}
	return 0;
}

void node_exit(struct fs *fs)
{
	struct node *node, *next;

	HASH_ITER(hh, fs->nodes, node, next) { /* NOLINT(clang-analyzer-unix.Malloc) */
		HASH_DEL(fs->nodes, node);     /* NOLINT(clang-analyzer-unix.Malloc) */
		node_free(node);
	}
	if (fs->root)
		node_free(fs->root);
	fs->root = NULL;
}

/* The key of NAME in BRANCH; an account's directory itself is its own name. */
static void make_path(char *path, const struct branch *branch, const char *name)
{
	char *end = path;

	if (branch)
		end = stpcpy(end, branch->account->name);
	if (branch && *name)
		*end++ = '/';
	end = mempcpy(end, name, strnlen(name, NAME_MAX));
	*end = '\0';
}

/* By the hash that is the inode number too: a directory of 100,000 names is hashed often enough. */
static struct node *find_locked(struct fs *fs, const char *path, uint64_t number)
{
	struct node *node;

	HASH_FIND_BYHASHVALUE(hh, fs->nodes, path, strlen(path), (unsigned)number, node);
	return node;
}

struct node *node_take(struct fs *fs, enum node_kind kind, struct branch *branch, const char *name,
		       const char *id)
{
	char path[NODE_PATH_MAX];
	struct node *node;
	uint64_t number;

	/* a vendor's directory may be named as a file in .rosterfs is */
	if (is_control_file(kind))
		snprintf(path, sizeof(path), ".rosterfs/%s", name);
	else
		make_path(path, branch, name);
	number = number_of(path);
	pthread_mutex_lock(&fs->nodes_lock);
	node = find_locked(fs, path, number);
	if (!node) {
		node = node_new(kind, branch, path, number, id);
		if (node)
			HASH_ADD_KEYPTR_BYHASHVALUE(hh, fs->nodes, node->path, strlen(path),
						    (unsigned)number, node);
	}
	if (node)
		node->references++;
	pthread_mutex_unlock(&fs->nodes_lock);
	return node;
}

struct node *node_find(struct fs *fs, const struct branch *branch, const char *name)
{
	char path[NODE_PATH_MAX];
	struct node *node;

	make_path(path, branch, name);
	pthread_mutex_lock(&fs->nodes_lock);
	node = find_locked(fs, path, number_of(path));
	if (node)
		node->references++;
	pthread_mutex_unlock(&fs->nodes_lock);
	return node;
}

void node_learn(struct fs *fs, struct node *node, const char *id)
{
	char *copy = strdup(id);

	pthread_mutex_lock(&fs->nodes_lock);
	if (!node->id) {
		node->id = copy;
		copy = NULL;
	}
	pthread_mutex_unlock(&fs->nodes_lock);
	free(copy);
}

void node_hold(struct fs *fs, struct node *node)
{
	pthread_mutex_lock(&fs->nodes_lock);
	node->references++;
	pthread_mutex_unlock(&fs->nodes_lock);
}

void node_drop(struct fs *fs, struct node *node, uint64_t count)
{
	bool last;

	if (node == fs->root)
		return;
	pthread_mutex_lock(&fs->nodes_lock);
	node->references -= count;
	last = !node->references;
	if (last)
		HASH_DEL(fs->nodes, node);
	pthread_mutex_unlock(&fs->nodes_lock);
	if (last)
		node_free(node);
}

static mode_t mode_of(const struct fs *fs, const struct node *node)
{
	mode_t all = node_is_directory(node) ? 0777 : 0666;
	mode_t wide = fs->options.umask_given ? fs->options.umask : 0;

	switch (node->kind) {
	case NODE_README:
	case NODE_MANUAL:
		return S_IFREG | (0444 & ~wide);
	case NODE_SELF:
		return S_IFLNK | 0777;
	case NODE_BRANCH:
		return S_IFDIR | (node->branch->roster ? all & ~fs->options.umask : 0555 & ~wide);
	case NODE_ROOT:
		return S_IFDIR | (all & ~fs->options.umask);
	case NODE_CONTROL:
		return S_IFDIR | 0700;
	case NODE_CONTROL_STATUS:
	case NODE_CONTROL_LOG:
	case NODE_CONTROL_METRICS:
		return S_IFREG | 0400;
	case NODE_CONTROL_REFRESH:
		return S_IFREG | 0600; /* it reads as empty, so that grep -r has nothing to tell */
	case NODE_JSON:
	case NODE_STATUS:
		break;
	}
	return S_IFREG | (all & ~fs->options.umask);
}

void node_attr(struct fs *fs, struct node *node, const struct record *record, struct stat *attr)
{
	memset(attr, 0, sizeof(*attr));
	attr->st_ino = node->number;
	attr->st_mode = mode_of(fs, node);
	attr->st_nlink = node_is_directory(node) ? 2 : 1;
	attr->st_uid = fs->options.uid;
	attr->st_gid = fs->options.gid;
	attr->st_blksize = 4096;
	attr->st_mtim = fs->started;
	if (record) {
		attr->st_size = node->kind == NODE_JSON ? (off_t)record->length
							: (off_t)strlen(record->status) + 1;
		attr->st_mtim = record->mtime;
	} else if (node_text(node)) {
		attr->st_size = (off_t)strlen(node_text(node));
	} else if (node->kind == NODE_BRANCH && node->branch->roster) {
		double seconds;
		struct snapshot *snapshot = roster_snapshot(node->branch->roster, &seconds);

		if (snapshot)
			attr->st_mtim = snapshot->fetched;
		snapshot_put(snapshot);
	}
	attr->st_blocks = (attr->st_size + 511) / 512;
	attr->st_atim = attr->st_ctim = attr->st_mtim;
}

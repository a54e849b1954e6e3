/*
 * inode.c - the table of nodes, and which of them stands behind each number that the kernel holds:
 * the second half of node.h.
 *
 * It counts who needs a node and frees it when nobody does. What a node is and shows is node.c's
 * business. A node whose path somebody else has taken stays in a second table, without a name,
 * until the kernel forgets it.
 */
#include "fs/node.h"

#include "fs/draft.h"
#include "fs/scratch.h"
#include "fs/shelf.h"
#include "vendors/hash.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <utlist.h>

/* ---- making and freeing ---- */

/* 0 and 1 are taken. */
static uint64_t number_of(const char *path)
{
	uint64_t hash = hash_text(path);

	return hash < 2 ? hash + 2 : hash;
}

static struct node *node_new(enum node_kind kind, const char *path, uint64_t number, const char *id)
{
	struct node *node = calloc(1, sizeof(*node) + strlen(path) + 1);
	struct inode *inode = calloc(1, sizeof(*inode));

	if (!node || !inode)
		goto no_memory;
	memcpy(node->path, path, strlen(path) + 1);
	node->kind = kind;
	node->number = number;
	node->id = id ? strdup(id) : NULL;
	if (id && !node->id)
		goto no_memory;
	pthread_mutex_init(&node->lock, NULL);
	node->inode = inode;
	atomic_store(&inode->node, node);
	return node;
no_memory:
	free(node);
	free(inode);
	return NULL;
}

static void node_free(struct fs *fs, struct node *node)
{
	scratch_put(fs->scratches, node->scratch);
	pthread_mutex_destroy(&node->lock);
	free(node->inode);
	free(node->id);
	free(node);
}

/* ---- finding and making ---- */

/* By the hash that is the inode number too: a directory of 100,000 names is hashed often enough. */
static struct node *find_locked(struct fs *fs, const char *path, uint64_t number)
{
	struct node *node;

	HASH_FIND_BYHASHVALUE(hh, fs->nodes, path, strlen(path), (unsigned)number, node);
	return node;
}

/* As node_take, for what SCRATCH holds if that is not NULL. */
static struct node *take(struct fs *fs, enum node_kind kind, const struct node *directory,
			 const char *name, struct shelf *shelf, const char *id,
			 struct scratch *scratch)
{
	char path[NODE_PATH_MAX];
	struct node *node;
	uint64_t number;

	node_path(directory, name, path);
	number = number_of(path);
	pthread_mutex_lock(&fs->nodes_lock);
	node = find_locked(fs, path, number);
	/*
	 * A draft has become a record, or a name is used anew. And the kernel lets only one write
	 * to an inode at a time: each who asks a transaction file gets one of their own.
	 */
	if (node && (node->kind != kind || node->scratch != scratch || kind == NODE_TRANSACTION)) {
		HASH_DEL(fs->nodes, node);
		HASH_ADD_KEYPTR(hh, fs->nameless, node->path, strlen(node->path), node);
		node->nameless = true;
		node = NULL;
	}
	if (!node) {
		node = node_new(kind, path, number, id);
		if (node) {
			node->branch = shelf ? shelf->branch : directory->branch;
			node->shelf = shelf;
			node->scratch = scratch_hold(fs->scratches, scratch);
			HASH_ADD_KEYPTR_BYHASHVALUE(hh, fs->nodes, node->path, strlen(path),
						    (unsigned)number, node);
		}
	}
	if (node)
		node->references++;
	pthread_mutex_unlock(&fs->nodes_lock);
	return node;
}

struct node *node_take(struct fs *fs, enum node_kind kind, const struct node *directory,
		       const char *name, struct shelf *shelf, const char *id)
{
	return take(fs, kind, directory, name, shelf, id, NULL);
}

struct node *node_take_scratch(struct fs *fs, const struct node *directory, const char *name)
{
	enum node_kind kind = NODE_SCRATCH;
	struct scratch *scratch;
	char path[NODE_PATH_MAX];
	struct node *node;
	char *id;

	/* node_path would cut it to another's name */
	if (strlen(name) > NAME_MAX)
		return NULL;
	node_path(directory, name, path);
	scratch = scratch_get(fs->scratches, path);
	if (!scratch)
		return NULL;
	id = scratch_id(scratch);
	if (id)
		kind = NODE_MADE;
	else if (scratch_target(scratch))
		kind = NODE_SCRATCH_LINK;
	else if (directory->kind == NODE_NEW && draft_posts(name))
		kind = NODE_DRAFT;
	node = take(fs, kind, directory, name, directory->shelf, id, scratch);
	scratch_looked_up(scratch);
	scratch_put(fs->scratches, scratch);
	free(id);
	return node;
}

/* ---- counting ---- */

struct node *node_find(struct fs *fs, const char *path)
{
	struct node *node;

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

/* COUNT references less; true: NODE is out of the table and to be freed. */
static bool drop_locked(struct fs *fs, struct node *node, uint64_t count)
{
	node->references -= count;
	if (node->references)
		return false;
	if (node->nameless)
		HASH_DEL(fs->nameless, node);
	else
		HASH_DEL(fs->nodes, node);
	return true;
}

void node_drop(struct fs *fs, struct node *node)
{
	bool last;

	if (node == fs->root)
		return;
	pthread_mutex_lock(&fs->nodes_lock);
	last = drop_locked(fs, node, 1);
	pthread_mutex_unlock(&fs->nodes_lock);
	if (last)
		node_free(fs, node);
}

void node_forget(struct fs *fs, fuse_ino_t ino, uint64_t count)
{
	struct inode *inode = (struct inode *)(uintptr_t)ino;
	struct node *node;
	bool last;

	if (ino == FUSE_ROOT_ID)
		return;
	pthread_mutex_lock(&fs->nodes_lock);
	node = atomic_load(&inode->node);
	inode->lookups -= count;
	last = drop_locked(fs, node, count);
	pthread_mutex_unlock(&fs->nodes_lock);
	if (last)
		node_free(fs, node);
}

struct node *node_of(struct fs *fs, fuse_ino_t ino)
{
	const struct inode *inode = (const struct inode *)(uintptr_t)ino;

	return ino == FUSE_ROOT_ID ? fs->root : atomic_load(&inode->node);
}

fuse_ino_t node_ino(struct fs *fs, struct node *node)
{
	fuse_ino_t ino;

	if (node == fs->root)
		return FUSE_ROOT_ID;
	pthread_mutex_lock(&fs->nodes_lock);
	ino = (fuse_ino_t)(uintptr_t)node->inode;
	pthread_mutex_unlock(&fs->nodes_lock);
	return ino;
}

fuse_ino_t node_to_kernel(struct fs *fs, struct node *node)
{
	fuse_ino_t ino;

	pthread_mutex_lock(&fs->nodes_lock);
	node->inode->lookups++;
	ino = (fuse_ino_t)(uintptr_t)node->inode;
	pthread_mutex_unlock(&fs->nodes_lock);
	return ino;
}

/* ---- renames ---- */

/* A node that was swapped stays for so many seconds: a request may just have looked at it. */
#define SWAPPED_SECONDS 10

struct swapped {
	struct node *node; /* held */
	time_t until;
	struct swapped *next;
};

/* Let go of those whose time has come, or of all. */
static void drop_swapped(struct fs *fs, bool all)
{
	struct swapped *swapped, *next, *due = NULL;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	pthread_mutex_lock(&fs->nodes_lock);
	LL_FOREACH_SAFE(fs->swapped, swapped, next)
	{
		if (!all && swapped->until > now.tv_sec)
			continue;
		LL_DELETE(fs->swapped, swapped);
		LL_PREPEND(due, swapped);
	}
	pthread_mutex_unlock(&fs->nodes_lock);
	LL_FOREACH_SAFE(due, swapped, next)
	{
		node_drop(fs, swapped->node);
		free(swapped);
	}
}

/* NODE is held for a while. Without memory it is held for good, which is harmless. */
static void keep_swapped_locked(struct fs *fs, struct node *node)
{
	struct swapped *swapped = calloc(1, sizeof(*swapped));
	struct timespec now;

	node->references++;
	if (!swapped)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	swapped->node = node;
	swapped->until = now.tv_sec + SWAPPED_SECONDS;
	LL_PREPEND(fs->swapped, swapped);
}

/* The pages of NODE's old inode are no longer those that it is read through. */
static void forget_pages(struct node *node)
{
	pthread_mutex_lock(&node->lock);
	node->page_version = 0;
	pthread_mutex_unlock(&node->lock);
}

void node_swap(struct fs *fs, struct node *a, struct node *b)
{
	struct inode *inode;

	drop_swapped(fs, false);
	pthread_mutex_lock(&fs->nodes_lock);
	keep_swapped_locked(fs, a);
	keep_swapped_locked(fs, b);
	a->references += b->inode->lookups - a->inode->lookups;
	b->references += a->inode->lookups - b->inode->lookups;
	inode = a->inode;
	a->inode = b->inode;
	b->inode = inode;
	atomic_store(&a->inode->node, a);
	atomic_store(&b->inode->node, b);
	a->inode->lasting = b->inode->lasting = true;
	pthread_mutex_unlock(&fs->nodes_lock);
	forget_pages(a);
	forget_pages(b);
}

bool node_is_lasting(struct fs *fs, struct node *node)
{
	bool lasting;

	pthread_mutex_lock(&fs->nodes_lock);
	lasting = node->inode->lasting;
	pthread_mutex_unlock(&fs->nodes_lock);
	return lasting;
}

/* ---- the whole ---- */

int node_init(struct fs *fs)
{
	fs->root = node_new(NODE_ROOT, "", FUSE_ROOT_ID, NULL);
	if (!fs->root)
		return -ENOMEM;
	fs->control = node_take(fs, NODE_CONTROL, fs->root, ".rosterfs", NULL, NULL);
	if (!fs->control)
		return -ENOMEM;
	for (size_t i = 0; i < fs->branch_count; i++) {
		struct branch *branch = &fs->branches[i];

		branch->node = node_take(fs, NODE_BRANCH, fs->root, branch->account->name,
					 branch->users, NULL);
		if (!branch->node)
			return -ENOMEM;
		branch->node->branch = branch; /* also one without users */
	}
	return 0;
}

void node_exit(struct fs *fs)
{
	struct node *node, *next;

	drop_swapped(fs, true);
	HASH_ITER(hh, fs->nodes, node, next) { /* NOLINT(clang-analyzer-unix.Malloc) */
		HASH_DEL(fs->nodes, node);     /* NOLINT(clang-analyzer-unix.Malloc) */
		node_free(fs, node);
	}
	HASH_ITER(hh, fs->nameless, node, next) { /* NOLINT(clang-analyzer-unix.Malloc) */
		HASH_DEL(fs->nameless, node);     /* NOLINT(clang-analyzer-unix.Malloc) */
		node_free(fs, node);
	}
	if (fs->root)
		node_free(fs, fs->root);
	fs->root = NULL;
}

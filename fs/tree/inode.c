/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inode.c - see inode.h.
 *
 * It counts references and frees what is no longer needed. What a node is and shows is its kind's
 * business (node.h).
 */
#include "fs/tree/inode.h"

#include "fs/tree/pages.h"
#include "fs/tree/record_dir.h"
#include "vendors/base/clock.h"
#include "vendors/base/hash.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <utlist.h>

/* ---- making and freeing ---- */

/* Outside of accounts' directories. */
static const struct scope outside;

static const char *path_of(const void *item)
{
	const struct node *node = item;

	return node->path;
}

static struct node *node_new(const struct node_ops *ops, const char *path, const char *id)
{
	size_t length = strlen(path) + 1, id_length = id ? strlen(id) + 1 : 0;
	struct node *node = calloc(1, NODE_SIZE + length + id_length);

	if (!node)
		return NULL;
	memcpy(node->path, path, length);
	if (id)
		node->id = memcpy(node->path + length, id, id_length);
	node->ops = ops;
	node->scope = &outside;
	node->inode = &node->own;
	atomic_init(&node->own.node, node);
	return node;
}

static void node_free(struct node *node)
{
	/* an id that inode_learn brought */
	if (!node->ops->release && node->id && node->id != node->path + strlen(node->path) + 1)
		free(node->id);
	free(node);
}

/* Return the node that INODE was made with. */
static struct node *owner_of(struct inode *inode)
{
	return (struct node *)(uintptr_t)((char *)inode - offsetof(struct node, own));
}

/* Put NODE, whose path has HASH, into the tables. Return 0 or -ENOMEM. */
static int enter_locked(struct fs *fs, struct node *node, uint64_t hash)
{
	if (table_add(&fs->nodes, node, hash))
		return -ENOMEM;
	if (!node->ops->is_person || !table_add(&fs->persons, node, hash))
		return 0;
	table_remove(&fs->nodes, node);
	return -ENOMEM;
}

static void leave_locked(struct fs *fs, struct node *node)
{
	if (node->nameless) {
		table_remove(&fs->nameless, node);
		return;
	}
	table_remove(&fs->nodes, node);
	if (node->ops->is_person)
		table_remove(&fs->persons, node);
}

/* What a node that has ended owned: released without the lock. */
struct owned {
	const struct node_ops *ops; /* NULL: nothing */
	void *what;
};

static void inode_release(struct fs *fs, const struct owned *owned)
{
	if (owned->ops)
		owned->ops->release(fs, owned->what);
}

/*
 * End NODE if it is no longer needed. After a rename its inode may belong to another node that
 * still needs it, and the inode that it uses may have been left behind by another. Return what the
 * caller must release after unlocking.
 */
static struct owned end_unneeded_locked(struct fs *fs, struct node *node)
{
	struct owned owned = {NULL, NULL};
	struct node *owner = owner_of(node->inode);

	if (node->holders || node->inode->lookups)
		return owned;
	if (node->ops->release)
		owned = (struct owned){node->ops, node->owned};
	leave_locked(fs, node);
	node->ended = true;
	atomic_store(&node->inode->node, NULL);
	if (owner != node && owner->ended)
		node_free(owner);
	if (!atomic_load(&node->own.node))
		node_free(node);
	return owned;
}

/* ---- finding and making ---- */

/* Return the scope of what is part of RECORD_DIR, or (NULL) of no such directory, in DIRECTORY. */
static const struct scope *scope_in(const struct node *directory,
				    const struct record_dir *record_dir)
{
	if (record_dir)
		return &record_dir->scope;
	return node_branch(directory) ? &node_branch(directory)->scope : &outside;
}

/* As inode_take, for a node that owns OWNED if that is not NULL. */
static struct node *inode_take_any(struct fs *fs, const struct node_ops *ops,
				   const struct node *directory, const char *name,
				   struct record_dir *record_dir, const char *id, void *owned)
{
	char path[NODE_PATH_MAX];
	struct node *node, *taken = NULL;
	uint64_t hash;

	node_path(directory, name, path);
	hash = hash_text(path);
	pthread_mutex_lock(&fs->nodes_lock);
	node = table_find(&fs->nodes, path, hash);
	/*
	 * A draft has become a record, or a name is used anew. And the kernel allows only one write
	 * to an inode at a time: each open of a query file gets an inode of its own.
	 */
	if (node && (node->ops != ops || node_owned(node) != owned || ops->is_renewed)) {
		if (table_add(&fs->nameless, node, hash))
			goto out;
		leave_locked(fs, node);
		node->nameless = true;
		node = NULL;
	}
	if (!node) {
		node = node_new(ops, path, id);
		if (!node || enter_locked(fs, node, hash)) {
			free(node);
			goto out;
		}
		node->scope = scope_in(directory, record_dir);
		if (owned) {
			ops->hold(fs, owned);
			node->owned = owned;
		}
	}
	node->holders++;
	taken = node;
out:
	pthread_mutex_unlock(&fs->nodes_lock);
	return taken;
}

struct node *inode_take_owner(struct fs *fs, const struct node_ops *ops,
			      const struct node *directory, const char *name,
			      struct record_dir *record_dir, void *owned)
{
	return inode_take_any(fs, ops, directory, name, record_dir, NULL, owned);
}

struct node *inode_take(struct fs *fs, const struct node_ops *ops, const struct node *directory,
			const char *name, struct record_dir *record_dir, const char *id)
{
	return inode_take_any(fs, ops, directory, name, record_dir, id, NULL);
}

struct node *inode_take_fixed(struct fs *fs, const struct node *directory,
			      const struct node_fixed *fixed)
{
	if (directory->ops->take_fixed)
		return directory->ops->take_fixed(fs, directory, fixed);
	return inode_take(fs, fixed->ops, directory, fixed->name, NULL, NULL);
}

/* ---- counting ---- */

struct node *inode_find(struct fs *fs, const char *path)
{
	struct node *node;

	pthread_mutex_lock(&fs->nodes_lock);
	node = table_find(&fs->nodes, path, hash_text(path));
	if (node)
		node->holders++;
	pthread_mutex_unlock(&fs->nodes_lock);
	return node;
}

void inode_learn(struct fs *fs, struct node *node, const char *id)
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

void inode_hold(struct fs *fs, struct node *node)
{
	pthread_mutex_lock(&fs->nodes_lock);
	node->holders++;
	pthread_mutex_unlock(&fs->nodes_lock);
}

void inode_drop(struct fs *fs, struct node *node)
{
	struct owned owned;

	if (node == fs->root)
		return;
	pthread_mutex_lock(&fs->nodes_lock);
	node->holders--;
	owned = end_unneeded_locked(fs, node);
	pthread_mutex_unlock(&fs->nodes_lock);
	inode_release(fs, &owned);
}

void inode_forget(struct fs *fs, fuse_ino_t ino, uint64_t count)
{
	struct inode *inode = (struct inode *)(uintptr_t)ino;
	struct owned owned;

	if (ino == FUSE_ROOT_ID)
		return;
	pthread_mutex_lock(&fs->nodes_lock);
	inode->lookups -= count;
	owned = end_unneeded_locked(fs, atomic_load(&inode->node));
	pthread_mutex_unlock(&fs->nodes_lock);
	inode_release(fs, &owned);
}

struct node *inode_node(struct fs *fs, fuse_ino_t ino)
{
	const struct inode *inode = (const struct inode *)(uintptr_t)ino;

	return ino == FUSE_ROOT_ID ? fs->root : atomic_load(&inode->node);
}

fuse_ino_t inode_of(struct fs *fs, struct node *node)
{
	fuse_ino_t ino;

	if (node == fs->root)
		return FUSE_ROOT_ID;
	pthread_mutex_lock(&fs->nodes_lock);
	ino = (fuse_ino_t)(uintptr_t)node->inode;
	pthread_mutex_unlock(&fs->nodes_lock);
	return ino;
}

fuse_ino_t inode_to_kernel(struct fs *fs, struct node *node)
{
	fuse_ino_t ino;

	pthread_mutex_lock(&fs->nodes_lock);
	node->holders--;
	node->inode->lookups++;
	ino = (fuse_ino_t)(uintptr_t)node->inode;
	pthread_mutex_unlock(&fs->nodes_lock);
	return ino;
}

/* ---- renames ---- */

/* Seconds for which a node that was swapped stays: a request may just have looked at it. */
#define SWAPPED_SECONDS 10

struct swapped {
	struct node *node; /* a reference */
	time_t until;
	struct swapped *next;
};

/* Release the nodes whose time has come, or all of them. */
static void drop_swapped(struct fs *fs, bool all)
{
	struct swapped *swapped, *next, *due = NULL;
	time_t now = clock_now().tv_sec;

	pthread_mutex_lock(&fs->nodes_lock);
	LL_FOREACH_SAFE(fs->swapped, swapped, next) {
		if (!all && swapped->until > now)
			continue;
		LL_DELETE(fs->swapped, swapped);
		LL_PREPEND(due, swapped);
	}
	pthread_mutex_unlock(&fs->nodes_lock);
	LL_FOREACH_SAFE(due, swapped, next) {
		inode_drop(fs, swapped->node);
		free(swapped);
	}
}

/* Take a reference to NODE for a while. Without memory it is never released, which is harmless. */
static void keep_swapped_locked(struct fs *fs, struct node *node)
{
	struct swapped *swapped = calloc(1, sizeof(*swapped));

	node->holders++;
	if (!swapped)
		return;
	swapped->node = node;
	swapped->until = clock_now().tv_sec + SWAPPED_SECONDS;
	LL_PREPEND(fs->swapped, swapped);
}

void inode_swap(struct fs *fs, struct node *a, struct node *b)
{
	struct inode *inode;

	drop_swapped(fs, false);
	pthread_mutex_lock(&fs->nodes_lock);
	keep_swapped_locked(fs, a);
	keep_swapped_locked(fs, b);
	inode = a->inode;
	a->inode = b->inode;
	b->inode = inode;
	atomic_store(&a->inode->node, a);
	atomic_store(&b->inode->node, b);
	owner_of(a->inode)->lasting = owner_of(b->inode)->lasting = true;
	pthread_mutex_unlock(&fs->nodes_lock);
	/* a file in memory is written through its pages */
	pages_forget(fs, inode_of(fs, a));
	pages_forget(fs, inode_of(fs, b));
	pages_resized(fs, inode_of(fs, a));
	pages_resized(fs, inode_of(fs, b));
}

bool inode_is_lasting(struct fs *fs, struct node *node)
{
	bool lasting;

	pthread_mutex_lock(&fs->nodes_lock);
	lasting = owner_of(node->inode)->lasting;
	pthread_mutex_unlock(&fs->nodes_lock);
	return lasting;
}

/* ---- another number for the same name ---- */

/* Let NODE give way to a new node of its name. Return that, or NULL: NODE has given way already, or
 * no memory. */
static struct node *inode_renew_locked(struct fs *fs, struct node *node, uint64_t hash)
{
	struct node *renewed;

	if (node->nameless || node->ended || table_find(&fs->nodes, node->path, hash) != node)
		return NULL;
	renewed = node_new(node->ops, node->path, node->id);
	if (!renewed || table_add(&fs->nameless, node, hash)) {
		free(renewed);
		return NULL;
	}
	renewed->scope = node->scope;
	leave_locked(fs, node);
	node->nameless = true;
	if (enter_locked(fs, renewed, hash)) {
		/* the name is looked up again when it is needed */
		node_free(renewed);
		return NULL;
	}
	return renewed;
}

void inode_renew(struct fs *fs, struct node *node)
{
	struct node *renewed;

	drop_swapped(fs, false);
	pthread_mutex_lock(&fs->nodes_lock);
	renewed = inode_renew_locked(fs, node, hash_text(node->path));
	/* until the kernel has looked it up */
	if (renewed)
		keep_swapped_locked(fs, renewed);
	pthread_mutex_unlock(&fs->nodes_lock);
}

/* ---- the whole ---- */

size_t inode_count(struct fs *fs)
{
	size_t count;

	pthread_mutex_lock(&fs->nodes_lock);
	count = fs->nodes.count + fs->nameless.count;
	pthread_mutex_unlock(&fs->nodes_lock);
	return count;
}

int inode_init(struct fs *fs, const struct node_ops *root)
{
	table_init(&fs->nodes, path_of);
	table_init(&fs->persons, path_of);
	table_init(&fs->nameless, path_of);
	fs->root = node_new(root, "", NULL);
	return fs->root ? 0 : -ENOMEM;
}

/* Free the nodes that have ended, but whose inode one of TABLE's still uses. */
static void free_ended(const struct table *table)
{
	const struct node *node;
	size_t at = 0;

	while ((node = table_next(table, &at))) {
		if (owner_of(node->inode)->ended)
			node_free(owner_of(node->inode));
	}
}

static void free_all(struct fs *fs, struct table *table)
{
	struct node *node;
	size_t at = 0;

	while ((node = table_next(table, &at))) {
		if (node->ops->release)
			node->ops->release(fs, node->owned);
		node_free(node);
	}
	table_clear(table);
}

void inode_exit(struct fs *fs)
{
	drop_swapped(fs, true);
	free_ended(&fs->nodes);
	free_ended(&fs->nameless);
	free_all(fs, &fs->nodes);
	free_all(fs, &fs->nameless);
	table_clear(&fs->persons);
	if (fs->root)
		node_free(fs->root);
	fs->root = NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notify.c - see notify.h.
 *
 * After a refresh it compares what the kernel was told of each record with what the roster knows
 * now. It never waits for a vendor and never holds a lock of ours while it talks to the kernel.
 */
#include "fs/tree/notify.h"

#include "cache/record/record.h"
#include "cache/roster/known.h"
#include "fs/tree/inode.h"
#include "fs/tree/node.h"
#include "fs/tree/node_record.h"
#include "fs/tree/pages.h"
#include "fs/tree/record_dir.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

/*
 * The most nodes of whose attributes the kernel is told one by one when a user asks for a refresh.
 * Nobody knows yet what has changed, and stat(2) must ask us for it; no list is fetched before a
 * process needs it. With more nodes the lists are fetched at once instead.
 */
#define REFRESHED_MAX 1000

struct notify {
	struct fs *fs;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool due; /* one of a record directory's flags is set */
	bool started, ending;
};

struct notify *notify_new(struct fs *fs)
{
	struct notify *notify = calloc(1, sizeof(*notify));

	if (!notify)
		return NULL;
	notify->fs = fs;
	pthread_mutex_init(&notify->lock, NULL);
	pthread_cond_init(&notify->wake, NULL);
	return notify;
}

void notify_attributes(struct fs *fs, struct node *node)
{
	atomic_fetch_add_explicit(&fs->asked.notifications, 1, memory_order_relaxed);
	/* A negative offset: attributes only. ENOENT: the kernel does not hold it, which is as
	 * good. */
	fuse_lowlevel_notify_inval_inode(fs->session, inode_of(fs, node), -1, 0);
}

int notify_text(struct fs *fs, fuse_ino_t ino, char *text, size_t length)
{
	struct fuse_bufvec vector = FUSE_BUFVEC_INIT(length);
	int error;

	vector.buf[0].mem = text;
	error = fuse_lowlevel_notify_store(fs->session, ino, 0, &vector, 0);
	if (!error)
		atomic_fetch_add_explicit(&fs->asked.texts, 1, memory_order_relaxed);
	return error;
}

/* Selects nodes: those of BRANCH that show records or people. */
struct sieve {
	const struct branch *branch;
	const struct record_dir *record_dir; /* only those of this one; NULL: all */
	const char *person; /* only those of the person with this stem; NULL: all */
};

/* Return true if NODE is PERSON's directory, or stands in it, or is a link of theirs in the
 * branch's by-email. */
static bool is_theirs(const struct node *node, const char *person)
{
	const char *name = node_branch(node) ? node_name(node) : strchr(node->path, '/') + 1;
	size_t length = strlen(person);

	return strncmp(name, person, length) == 0 &&
	       strchr(node_branch(node) ? ".~" : "/", name[length]);
}

static bool passes(const struct sieve *sieve, const struct node *node)
{
	if (node->ops->is_person) {
		if (node_branch(node) && node_branch(node) != sieve->branch)
			return false;
		if (sieve->record_dir && sieve->record_dir != sieve->branch->users)
			return false;
		return !sieve->person || node->ops->shows_others || is_theirs(node, sieve->person);
	}
	return !sieve->person && node_branch(node) == sieve->branch &&
	       (!sieve->record_dir || node_record_dir(node) == sieve->record_dir) &&
	       node->ops->needs_record;
}

/*
 * Return the nodes that pass SIEVE, each with a reference, and how many they are in *COUNT. The
 * caller frees the array. Each save may change an email, and must not go through all records for
 * that: people have a table of their own.
 */
static struct node **collect(struct fs *fs, const struct sieve *sieve, size_t *count)
{
	const struct table *table = sieve->person ? &fs->persons : &fs->nodes;
	struct node **nodes, *node;
	size_t at = 0;

	*count = 0;
	pthread_mutex_lock(&fs->nodes_lock);
	nodes = calloc(table->count + 1, sizeof(struct node *));
	while (nodes && (node = table_next(table, &at))) {
		if (!passes(sieve, node))
			continue;
		node->holders++;
		nodes[(*count)++] = node;
	}
	pthread_mutex_unlock(&fs->nodes_lock);
	return nodes;
}

/* Notify the kernel of the nodes that pass SIEVE, unless there are more than MOST. Return false if
 * there are. */
static bool notify_some(struct fs *fs, const struct sieve *sieve, size_t most)
{
	size_t count;
	struct node **nodes = collect(fs, sieve, &count);

	for (size_t i = 0; i < count; i++) {
		if (count <= most)
			notify_attributes(fs, nodes[i]);
		inode_drop(fs, nodes[i]);
	}
	free(nodes);
	return count <= most;
}

bool notify_refresh(struct fs *fs, const struct branch *branch)
{
	return notify_some(fs, &(struct sieve){.branch = branch}, REFRESHED_MAX);
}

void notify_person(struct fs *fs, const struct branch *branch, const char *stem)
{
	notify_some(fs, &(struct sieve){.branch = branch, .person = stem}, SIZE_MAX);
}

static void check_node(struct fs *fs, struct node *node)
{
	struct record *record = NULL;
	enum known knows;
	double seconds;
	bool differs;

	if (node->ops->is_person) {
		notify_attributes(fs, node);
		return;
	}
	if (!node->id)
		return;
	knows = node_record_peek(node, &record, &seconds);
	pthread_mutex_lock(&fs->versions_lock);
	differs = node->told_version &&
		  (!record || node->told_version != pages_version(record->version));
	pthread_mutex_unlock(&fs->versions_lock);
	if (differs || knows == KNOWN_ABSENT)
		notify_attributes(fs, node);
	record_put(record);
}

static void check_record_dir(struct fs *fs, const struct record_dir *record_dir)
{
	size_t count;
	const struct sieve sieve = {.branch = record_dir->branch, .record_dir = record_dir};
	struct node **nodes = collect(fs, &sieve, &count);

	for (size_t i = 0; i < count; i++) {
		check_node(fs, nodes[i]);
		inode_drop(fs, nodes[i]);
	}
	free(nodes);
}

/* Have the kernel drop the names that it caches of RECORD_DIR's directory. */
static void drop_names(struct fs *fs, const struct record_dir *record_dir)
{
	struct node *directory = inode_find(fs, record_dir->path);

	if (!directory)
		return;
	atomic_fetch_add_explicit(&fs->asked.notifications, 1, memory_order_relaxed);
	fuse_lowlevel_notify_inval_inode(fs->session, inode_of(fs, directory), 0, 0);
	inode_drop(fs, directory);
}

/* Have the kernel forget all attributes of RECORD_DIR, as notify_refresh does of a branch. */
static void forget(struct fs *fs, struct record_dir *record_dir)
{
	const struct sieve sieve = {.branch = record_dir->branch, .record_dir = record_dir};

	if (!notify_some(fs, &sieve, REFRESHED_MAX))
		record_dir_renew(record_dir);
}

static void check_due(struct fs *fs)
{
	for (size_t i = 0; i < fs->branch_count; i++) {
		struct record_dir *record_dir = record_dir_first(&fs->branches[i]);

		for (; record_dir; record_dir = record_dir->next) {
			if (atomic_exchange(&record_dir->distrusted, false))
				forget(fs, record_dir);
			if (atomic_exchange(&record_dir->due, false))
				check_record_dir(fs, record_dir);
			if (atomic_exchange(&record_dir->drop, false))
				drop_names(fs, record_dir);
		}
	}
}

static void *notify_main(void *arg)
{
	struct notify *notify = arg;

	prctl(PR_SET_NAME, "notify", 0, 0, 0);
	pthread_mutex_lock(&notify->lock);
	while (!notify->ending) {
		if (!notify->due) {
			pthread_cond_wait(&notify->wake, &notify->lock);
			continue;
		}
		notify->due = false;
		pthread_mutex_unlock(&notify->lock);
		check_due(notify->fs);
		pthread_mutex_lock(&notify->lock);
	}
	pthread_mutex_unlock(&notify->lock);
	return NULL;
}

int notify_start(struct notify *notify)
{
	int error = pthread_create(&notify->thread, NULL, notify_main, notify);

	notify->started = !error;
	return -error;
}

void notify_stop(struct notify *notify)
{
	if (!notify || !notify->started)
		return;
	pthread_mutex_lock(&notify->lock);
	notify->ending = true;
	pthread_cond_signal(&notify->wake);
	pthread_mutex_unlock(&notify->lock);
	pthread_join(notify->thread, NULL);
	notify->started = false;
}

void notify_free(struct notify *notify)
{
	if (!notify)
		return;
	notify_stop(notify);
	pthread_cond_destroy(&notify->wake);
	pthread_mutex_destroy(&notify->lock);
	free(notify);
}

static void wake(struct notify *notify)
{
	pthread_mutex_lock(&notify->lock);
	notify->due = true;
	pthread_cond_signal(&notify->wake);
	pthread_mutex_unlock(&notify->lock);
}

void notify_record_dir(struct notify *notify, struct record_dir *record_dir)
{
	atomic_store(&record_dir->due, true);
	wake(notify);
}

void notify_names(struct notify *notify, struct record_dir *record_dir)
{
	atomic_store(&record_dir->drop, true);
	wake(notify);
}

void notify_distrusted(struct record_dir *record_dir)
{
	atomic_store(&record_dir->distrusted, true);
	wake(record_dir->branch->fs->notify);
}

/* ---- what happens to records ---- */

/* Have the kernel forget the attributes of the file of record ID that ends in SUFFIX. */
static void notify_file(struct record_dir *record_dir, const char *id, const char *suffix)
{
	struct fs *fs = record_dir->branch->fs;
	char name[RECORD_DIR_NAME_MAX], path[NODE_PATH_MAX];
	struct node *node;

	record_dir_name(record_dir, id, suffix, name);
	snprintf(path, sizeof(path), "%s/%s", record_dir->path, name);
	node = inode_find(fs, path);
	if (!node)
		return;
	notify_attributes(fs, node);
	inode_drop(fs, node);
}

void notify_record(struct record_dir *record_dir, const char *id)
{
	notify_file(record_dir, id, ".json");
	if (!record_dir->place)
		notify_file(record_dir, id, ".status");
}

void notify_replaced(struct record_dir *record_dir, bool same)
{
	struct fs *fs = record_dir->branch->fs;
	struct node *directory = inode_find(fs, record_dir->path);

	if (directory) {
		notify_attributes(fs, directory);
		inode_drop(fs, directory);
	}
	/* going through 200,000 nodes to find nothing would delay what others need */
	if (!same)
		notify_record_dir(fs->notify, record_dir);
}

/*
 * fs.c - see fs.h: builds the filesystem and takes it apart, in order.
 *
 * From below: accounts (the caller's), rosters, nodes, the notifier. It knows what there is, not
 * what any of it does.
 */
#include "fs/fs.h"

#include "cache/guard.h"
#include "cache/pool.h"
#include "cache/roster.h"
#include "fs/handle.h"
#include "fs/node.h"
#include "fs/notify.h"
#include "fs/ops.h"
#include "fs/path.h"
#include "fs/request.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Each waiting write has a thread; whoever reads has none. */
#define THREADS_MAX 512

struct branch *fs_branch(struct fs *fs, const char *name)
{
	for (size_t i = 0; i < fs->branch_count; i++) {
		if (strcmp(fs->branches[i].account->name, name) == 0)
			return &fs->branches[i];
	}
	return NULL;
}

/* Another version of ID: the kernel forgets its attributes before the writer hears of success. */
static void record_changed(void *arg, const char *id)
{
	struct branch *branch = arg;
	struct fs *fs = branch->fs;
	char stem[PATH_STEM_MAX + 1], name[PATH_NAME_MAX + 16];
	const char *const suffixes[] = {".json", ".status"};

	path_stem(id, stem);
	for (size_t i = 0; i < 2; i++) {
		struct node *node;

		snprintf(name, sizeof(name), "%s%s", stem, suffixes[i]);
		node = node_find(fs, branch, name);
		if (!node)
			continue;
		notify_attributes(fs, node);
		node_drop(fs, node, 1);
	}
}

static void replaced(void *arg)
{
	struct branch *branch = arg;

	notify_attributes(branch->fs, branch->node);
	notify_branch(branch->fs->notify, branch);
}

static int make_branch(struct fs *fs, struct branch *branch, struct account *account)
{
	struct roster_events events = {.arg = branch,
				       .record_changed = record_changed,
				       .replaced = replaced};

	branch->fs = fs;
	branch->account = account;
	if (!account->vendor->users)
		return 0;
	branch->roster = roster_new(account, account->vendor->users, NULL, fs->pool, &events);
	branch->statuses = branch->roster;
	if (account->vendor->statuses)
		branch->statuses = roster_new(account, account->vendor->statuses, NULL, fs->pool,
					      &events);
	return branch->roster && branch->statuses ? 0 : -ENOMEM;
}

struct fs *fs_new(const struct fs_options *options, struct account **accounts, size_t count)
{
	struct fs *fs = calloc(1, sizeof(*fs));
	int error = 0;

	if (!fs)
		return NULL;
	fs->options = *options;
	clock_gettime(CLOCK_REALTIME, &fs->started);
	pthread_mutex_init(&fs->nodes_lock, NULL);
	pthread_mutex_init(&fs->requests_lock, NULL);
	fs->guard = guard_new(options->read_only, options->dry_run, options->status_limit,
			      options->status_window);
	fs->pool = pool_new(THREADS_MAX);
	fs->branches = calloc(count + 1, sizeof(*fs->branches));
	if (!fs->guard || !fs->pool || !fs->branches)
		goto no_memory;
	for (fs->branch_count = 0; !error && fs->branch_count < count; fs->branch_count++)
		error = make_branch(fs, &fs->branches[fs->branch_count],
				    accounts[fs->branch_count]);
	fs->notify = notify_new(fs);
	if (error || !fs->notify || node_init(fs))
		goto no_memory;
	return fs;
no_memory:
	fs_free(fs);
	return NULL;
}

int fs_start(struct fs *fs)
{
	return notify_start(fs->notify);
}

void fs_stop(struct fs *fs, unsigned milliseconds)
{
	notify_stop(fs->notify);
	request_cancel_all(fs);
	for (size_t i = 0; i < fs->branch_count; i++) {
		if (!fs->branches[i].roster)
			continue;
		roster_stop(fs->branches[i].roster);
		roster_stop(fs->branches[i].statuses);
	}
	pool_drain(fs->pool, milliseconds);
}

void fs_finish(struct fs *fs)
{
	if (!fs)
		return;
	pool_free(fs->pool);
	fs->pool = NULL;
}

void fs_free(struct fs *fs)
{
	if (!fs)
		return;
	fs_finish(fs);
	notify_free(fs->notify);
	handle_exit(fs);
	dir_exit(fs);
	for (size_t i = 0; fs->branches && i < fs->branch_count; i++) {
		if (fs->branches[i].statuses != fs->branches[i].roster)
			roster_free(fs->branches[i].statuses);
		roster_free(fs->branches[i].roster);
	}
	node_exit(fs);
	guard_free(fs->guard);
	free(fs->branches);
	pthread_mutex_destroy(&fs->nodes_lock);
	pthread_mutex_destroy(&fs->requests_lock);
	free(fs);
}

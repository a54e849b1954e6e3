/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs.c - see fs.h: builds the filesystem and takes it apart, in order.
 *
 * From below: accounts (the caller's), rosters, nodes, the notifier. It knows what there is, not
 * what any of it does.
 */
#include "fs/fs.h"

#include "cache/history/guard.h"
#include "cache/history/history.h"
#include "vendors/base/pool.h"
#include "fs/tree/commands.h"
#include "fs/tree/node.h"
#include "fs/ops.h"
#include "fs/dir.h"
#include "fs/memory/scratch.h"
#include "fs/memory/vacancy.h"
#include "fs/tree/handle.h"
#include "fs/tree/inode.h"
#include "fs/tree/notify.h"
#include "fs/tree/record_dir.h"
#include "fs/tree/request.h"
#include "fs/tree/view.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

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

static int make_branch(struct fs *fs, struct branch *branch, struct account *account)
{
	branch->fs = fs;
	branch->account = account;
	pthread_mutex_init(&branch->lock, NULL);
	return account->vendor->users ? record_dir_users(branch) : 0;
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
	pthread_mutex_init(&fs->versions_lock, NULL);
	pthread_mutex_init(&fs->requests_lock, NULL);
	fs->guard = guard_new(options->read_only, options->dry_run, options->status_limit,
			      options->status_window);
	fs->history = history_new(HISTORY_BYTES_MAX);
	fs->pool = pool_new(THREADS_MAX);
	fs->branches = calloc(count + 1, sizeof(*fs->branches));
	fs->scratches = scratches_new(options->scratch_limit);
	fs->vacancies = vacancies_new();
	if (!fs->guard || !fs->history || !fs->pool || !fs->branches || !fs->scratches ||
	    !fs->vacancies)
		goto no_memory;
	guard_tell(fs->guard, fs->history, options->audit, &commands_undo_words);
	for (fs->branch_count = 0; !error && fs->branch_count < count; fs->branch_count++)
		error = make_branch(fs, &fs->branches[fs->branch_count],
				    accounts[fs->branch_count]);
	fs->notify = notify_new(fs);
	if (error || !fs->notify || inode_init(fs))
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
	pool_end_delays(fs->pool);
	request_cancel_all(fs);
	for (size_t i = 0; i < fs->branch_count; i++) {
		struct record_dir *record_dir = record_dir_first(&fs->branches[i]);

		for (; record_dir; record_dir = record_dir->next)
			record_dir_stop(record_dir);
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

static void free_branch(struct branch *branch)
{
	struct record_dir *record_dir;

	HASH_CLEAR(hh, branch->by_path);
	while ((record_dir = branch->record_dirs)) {
		branch->record_dirs = record_dir->next;
		record_dir_free(record_dir);
	}
	pthread_mutex_destroy(&branch->lock);
}

void fs_free(struct fs *fs)
{
	if (!fs)
		return;
	fs_finish(fs);
	notify_free(fs->notify);
	handle_exit(fs);
	dir_exit(fs);
	view_exit(fs);
	for (size_t i = 0; fs->branches && i < fs->branch_count; i++)
		free_branch(&fs->branches[i]);
	inode_exit(fs);
	vacancies_free(fs->vacancies);
	scratches_free(fs->scratches);
	guard_free(fs->guard);
	history_free(fs->history);
	free(fs->branches);
	pthread_mutex_destroy(&fs->nodes_lock);
	pthread_mutex_destroy(&fs->versions_lock);
	pthread_mutex_destroy(&fs->requests_lock);
	free(fs);
}

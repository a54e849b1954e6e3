/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs.c - see fs.h: builds the filesystem and takes it apart, in order.
 *
 * From below: accounts (the caller's), rosters, nodes, the notifier. It knows what there is, not
 * what any of it does.
 */
#include "fs/fs.h"

#include "cache/changes/changes.h"
#include "cache/history/guard.h"
#include "cache/history/history.h"
#include "cache/history/history_load.h"
#include "cache/roster/store.h"
#include "fs/branch_dir.h"
#include "fs/control/changes_file.h"
#include "fs/memory/scratch.h"
#include "fs/memory/vacancy.h"
#include "fs/people/email_name.h"
#include "fs/root.h"
#include "fs/tables/table_list.h"
#include "fs/tables/table_sources.h"
#include "fs/tree/branch.h"
#include "fs/tree/commands.h"
#include "fs/tree/dir.h"
#include "fs/tree/handle.h"
#include "fs/tree/inode.h"
#include "fs/tree/notify.h"
#include "fs/tree/path.h"
#include "fs/tree/record_dir.h"
#include "fs/tree/request.h"
#include "fs/tree/view.h"
#include "vendors/base/clock.h"
#include "vendors/base/pool.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Each write that waits has a thread; reads have none. An account has its share of them. */
#define THREADS_MAX 512
#define THREADS_MIN 32 /* for each account, however many there are */

/* How long the shared store is waited for after the time that fs_stop gives to changes. */
#define STORE_MILLISECONDS 300

/* Have the kernel forget what by-email has under KEY: a user of RECORD_DIR got or lost it. */
static void email_changed(struct record_dir *record_dir, const char *key)
{
	char stem[PATH_STEM_MAX + 1];

	if (email_name_stem(key, stem))
		notify_person(record_dir->branch->fs, record_dir->branch, stem);
}

static const struct record_dir_events events = {
    .changed = notify_record,
    .replaced = notify_replaced,
    .distrusted = notify_distrusted,
    .email_changed = email_changed,
};

/* Make the tree that is always there. Return 0 or -ENOMEM. */
static int make_nodes(struct fs *fs)
{
	int error = inode_init(fs, &root_dir);

	for (size_t i = 0; !error && i < fs->branch_count; i++)
		error = branch_dir_make(fs, &fs->branches[i]);
	if (!error)
		error = table_list_init(fs);
	return error ? error : table_sources_add(fs);
}

/* Return how many threads each of COUNT accounts may have. */
static unsigned threads_for(size_t count)
{
	size_t share = THREADS_MAX / (count ? count : 1);

	return share > THREADS_MIN ? (unsigned)share : THREADS_MIN;
}

struct fs *fs_new(const struct fs_options *options, struct account **accounts, size_t count)
{
	struct fs *fs = calloc(1, sizeof(*fs));
	int error = 0;

	if (!fs)
		return NULL;
	fs->options = *options;
	fs->events = &events;
	fs->store = options->store ? options->store : store_local();
	clock_gettime(CLOCK_REALTIME, &fs->started);
	pthread_mutex_init(&fs->nodes_lock, NULL);
	pthread_mutex_init(&fs->versions_lock, NULL);
	pthread_mutex_init(&fs->requests_lock, NULL);
	pthread_mutex_init(&fs->notice_lock, NULL);
	fs->guard = guard_new(options->read_only, options->dry_run, options->status_limit,
			      options->status_window);
	fs->history = history_new(HISTORY_BYTES_MAX);
	fs->pool = pool_new(THREADS_MIN);
	fs->changes = changes_new(options->changes_limit, options->changes_log, fs->pool);
	fs->branches = calloc(count + 1, sizeof(*fs->branches));
	fs->scratches = scratch_table_new(options->scratch_limit);
	fs->vacancies = vacancy_table_new();
	if (!fs->guard || !fs->history || !fs->changes || !fs->pool || !fs->branches ||
	    !fs->scratches || !fs->vacancies)
		goto no_memory;
	if (options->history)
		error = history_load(fs->history, options->history);
	changes_tell(fs->changes, changes_file_wake, fs);
	guard_share(fs->guard, fs->store);
	guard_tell(fs->guard, fs->history, options->audit, &commands_undo_words);
	for (fs->branch_count = 0; !error && fs->branch_count < count; fs->branch_count++)
		error = branch_init(fs, &fs->branches[fs->branch_count], accounts[fs->branch_count],
				    threads_for(count));
	fs->notify = notify_new(fs);
	fs->readme = error ? NULL : root_readme(fs);
	if (error || !fs->notify || !fs->readme || make_nodes(fs))
		goto no_memory;
	return fs;
no_memory:
	fs_free(fs);
	return NULL;
}

int fs_start(struct fs *fs)
{
	int error = notify_start(fs->notify);

	return error ? error : fs->store->ops->start(fs->store);
}

void fs_poll(struct fs *fs)
{
	for (size_t i = 0; i < fs->branch_count; i++) {
		if (fs->branches[i].users)
			record_dir_poll(fs->branches[i].users);
	}
}

/* Wait until POOL has no work, until END (monotonic seconds) at most. */
static void drain(struct pool *pool, double end)
{
	double left = end - clock_seconds();

	pool_drain(pool, left > 0 ? (unsigned)(left * 1000) : 0);
}

void fs_stop(struct fs *fs, unsigned milliseconds)
{
	double end = clock_seconds() + milliseconds / 1000.0;

	fs->store->ops->end_in(fs->store, milliseconds + STORE_MILLISECONDS);

	notify_stop(fs->notify);
	pool_end_delays(fs->pool);
	for (size_t i = 0; i < fs->branch_count; i++)
		pool_end_delays(fs->branches[i].pool);
	request_cancel_all(fs);
	for (size_t i = 0; i < fs->branch_count; i++) {
		struct record_dir *record_dir = record_dir_first(&fs->branches[i]);

		for (; record_dir; record_dir = record_dir->next)
			record_dir_stop(record_dir);
	}
	drain(fs->pool, end);
	for (size_t i = 0; i < fs->branch_count; i++)
		drain(fs->branches[i].pool, end);
}

/* Wait until POOL (or NULL) has no work, which was cancelled. */
static void wait_for(struct pool *pool)
{
	if (!pool)
		return;
	pool_end_delays(pool);
	pool_drain(pool, UINT_MAX);
}

void fs_finish(struct fs *fs)
{
	if (!fs)
		return;
	/* work of one pool may give work to another one, before it ends */
	for (int turn = 0; turn < 2; turn++) {
		for (size_t i = 0; fs->branches && i < fs->branch_count; i++)
			wait_for(fs->branches[i].pool);
		wait_for(fs->pool);
	}
	for (size_t i = 0; fs->branches && i < fs->branch_count; i++) {
		pool_free(fs->branches[i].pool);
		fs->branches[i].pool = NULL;
	}
	pool_free(fs->pool);
	fs->pool = NULL;
	/* nobody fetches or writes any more */
	fs->store->ops->stop(fs->store);
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
		branch_free(&fs->branches[i]);
	inode_exit(fs);
	table_list_free(fs);
	vacancy_table_free(fs->vacancies);
	scratch_table_free(fs->scratches);
	changes_free(fs->changes);
	guard_free(fs->guard);
	history_free(fs->history);
	free(fs->branches);
	free(fs->readme);
	pthread_mutex_destroy(&fs->nodes_lock);
	pthread_mutex_destroy(&fs->versions_lock);
	pthread_mutex_destroy(&fs->requests_lock);
	pthread_mutex_destroy(&fs->notice_lock);
	free(fs->notice);
	free(fs);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * branch.c - see branch.h.
 */
#include "fs/tree/branch.h"

#include "fs/tree/record_dir.h"
#include "vendors/base/pool.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <string.h>
#include <uthash.h>

int branch_init(struct fs *fs, struct branch *branch, struct account *account, unsigned threads)
{
	branch->scope.branch = branch;
	branch->fs = fs;
	branch->account = account;
	pthread_mutex_init(&branch->lock, NULL);
	branch->pool = pool_new(threads);
	if (!branch->pool)
		return -ENOMEM;
	return account->vendor->users ? record_dir_users(branch) : 0;
}

void branch_free(struct branch *branch)
{
	struct record_dir *record_dir;

	HASH_CLEAR(hh, branch->by_path);
	while ((record_dir = branch->record_dirs)) {
		branch->record_dirs = record_dir->next;
		record_dir_free(record_dir);
	}
	pthread_mutex_destroy(&branch->lock);
}

struct branch *branch_find(struct fs *fs, const char *name)
{
	for (size_t i = 0; i < fs->branch_count; i++) {
		if (strcmp(fs->branches[i].account->name, name) == 0)
			return &fs->branches[i];
	}
	return NULL;
}

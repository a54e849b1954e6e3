/* SPDX-License-Identifier: Apache-2.0 */
/*
 * changes_file.c - see changes_file.h.
 *
 * The size of the file is the length of the whole text, which only grows, so that a process that
 * compares sizes sees that there is more (tail -f). The kernel keeps neither its pages nor its
 * attributes. A process that waits for more in poll(2) is woken through the kernel's poll handle,
 * of which an open file has at most one.
 */
#include "fs/control/changes_file.h"

#include "cache/changes/changes.h"
#include "fs/fs.h"
#include "fs/tree/handle.h"
#include "fs/tree/node.h"

#include <poll.h>
#include <stdlib.h>
#include <utlist.h>

extern const struct node_ops changes_file;

static double changes_seconds(struct fs *fs, struct node *node, const struct record *record,
			      double seconds, struct stat *attr)
{
	(void)node;
	(void)record;
	(void)seconds;
	attr->st_size = (off_t)changes_size(fs->changes, &attr->st_mtim);
	attr->st_ctim = attr->st_mtim;
	return 0;
}

static ssize_t read_changes(struct handle *handle, off_t offset, size_t size, char **data)
{
	ssize_t count;

	pthread_mutex_lock(&handle->lock);
	count = changes_read(handle->fs->changes, &handle->reader, (uint64_t)offset, size, data);
	pthread_mutex_unlock(&handle->lock);
	return count;
}

/* Exchange the poll handle that HANDLE has for WAITER. Return the former one, or NULL. */
static struct fuse_pollhandle *swap_waiter(struct handle *handle, struct fuse_pollhandle *waiter)
{
	struct fuse_pollhandle *former;

	pthread_mutex_lock(&handle->lock);
	former = handle->waiter;
	handle->waiter = waiter;
	pthread_mutex_unlock(&handle->lock);
	return former;
}

static void poll_changes(fuse_req_t req, struct handle *handle, struct fuse_pollhandle *waiter)
{
	struct fuse_pollhandle *former = waiter ? swap_waiter(handle, waiter) : NULL;
	bool ready;

	if (former)
		fuse_pollhandle_destroy(former);
	/* after the waiter is known, so that a line that comes now wakes it */
	pthread_mutex_lock(&handle->lock);
	ready = changes_ready(handle->fs->changes, &handle->reader);
	pthread_mutex_unlock(&handle->lock);
	fuse_reply_poll(req, ready ? POLLIN | POLLRDNORM : 0);
}

/* Take the waiter of an open file that has one, and return it, or NULL. */
static struct fuse_pollhandle *take_waiter(struct fs *fs)
{
	struct fuse_pollhandle *waiter = NULL;
	struct handle *handle;

	pthread_mutex_lock(&fs->requests_lock);
	DL_FOREACH(fs->handles, handle) {
		if (handle->node->ops == &changes_file)
			waiter = swap_waiter(handle, NULL);
		if (waiter)
			break;
	}
	pthread_mutex_unlock(&fs->requests_lock);
	return waiter;
}

void changes_file_wake(void *arg)
{
	struct fs *fs = arg;
	struct fuse_pollhandle *waiter;

	while ((waiter = take_waiter(fs))) {
		atomic_fetch_add_explicit(&fs->asked.notifications, 1, memory_order_relaxed);
		fuse_lowlevel_notify_poll(waiter);
		fuse_pollhandle_destroy(waiter);
	}
}

const struct node_ops changes_file = {
    .mode = S_IFREG | 0400,
    .attr_seconds = changes_seconds,
    .read = read_changes,
    .poll = poll_changes,
};

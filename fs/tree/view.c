/* SPDX-License-Identifier: Apache-2.0 */
/*
 * view.c - see view.h.
 *
 * It decides by what is open. What a handle holds is handle.c's business, and which node stands
 * behind a number is inode.c's.
 */
#include "fs/tree/view.h"

#include "cache/record/record.h"
#include "fs/tree/handle.h"
#include "fs/tree/inode.h"
#include "fs/tree/libfuse.h"
#include "fs/tree/node.h"
#include "fs/tree/notify.h"
#include "fs/tree/pages.h"
#include "vendors/base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/* A thread that was told ESTALE comes back within these seconds, or not at all. */
#define MOVED_SECONDS 1
#define ASKED_SECONDS 0.1

/* ---- callers that look a name up again, and get another inode ---- */

/*
 * Return true if MOVED is about NODE's name and THREAD is about to come back. With versions_lock.
 */
static bool concerns_locked(const struct moved *moved, const struct node *node, pid_t thread)
{
	return moved->node && moved->thread == thread && moved->until > clock_seconds() &&
	       strcmp(moved->node->path, node->path) == 0;
}

/* Return why THREAD has just been told ESTALE about NODE's name; MOVED_NOT: it has not been. */
static enum moved_for told_before(struct fs *fs, const struct node *node, pid_t thread)
{
	enum moved_for what = MOVED_NOT;

	if (!atomic_load(&fs->moving))
		return what;
	pthread_mutex_lock(&fs->versions_lock);
	for (size_t i = 0; i < MOVED_MAX; i++) {
		/* it may have asked for attributes first, and then have opened */
		if (concerns_locked(&fs->moved[i], node, thread) && what != MOVED_READS)
			what = fs->moved[i].what;
	}
	pthread_mutex_unlock(&fs->versions_lock);
	return what;
}

/* Drop what is kept for THREAD, which has come back or does something else by now, and for threads
 * that did not come back in time. */
static void forget_told(struct fs *fs, pid_t thread)
{
	struct node *nodes[MOVED_MAX];
	size_t count = 0;
	double now;

	if (!atomic_load(&fs->moving))
		return;
	now = clock_seconds();
	pthread_mutex_lock(&fs->versions_lock);
	for (size_t i = 0; i < MOVED_MAX; i++) {
		struct moved *moved = &fs->moved[i];

		if (!moved->node || (moved->thread != thread && moved->until > now))
			continue;
		nodes[count++] = moved->node;
		moved->node = NULL;
	}
	atomic_fetch_sub(&fs->moving, (unsigned)count);
	pthread_mutex_unlock(&fs->versions_lock);
	for (size_t i = 0; i < count; i++)
		inode_drop(fs, nodes[i]);
}

/* With versions_lock. Return true if a thread other than THREAD keeps NODE from WHAT. */
static bool is_kept_locked(struct fs *fs, const struct node *node, pid_t thread,
			   enum moved_for what)
{
	for (size_t i = 0; i < MOVED_MAX; i++) {
		const struct moved *moved = &fs->moved[i];

		/* a thread that asked for attributes may have done so to open the file, for
		 * whatever */
		if (moved->node == node && moved->thread != thread &&
		    (moved->what != what || what == MOVED_ASKS) && moved->until > clock_seconds())
			return true;
	}
	return false;
}

static bool view_is_kept(struct fs *fs, const struct node *node, pid_t thread, enum moved_for what)
{
	bool kept;

	if (!atomic_load(&fs->moving))
		return false;
	pthread_mutex_lock(&fs->versions_lock);
	kept = is_kept_locked(fs, node, thread, what);
	pthread_mutex_unlock(&fs->versions_lock);
	return kept;
}

/* Return a free entry, or one whose thread did not come back in time, or else the next in turn. */
static struct moved *place_locked(struct fs *fs)
{
	double now = clock_seconds();

	for (size_t i = 0; i < MOVED_MAX; i++) {
		if (!fs->moved[i].node || fs->moved[i].until <= now)
			return &fs->moved[i];
	}
	return &fs->moved[fs->moved_next++ % MOVED_MAX];
}

/* Keep NODE (takes its reference) for THREAD, which comes for WHAT. Return false if another thread
 * or an open file is in the way: then it is not kept, unless ANYWAY. */
static bool view_keep(struct fs *fs, struct node *node, pid_t thread, enum moved_for what,
		      bool anyway)
{
	fuse_ino_t ino = inode_of(fs, node);
	struct node *old = NULL;
	struct moved *moved;
	bool kept;

	pthread_mutex_lock(&fs->versions_lock);
	kept = anyway || (!is_kept_locked(fs, node, thread, what) &&
			  pages_is_free_locked(fs, ino, &node->writers, what != MOVED_READS,
					       what != MOVED_WRITES));
	if (kept) {
		moved = place_locked(fs);
		old = moved->node;
		moved->node = node;
		moved->thread = thread;
		moved->what = what;
		moved->until = clock_seconds() +
			       (what == MOVED_ASKS ? ASKED_SECONDS : MOVED_SECONDS);
		if (!old)
			atomic_fetch_add(&fs->moving, 1);
	}
	pthread_mutex_unlock(&fs->versions_lock);
	if (old)
		inode_drop(fs, old);
	return kept;
}

/* Let the name of NODE lead to another number, by which THREAD comes for WHAT. */
static void view_move(struct fs *fs, struct node *node, pid_t thread, enum moved_for what)
{
	struct node *there;

	inode_renew(fs, node);
	for (int turn = 0; turn < 3; turn++) {
		there = inode_find(fs, node->path);
		if (!there || view_keep(fs, there, thread, what, turn == 2))
			return;
		inode_renew(fs, there);
		inode_drop(fs, there);
	}
}

struct node *view_take(struct fs *fs, fuse_req_t req, struct node *node)
{
	pid_t thread = fuse_req_ctx(req)->pid;
	struct node *kept = NULL;

	if (!atomic_load(&fs->moving))
		return node;
	pthread_mutex_lock(&fs->versions_lock);
	for (size_t i = 0; i < MOVED_MAX; i++) {
		if (concerns_locked(&fs->moved[i], node, thread))
			kept = fs->moved[i].node;
	}
	if (kept == node)
		kept = NULL;
	if (kept)
		inode_hold(fs, kept);
	pthread_mutex_unlock(&fs->versions_lock);
	if (!kept)
		return node;
	inode_drop(fs, node);
	return kept;
}

void view_exit(struct fs *fs)
{
	for (size_t i = 0; i < MOVED_MAX; i++) {
		if (fs->moved[i].node)
			inode_drop(fs, fs->moved[i].node);
		fs->moved[i].node = NULL;
	}
}

/* ---- whose open file ---- */

/* Take a reference to HANDLE. Return false if it is being freed. With requests_lock. */
static bool hold_locked(struct handle *handle)
{
	bool there;

	pthread_mutex_lock(&handle->lock);
	there = handle->references > 0;
	if (there)
		handle->references++;
	pthread_mutex_unlock(&handle->lock);
	return there;
}

/* Which one of several open files. */
enum turn { OLDEST, NEWEST };

/*
 * Return an open file of INO that FITS for THREAD, with one reference, or NULL. An OLDEST one that
 * is being closed does not fit.
 */
static struct handle *find_handle(struct fs *fs, fuse_ino_t ino, pid_t thread,
				  bool (*fits)(const struct handle *handle, pid_t thread),
				  enum turn turn)
{
	struct handle *handle, *found = NULL;

	pthread_mutex_lock(&fs->requests_lock);
	/* the newest is the last */
	DL_FOREACH(fs->handles, handle) {
		if (handle->ino != ino || !fits(handle, thread))
			continue;
		if (turn == OLDEST && !hold_locked(handle))
			continue;
		found = handle;
		if (turn == OLDEST)
			break;
	}
	if (turn == NEWEST && found && !hold_locked(found))
		found = NULL;
	pthread_mutex_unlock(&fs->requests_lock);
	return found;
}

static bool shares_pages(const struct handle *handle, pid_t thread)
{
	(void)thread;
	return handle->shares && node_is_record(handle->node);
}

/* Return an open file that shows the version in the pages of INO, with one reference, or NULL. */
static struct handle *find_reader(struct fs *fs, fuse_ino_t ino)
{
	return find_handle(fs, ino, 0, shares_pages, OLDEST);
}

static bool is_threads(const struct handle *handle, pid_t thread)
{
	return handle->thread == thread;
}

/*
 * Return true if THREAD has something open by INO. Then it gets the attributes of that, although it
 * may ask for the name: the kernel takes the size for that of the pages, which others may have
 * mapped.
 */
static bool has_opened(struct fs *fs, pid_t thread, fuse_ino_t ino)
{
	struct handle *handle = find_handle(fs, ino, thread, is_threads, OLDEST);

	if (handle)
		handle_put(handle);
	return handle;
}

static bool reads_past_pages(const struct handle *handle, pid_t thread)
{
	return handle->thread == thread && !handle->shares && !handle->writable && handle->record;
}

/* Return what THREAD reads by INO past the pages, with one reference, or NULL. */
static struct handle *view_find_own(struct fs *fs, pid_t thread, fuse_ino_t ino)
{
	return find_handle(fs, ino, thread, reads_past_pages, OLDEST);
}

static bool is_writer(const struct handle *handle, pid_t thread)
{
	return handle->thread == thread && handle->writable;
}

/* ---- open ---- */

void view_opened(struct handle *handle, fuse_req_t req, fuse_ino_t ino)
{
	pthread_mutex_lock(&handle->fs->requests_lock);
	handle->ino = ino;
	handle->thread = fuse_req_ctx(req)->pid;
	pthread_mutex_unlock(&handle->fs->requests_lock);
}

/*
 * Give the kernel all pages of HANDLE's file, of which it has none yet. That saves the read, and
 * the GETATTR after it, because a read makes the kernel take a file's times for old. Another
 * process that opens the file before this open is answered reads past its pages. If it maps them,
 * the thread that answered its open is free to unlock them. Return false if the kernel does not
 * take them.
 */
static bool give_pages(struct handle *handle)
{
	char *text;
	ssize_t length = handle_read(handle, 0, SIZE_MAX, &text);
	bool given = length > 0 && notify_text(handle->fs, handle->ino, text, (size_t)length) == 0;

	if (given)
		pages_dropped(handle->fs, handle->ino, &handle->drops);
	free(text);
	return given;
}

/*
 * Decide how the kernel may read HANDLE, which shows VERSION. Its pages belong to the inode, not to
 * the open file: they are used if they hold this version, and dropped if no process reads another
 * version through them. Return false if it can't be read by this inode.
 */
static bool choose_pages(struct handle *handle, uint64_t version, struct fuse_file_info *fi)
{
	enum pages_state pages = pages_open(handle->fs, handle->ino, version,
					    &handle->node->writers);

	handle->shares = pages != PAGES_OTHER;
	handle->paged = handle->shares && pages != PAGES_PAST;
	handle->drops = handle->paged && pages != PAGES_KEEP;
	if (pages == PAGES_NONE && give_pages(handle))
		pages = PAGES_KEEP;
	fi->direct_io = !handle->paged;
	fi->keep_cache = pages == PAGES_KEEP;
	return pages != PAGES_OTHER;
}

/* HANDLE comes by this inode again, and others read another version through its pages. They opened
 * that version after HANDLE's open began, so it was the newest then: HANDLE shows it too. */
static void join_readers(struct handle *handle, struct fuse_file_info *fi)
{
	struct handle *reader = find_reader(handle->fs, handle->ino);

	if (!reader)
		return;
	handle_show(handle, record_get(reader->record));
	choose_pages(handle, reader->record->version, fi);
	handle_put(reader);
}

/* Open a record's file for reading. BEFORE: why it was told ESTALE before. Return false if it can't
 * be read by this inode. */
static bool view_read_record(struct handle *handle, enum moved_for before,
			     struct fuse_file_info *fi)
{
	if (!before && view_is_kept(handle->fs, handle->node, handle->thread, MOVED_READS))
		return false;
	if (choose_pages(handle, handle->record->version, fi))
		return true;
	if (before == MOVED_READS)
		join_readers(handle, fi);
	return before;
}

/* Count HANDLE as a writer of its number; handle_put ends that. Return false, and do not count it,
 * if a process reads the number through its pages, unless ANYWAY. */
static bool begin_write(struct handle *handle, bool anyway)
{
	handle->writes = pages_open_writer(handle->fs, handle->ino, &handle->node->writers, anyway);
	return handle->writes;
}

bool view_open(struct handle *handle, fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	enum moved_for what = handle->writable ? MOVED_WRITES : MOVED_READS;
	struct node *node = handle->node;
	struct fs *fs = handle->fs;
	pid_t thread = fuse_req_ctx(req)->pid;
	enum moved_for before;
	bool fits;

	view_opened(handle, req, ino);
	libfuse_omit_flush(fi, !handle->writable);
	fi->direct_io = 1;
	if (!handle->record) {
		if (!handle->writable && node_constant(fs, node))
			choose_pages(handle, 1, fi);
		return true;
	}
	/* the kernel comes back only once: then it must do as it is */
	before = told_before(fs, node, thread);
	forget_told(fs, thread);
	handle->again = before != MOVED_NOT;
	if (handle->writable)
		fits = (before || !view_is_kept(fs, node, thread, MOVED_WRITES)) &&
		       begin_write(handle, before);
	else
		fits = view_read_record(handle, before, fi);
	if (!fits)
		view_move(fs, node, thread, what);
	return fits;
}

bool view_create(struct handle *handle, fuse_req_t req, bool anyway)
{
	struct node *node = handle->node;

	view_opened(handle, req, inode_of(handle->fs, node));
	if (!node_is_record(node) || begin_write(handle, anyway))
		return true;
	inode_renew(handle->fs, node);
	return false;
}

void view_close(struct handle *handle)
{
	if (!handle->shares)
		return;
	pages_dropped(handle->fs, handle->ino, &handle->drops);
	pages_close(handle->fs, handle->ino);
}

struct record *view_pages(const struct handle *handle)
{
	return handle->shares ? handle->record : NULL;
}

void view_written(struct handle *handle, fuse_ino_t ino)
{
	atomic_store(&handle->used, true);
	if (node_is_record(handle->node))
		pages_resized(handle->fs, ino);
}

struct handle *view_truncated(struct fs *fs, fuse_req_t req, fuse_ino_t ino)
{
	struct handle *handle = find_handle(fs, ino, fuse_req_ctx(req)->pid, is_writer, NEWEST);

	if (!handle || !atomic_exchange(&handle->used, true))
		return handle;
	handle_put(handle);
	return NULL;
}

/* ---- attributes ---- */

int view_attr(struct fs *fs, fuse_req_t req, fuse_ino_t ino, struct node *node,
	      const struct record *record, struct handle **shown)
{
	enum pages_readers readers = pages_readers(fs, ino, node, record ? record->version : 0);
	pid_t thread = fuse_req_ctx(req)->pid;

	*shown = NULL;
	if (readers == PAGES_READERS_NONE) {
		/*
		 * no pages in use can be cut off: the thread gets the size of what it reads itself
		 */
		if (record)
			*shown = view_find_own(fs, thread, ino);
		return 0;
	}
	/* the kernel comes back only once */
	if (readers == PAGES_READERS_NAMELESS || told_before(fs, node, thread) ||
	    has_opened(fs, thread, ino)) {
		*shown = find_reader(fs, ino);
		return 0;
	}
	view_move(fs, node, thread, MOVED_ASKS);
	return -ESTALE;
}

void view_keep_size(struct fs *fs, fuse_ino_t ino, struct stat *attr)
{
	struct handle *reader = pages_has_readers(fs, ino) ? find_reader(fs, ino) : NULL;
	struct stat shown;

	if (!reader)
		return;
	node_attr(fs, reader->node, reader->record, &shown);
	attr->st_size = shown.st_size;
	handle_put(reader);
}

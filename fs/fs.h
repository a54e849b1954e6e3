/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs.h - the filesystem as a whole: what all files under fs/ share.
 *
 *   ops.c          the FUSE table: attributes and links
 *   lookup.c       which node stands at a name
 *   create_remove.c        names that are made, removed, renamed
 *   entry.c        what the kernel is told of a node, and for how long
 *   dir.c          open directories, and what the kernel keeps of them
 *   listing.c      read them
 *   open.c         open files: what they show
 *   overlay.c         how the kernel may read a record while others write, or read another version
 *   file.c         read, write, flush: from a FUSE request to a handle, and on to the vendor
 *   handle.c       one open file: what was written so far, and when it is complete
 *   node.c         what stands at a path
 *   inode.c        what stands behind each number that the kernel holds
 *   pages.c        what the kernel's pages of it hold
 *   record_dir.c        one directory's worth of records and its roster
 *   scratch.c      files in memory that no vendor has; scratch_text.c: what stands in them
 *   vacancy.c      names that seem free to whoever renamed their record away
 *   rename.c       renames: a save, or nothing; backup.c: a backup
 *   draft.c        new/: what is to become a record
 *   email_dir.c     by-email: what the kernel is answered
 *   email_index.c       who has which email; email_spelling.c: who is listed, and who is apart
 *   email_links.c       the links in by-email
 *   similar.c      in a person's directory: whose emails are easily taken for theirs
 *   unread.c       files there in place of links, while a vendor can't be read
 *   query_file.c  a file that is asked and answers
 *   request.c      a FUSE request that waits for a vendor: parked, interruptible
 *   notify.c       telling the kernel what it must forget
 *   control.c      .rosterfs
 *   history_dir.c         .rosterfs/history
 *   path.c         names and ids
 */
#ifndef ROSTERFS_FS_H
#define ROSTERFS_FS_H

#include "vendors/base/table.h"
#include "fs/asked.h"

#include <fuse_lowlevel.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct account;
struct audit;
struct fs;
struct dir;
struct guard;
struct handle;
struct history;
struct node;
struct notify;
struct pool;
struct request;
struct scratches;
struct record_dir;
struct record_dir_events;
struct swapped;
struct vacancies;

/* Who was told ESTALE, to come by another number, and has not come yet; overlay.c. */
enum moved_for { MOVED_NOT, MOVED_READS, MOVED_WRITES, MOVED_ASKS };
struct moved {
	struct node *node; /* held; its number is that one; NULL: nobody */
	pid_t thread;
	enum moved_for what;
	double until; /* seconds of the one clock */
};
#define MOVED_MAX 64

/* Which part of an account something belongs to. */
struct scope {
	struct branch *branch;         /* NULL: none, it is outside of accounts' directories */
	struct record_dir *record_dir; /* NULL: it is in none */
};

/* One account's directory. */
struct branch {
	struct scope scope; /* this branch, and no record directory */
	struct fs *fs;
	struct account *account;
	struct record_dir *users;       /* NULL: no API, read-only */
	struct node *node;              /* its directory */
	pthread_mutex_t lock;           /* of what follows */
	struct record_dir *record_dirs; /* all of them, the users too; by next */
	struct record_dir *by_path;     /* uthash: those that are not the users */
};

struct fs_options {
	uid_t uid;
	gid_t gid;
	mode_t umask;     /* bits that files and directories do not get */
	bool umask_given; /* by the user: MANUAL and a hand-kept directory do not get them either */
	bool read_only, dry_run;
	unsigned status_limit, status_window;
	size_t scratch_limit; /* bytes that files which no vendor has may hold */
	struct audit *audit;  /* borrowed; NULL: there is none */
};

struct fs {
	struct fs_options options;
	struct fuse_session *session;
	struct guard *guard;
	struct history *history; /* what vendors have accepted */
	struct pool *pool;
	struct notify *notify;
	const struct record_dir_events *events; /* what happens to records; record_dir.h */
	struct branch *branches;
	size_t branch_count;
	struct table nodes;      /* by path; under nodes_lock */
	struct table persons;    /* those of by-email's people once more, the same */
	struct table nameless;   /* another node stands at their path; under nodes_lock */
	struct swapped *swapped; /* utlist: held after a rename; under nodes_lock */
	struct node *root;
	pthread_mutex_t nodes_lock;
	pthread_mutex_t versions_lock; /* of each node's versions; a leaf */
	struct moved moved[MOVED_MAX]; /* in turn; under versions_lock */
	size_t moved_next;
	atomic_uint moving;       /* how many there are */
	struct request *requests; /* utlist: parked ones; under requests_lock */
	struct handle *handles;   /* utlist: open files; under requests_lock */
	struct dir *dirs;         /* utlist: open directories; under requests_lock */
	pthread_mutex_t requests_lock;
	struct scratches *scratches; /* files that no vendor has */
	struct vacancies *vacancies; /* names whose record somebody has renamed away */
	struct timespec started;
	struct asked asked;         /* what the kernel asked for */
	void (*greeted)(void *arg); /* called in INIT, before libfuse has accepted it */
	void *greeted_arg;
};

/*
 * A filesystem of ACCOUNTS (borrowed, COUNT of them), all of them with their queues in http.c.
 * NULL: no memory. The session is set by the caller, before its loop starts.
 */
struct fs *fs_new(const struct fs_options *options, struct account **accounts, size_t count);

/* Start the threads that a filesystem needs. After the fork into the background. 0 or a negative
 * errno. */
int fs_start(struct fs *fs);

/*
 * The loop has ended: cancel what waits, and give changes that are under way MILLISECONDS to be
 * settled. Once. What is left ends with http_stop.
 */
void fs_stop(struct fs *fs, unsigned milliseconds);

/* After fs_stop and http_stop: wait for the last threads. Nothing answers the kernel any more. */
void fs_finish(struct fs *fs);

/* Free everything. NULL is fine. */
void fs_free(struct fs *fs);

/* The filesystem that REQ is about. */
static inline struct fs *fs_of(fuse_req_t req)
{
	return fuse_req_userdata(req);
}

/* The same for the function that takes REQ up first: it counts as one for OPERATION. */
static inline struct fs *fs_asked(fuse_req_t req, enum operation operation)
{
	struct fs *fs = fs_of(req);

	asked_count(&fs->asked, operation);
	return fs;
}

#endif

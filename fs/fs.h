/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs.h - the filesystem as a whole: what all files below fs/ share.
 *
 * From the top:
 *
 *   ops        the FUSE table; create, remove, rename, listing and file have its operations
 *   root       README, by-email, tables, .rosterfs, and a directory for each account (branch_dir)
 *   records/   the kinds of nodes that show vendors' records: files, folders, links
 *   people/    by-email: who has which email
 *   tables/    tables: all records of a vendor as one file
 *   control/   .rosterfs, and query files
 *   memory/    files that no vendor has: editors' files, backups, drafts
 *   tree/      what all kinds of nodes share: nodes and their operations (node, inode, path),
 * records (record_dir, node_record), open files and directories (handle, open, save, dir, filler),
 * parked requests (request), and what the kernel caches (entry, pages, view, notify)
 *
 * Each folder may include those below it, and records/ also memory/. An operation of the kernel is
 * handed to the kind of its node by a table (node.h), so that nothing includes upwards.
 */
#ifndef ROSTERFS_FS_H
#define ROSTERFS_FS_H

#include "cache/tables/table_text.h"
#include "fs/asked.h"
#include "vendors/base/table.h"

#include <fuse_lowlevel.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct account;
struct audit;
struct change_marks;
struct changes;
struct fs;
struct dir;
struct guard;
struct handle;
struct history;
struct history_store;
struct node;
struct notify;
struct pool;
struct request;
struct scratches;
struct record_dir;
struct record_dir_events;
struct store;
struct swapped;
struct table_list;
struct vacancies;

/* view.c: a thread that was told ESTALE, so that it comes by another number, and has not come yet.
 */
enum moved_for { MOVED_NOT, MOVED_READS, MOVED_WRITES, MOVED_ASKS };
struct moved {
	struct node *node; /* a reference; its number is the other one; NULL: no thread */
	pid_t thread;
	enum moved_for what;
	double until; /* clock_seconds() */
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
	struct record_dir *users; /* NULL: no API, read-only */
	struct node *node;        /* its directory */
	struct pool *pool; /* for what waits for this vendor: no other one's requests wait for it */
	pthread_mutex_t lock;           /* of what follows */
	struct record_dir *record_dirs; /* all of them, the users too; by next */
	struct record_dir *by_path;     /* uthash: those that are not the users */
};

struct fs_options {
	uid_t uid;
	gid_t gid;
	mode_t umask;     /* permissions that files and directories lose */
	bool umask_given; /* by the user: MANUAL and directories kept by hand lose them too */
	bool read_only, dry_run;
	unsigned status_limit, status_window;
	size_t scratch_limit; /* bytes that files in memory may hold */
	struct table_style csv;
	mode_t log_umask;                   /* permissions that the log and the status lose */
	struct audit *audit;                /* borrowed; NULL: none */
	struct history_store *history;      /* borrowed; NULL: none */
	size_t changes_limit;               /* lines */
	struct audit *changes_log;          /* borrowed; NULL: none */
	const struct change_marks *domains; /* borrowed; NULL: none */
	struct store *store;                /* borrowed; NULL: this mount is alone */
};

/*
 * Order of the locks below fs/: each is taken before those to its right, if more than one is held.
 *
 *   versions_lock, nodes_lock, that of the table of files in memory, a file's in memory
 *   requests_lock, a handle's, the log's
 *
 * All others (a branch's, a request's, the notifier's, the vacancies') are taken alone. No lock is
 * held while the kernel is answered or notified, a roster is asked, or the network is used.
 */
struct fs {
	struct fs_options options;
	struct fuse_session *session;
	struct guard *guard;
	struct history *history; /* the changes that vendors have accepted */
	struct changes *changes; /* of users, by whomever */
	struct store *store;     /* what other mounts share; outlives the rosters */
	struct pool *pool;       /* for what belongs to no account */
	struct notify *notify;
	const struct record_dir_events *events; /* what happens to records; record_dir.h */
	struct branch *branches;
	size_t branch_count;
	char *readme;            /* the text of README */
	struct table nodes;      /* by path; under nodes_lock */
	struct table persons;    /* those of is_person once more, the same */
	struct table nameless;   /* another node stands at their path; under nodes_lock */
	struct swapped *swapped; /* utlist: held after a rename; under nodes_lock */
	struct node *root;
	pthread_mutex_t nodes_lock;
	pthread_mutex_t versions_lock; /* of each node's versions */
	struct moved moved[MOVED_MAX]; /* in turn; under versions_lock */
	size_t moved_next;
	atomic_uint moving;       /* how many of these there are */
	struct request *requests; /* utlist: parked ones; under requests_lock */
	struct handle *handles;   /* utlist: open files; under requests_lock */
	struct dir *dirs;         /* utlist: open directories; under requests_lock */
	pthread_mutex_t requests_lock;
	struct scratches *scratches; /* files that no vendor has */
	struct vacancies *vacancies; /* names of records that a process has renamed away */
	struct table_list *tables;
	char *notice; /* for .rosterfs/status (notice.h), or NULL; under notice_lock */
	pthread_mutex_t notice_lock;
	struct timespec started;
	struct asked asked;         /* counts of the kernel's requests */
	void (*greeted)(void *arg); /* called in INIT, before libfuse has accepted it */
	void *greeted_arg;
	/* Called by a thread of the pool when a vendor's list of users was fetched, or could not
	 * be. Set before threads start; NULL: nobody wants to know. */
	void (*fetched)(void *arg);
	void *fetched_arg;
};

/*
 * Return a filesystem of ACCOUNTS (borrowed, COUNT of them), whose queues http.c has, or NULL: no
 * memory. The caller sets the session before its loop starts.
 */
struct fs *fs_new(const struct fs_options *options, struct account **accounts, size_t count);

/* Start the threads that a filesystem needs, after the fork into the background. Return 0 or a
 * negative errno. */
int fs_start(struct fs *fs);

/* Begin to poll vendors, when the kernel may be told of what has changed: INIT is answered. Once.
 */
void fs_poll(struct fs *fs);

/*
 * After the loop has ended: cancel what waits, and give changes that are under way MILLISECONDS to
 * end. Called once. What is left ends with http_stop. The store is waited for 0.3 s longer at most,
 * here and in fs_finish.
 */
void fs_stop(struct fs *fs, unsigned milliseconds);

/* Wait for the last threads, after fs_stop and http_stop, and stop the store. Then nothing answers
 * the kernel. Idempotent. */
void fs_finish(struct fs *fs);

/* Free everything. NULL is fine. */
void fs_free(struct fs *fs);

/* Return the filesystem that REQ is about. */
static inline struct fs *fs_of(fuse_req_t req)
{
	return fuse_req_userdata(req);
}

/* As fs_of, for the function that takes REQ first: also count it for OPERATION. */
static inline struct fs *fs_asked(fuse_req_t req, enum operation operation)
{
	struct fs *fs = fs_of(req);

	asked_count(&fs->asked, operation);
	return fs;
}

#endif

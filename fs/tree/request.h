/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request.h - a FUSE request that waits for a vendor: parked, not holding a thread of the session.
 *
 * It either asks a roster (no thread waits at all) or has work done on the pool. Whoever comes
 * first answers the kernel: the end of the wait, or an interrupt, which answers EINTR at once; work
 * that has begun goes on without its asker then and ends by itself.
 */
#ifndef ROSTERFS_REQUEST_H
#define ROSTERFS_REQUEST_H

#include "cache/roster/wait.h"
#include "fs/fs.h"
#include "vendors/base/call.h"

struct handle;
struct path_name;
struct request;

/* One of several that a request asks at once. */
struct question {
	struct request *request;
	struct roster *roster;
	struct call call; /* the same asker, and why this one failed */
	struct wait wait;
};

struct request {
	struct fs *fs;
	fuse_req_t req;
	struct call call;
	struct node *node;     /* held */
	fuse_ino_t ino;        /* of an open: by which number the kernel asked */
	struct handle *handle; /* of whoever parks it, with its own rules */
	struct fuse_file_info fi;
	size_t size;   /* of a write */
	unsigned turn; /* of a handle's commit: handle.h */
	char *text;    /* what a commit sends; wiped and freed */
	size_t length;
	char *from;            /* of a rename: the path of the file in memory; freed */
	struct roster *roster; /* that was asked */
	struct wait wait;
	struct question *questions; /* of request_ask_all, in its order */
	size_t question_count;
	int (*work)(struct request *request);
	/*
	 * The wait or the work is over: ERROR. Called once, on any thread. It may answer the kernel
	 * only if request_claim says so, and must then do so with fuse_reply_*. It does not free
	 * the request.
	 */
	void (*finish)(struct request *request, int error);

	/* request.c's own */
	pthread_mutex_t lock;
	bool claimed;
	bool listed;
	unsigned references;
	size_t open; /* questions that are not answered yet */
	struct request *next, *prev;
};

/* A request about NODE (held by it), asked by REQ's caller. NULL: no memory. */
struct request *request_new(struct fs *fs, fuse_req_t req, struct node *node);

/* A request about NAME in DIRECTORY, with the id that NAME stands for as its text. NULL: no memory.
 */
struct request *request_about_name(fuse_req_t req, struct node *directory,
				   const struct path_name *name);

/* Ask ROSTER for KIND (and ID). FINISH is called with wait's error; the request is then gone. */
void request_ask(struct request *request, struct roster *roster, enum wait_kind kind,
		 const char *id, void (*finish)(struct request *request, int error));

/*
 * From a finish: what came is not the whole answer, ask another question. The kernel still waits,
 * and FINISH of request_ask is called again.
 */
void request_again(struct request *request, struct roster *roster, enum wait_kind kind,
		   const char *id);

/*
 * Ask all of ROSTERS (COUNT of them) at once, each as request_ask. ASKED is what to ask for: kind,
 * id and brief. FINISH is called when each has answered, with the error of the first
 * that failed: its words then name the account, as those in the questions of the others do, which
 * are in the log.
 */
void request_ask_all(struct request *request, struct roster **rosters, size_t count,
		     const struct wait *asked, void (*finish)(struct request *request, int error));

/* Have WORK done on the pool, then FINISH called with what it returned; the request is then gone.
 */
void request_work(struct request *request, int (*work)(struct request *request),
		  void (*finish)(struct request *request, int error));

/* The same for a request that has been answered: nobody waits, nothing interrupts it. */
void request_work_alone(struct request *request, int (*work)(struct request *request),
			void (*finish)(struct request *request, int error));

/* Free a request that was neither asked nor put to work. */
void request_free(struct request *request);

/* May the kernel still be answered? True once at most: then the caller must answer. */
bool request_claim(struct request *request);

/*
 * Answer ERROR (negative) if the kernel still waits, with its line in the log. What goes by a name
 * (rename, unlink, symlink, open, stat...) answers EBUSY for ESTALE: upon that the kernel would do
 * it all once more, and the vendor would be asked twice.
 */
void request_fail(struct request *request, int error);

/* One line in the log about what a request has done at once. */
void request_note(fuse_req_t req, const char *path, const char *words);

/* One line in the log about a request that is refused at once. Returns ERROR. */
int request_refuse(fuse_req_t req, const char *path, int error, const char *words);

/* The same, with CALL, which the caller destroys. */
void request_begin_refusal(struct call *call, fuse_req_t req, const char *path, int error,
			   const char *words);

/* Answer REQ, which would change NAME in DIRECTORY, with ERROR: or EROFS, where all is kept by
 * hand.
 */
void request_refuse_name(fuse_req_t req, const struct node *directory, const char *name, int error,
			 const char *words);

/* Cancel all: the mount is ending. */
void request_cancel_all(struct fs *fs);

#endif

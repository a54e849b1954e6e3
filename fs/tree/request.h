/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request.h - a FUSE request that waits for a vendor: parked, without holding a thread of the
 * session.
 *
 * It asks a roster (no thread waits at all), or has work done on the pool. The kernel is answered
 * once: by the end of the wait, or by an interrupt, which answers EINTR at once. Work that has
 * begun then goes on without its caller and ends by itself.
 */
#ifndef ROSTERFS_REQUEST_H
#define ROSTERFS_REQUEST_H

#include "cache/roster/wait.h"
#include "fs/fs.h"
#include "vendors/base/call.h"

struct handle;
struct path_name;
struct request;

/* One of several rosters that a request asks at once. */
struct question {
	struct request *request;
	struct roster *roster;
	struct call call; /* with the same caller, and why this one failed */
	struct wait wait;
};

struct request {
	struct fs *fs;
	fuse_req_t req;
	struct call call;
	struct node *node;     /* a reference */
	fuse_ino_t ino;        /* of an open or a getattr: the number by which the kernel asked */
	struct handle *handle; /* of the owner, which takes and releases its reference */
	struct fuse_file_info fi;
	size_t size;   /* bytes of a write */
	unsigned turn; /* of a handle's commit (handle.h) */
	char *text;    /* what a commit sends; wiped and freed */
	size_t length;
	char *from;            /* of a rename: the path of the file in memory; freed */
	struct roster *roster; /* the one that was asked */
	struct wait wait;
	struct question *questions; /* of request_ask_all, in its order */
	size_t question_count;
	int (*work)(struct request *request);
	/*
	 * Called once, on any thread, when the wait or the work has ended with ERROR. It may answer
	 * the kernel only if request_claim returns true, and must then do so with fuse_reply_*. It
	 * does not free the request.
	 */
	void (*finish)(struct request *request, int error);

	/* private to request.c */
	pthread_mutex_t lock;
	bool claimed;
	bool listed;
	unsigned references;
	size_t open; /* questions that are not answered yet */
	struct request *next, *prev;
};

/* Return a request about NODE, asked by REQ's caller, or NULL: no memory. */
struct request *request_new(struct fs *fs, fuse_req_t req, struct node *node);

/* Return a request about NAME in DIRECTORY, with the id that NAME stands for as its text, or NULL:
 * no memory. */
struct request *request_about_name(fuse_req_t req, struct node *directory,
				   const struct path_name *name);

/* Ask ROSTER for KIND (and ID). FINISH is called with the wait's error; then the request is freed.
 */
void request_ask(struct request *request, struct roster *roster, enum wait_kind kind,
		 const char *id, void (*finish)(struct request *request, int error));

/* Ask another question, from a finish: what came is not the whole answer. The kernel still waits,
 * and the finish of request_ask is called again. */
void request_again(struct request *request, struct roster *roster, enum wait_kind kind,
		   const char *id);

/*
 * Ask all of ROSTERS (COUNT of them) at once, each as request_ask. ASKED: what to ask for (kind, id
 * and brief). FINISH is called when each has answered, with the error of the first that failed.
 * The message of that error then names the account, as do those in the questions of the others,
 * which are logged.
 */
void request_ask_all(struct request *request, struct roster **rosters, size_t count,
		     const struct wait *asked, void (*finish)(struct request *request, int error));

/* Do WORK on the pool, then call FINISH with what it returned; then the request is freed. */
void request_work(struct request *request, int (*work)(struct request *request),
		  void (*finish)(struct request *request, int error));

/* Do more WORK, from a finish: what came is only what the work begins with. The kernel still waits.
 */
void request_go_on(struct request *request, int (*work)(struct request *request),
		   void (*finish)(struct request *request, int error));

/* As request_work, for a request that has been answered: no process waits, and nothing interrupts
 * it. */
void request_work_alone(struct request *request, int (*work)(struct request *request),
			void (*finish)(struct request *request, int error));

/* Free a request that was neither asked nor put to work. */
void request_free(struct request *request);

/* Return true, at most once, if the kernel may still be answered: then the caller must answer it.
 */
bool request_claim(struct request *request);

/*
 * Log ERROR (negative), and answer it if the kernel still waits. A request by name (rename, unlink,
 * symlink, open, stat...) answers EBUSY for ESTALE: upon ESTALE the kernel would repeat it, and the
 * vendor would be asked twice.
 */
void request_fail(struct request *request, int error);

/* Log WORDS about PATH, which REQ's caller has changed. */
void request_note(fuse_req_t req, const char *path, const char *words);

/* Log that REQ, about PATH, is refused with ERROR. Return ERROR. */
int request_refuse(fuse_req_t req, const char *path, int error, const char *words);

/* As request_refuse, and set CALL to the refusal, which the caller destroys. */
void request_begin_refusal(struct call *call, fuse_req_t req, const char *path, int error,
			   const char *words);

/* Log and answer ERROR to REQ, which would change NAME in DIRECTORY; EROFS if that is read-only, or
 * the account's users are kept by hand. */
void request_refuse_name(fuse_req_t req, const struct node *directory, const char *name, int error,
			 const char *words);

/* Return why everything that would change DIRECTORY fails with EROFS, or NULL: it does not. */
const char *request_read_only(const struct node *directory);

/* Cancel all requests: the mount is ending. */
void request_cancel_all(struct fs *fs);

#endif

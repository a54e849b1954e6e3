/* SPDX-License-Identifier: Apache-2.0 */
/*
 * handle.h - one open file: the version it reads, and what was written to it so far.
 *
 * A handle decides when what was written is complete and is to be committed; it commits nothing
 * itself. Its owner (file.c) takes the text, has it sent and tells the handle how that ended.
 * Nothing here waits. One mutex a handle.
 *
 *   a text (.json) is committed by the write that completes it, when the file was truncated, or is
 *   overwritten as a whole at once, and is written from its start; otherwise by fsync or flush.
 *   a status (.status) is committed by a write that is one of its words. A second one through the
 *   same open file must be written over the first.
 *   what follows a piece that made a text too large is too large too, until the text is begun anew.
 *   a draft is a text; files in memory (scratch.h) need no more than the handle's node.
 *   A write that fails leaves the buffer as it was before.
 */
#ifndef ROSTERFS_HANDLE_H
#define ROSTERFS_HANDLE_H

#include "cache/document/document.h"
#include "fs/fs.h"

#include <stdint.h>

struct call;
struct record;

struct handle {
	pthread_mutex_t lock;
	unsigned references; /* of the open file and of the requests under way; under lock */
	struct fs *fs;
	struct handle *prev, *next; /* in fs->handles */
	struct node *node;          /* held */
	/* by which the kernel opened it (a rename brings it elsewhere), and for which thread; set
	 * under requests_lock */
	fuse_ino_t ino;
	pid_t thread;
	struct record *record; /* the version shown, or NULL for a file that is no record's */
	char *fixed;           /* text of a file that is no record's; owned */
	size_t fixed_length;
	off_t answer_at;  /* query_file.c: where the answer's first reader began */
	bool answer_read; /* there was one */
	bool writable, append;
	atomic_bool used;   /* read, written or truncated since it was opened */
	atomic_bool paged;  /* reads through the kernel's pages of the inode */
	bool drops;         /* the kernel drops old ones first; node.h */
	atomic_bool shares; /* the version that is read through them, maybe past them */
	bool writes;        /* counted in node->writers */
	bool again;         /* opened upon ESTALE */

	char *buffer; /* what the file would hold, once written to; NULL: as the record */
	size_t length, room;
	bool fresh;   /* truncated and written from the start, without a gap: scanner is good */
	bool unsent;  /* the buffer differs from what was committed last */
	bool emptied; /* truncated to nothing since what was committed last */
	struct call *closer; /* who closed it while it was emptied, owned; NULL: nobody */
	int sticky;          /* negative errno of the last commit or write, 0: none */
	size_t refused;      /* bytes of the last write, which a failed commit took back; 0: none */
	unsigned
	    turn; /* the newest commit: an older one that ends late says nothing about this text */
	struct document scanner;
};

static inline struct handle *handle_of(const struct fuse_file_info *fi)
{
	return (struct handle *)(uintptr_t)fi->fh;
}

/* What to do with a write or a flush. Otherwise a negative errno, with words in *WHY (static; NULL:
 * it has had its words). */
enum handle_action { HANDLE_DONE = 0, HANDLE_COMMIT = 1 };

/* A handle on NODE (held by it), with one reference. RECORD's reference becomes the handle's. NULL:
 * no memory. */
struct handle *handle_new(struct fs *fs, struct node *node, struct record *record, int flags);
void handle_hold(struct handle *handle);
void handle_put(struct handle *handle);

/* At the end: free the handles whose release the kernel did not send any more. */
void handle_exit(struct fs *fs);

/* Copy of at most SIZE bytes at OFFSET into *DATA (the caller frees; NULL at the end). Bytes or
 * -ENOMEM. */
ssize_t handle_read(struct handle *handle, off_t offset, size_t size, char **data);

/*
 * Take SIZE bytes at OFFSET. HANDLE_DONE: kept. HANDLE_COMMIT: kept, and complete: commit, then
 * call handle_committed with the same turn and UNDO, the length to go back to if that fails. A
 * negative errno: not kept.
 */
int handle_write(struct handle *handle, const char *data, size_t size, off_t offset,
		 const char **why);

/* With the lock: SIZE bytes more at the end of the buffer. 0 or -ENOMEM. */
int handle_append(struct handle *handle, const char *data, size_t size);

/* ftruncate. HANDLE_DONE or a negative errno. */
int handle_truncate(struct handle *handle, off_t length, const char **why);

/* fsync or flush: HANDLE_DONE, HANDLE_COMMIT, or the sticky or another negative errno. */
int handle_flush(struct handle *handle, const char **why);

/* The text to commit (the caller wipes and frees) and its TURN, NULL: it is not committed. NULL: no
 * memory. */
char *handle_text(struct handle *handle, size_t *length, unsigned *turn);

/* The commit of TURN ended with ERROR (0 or negative). WRITTEN: bytes of the write that it belonged
 * to, 0 for a flush. */
void handle_committed(struct handle *handle, unsigned turn, int error, size_t written);

/*
 * Whoever wrote the text of TURN was interrupted: the close that follows must not send it again,
 * and what handle_committed is told of it later is no news. WRITTEN as there.
 */
void handle_interrupted(struct handle *handle, unsigned turn, size_t written);

/* What is read without a buffer is RECORD from now on (takes its reference; NULL: as before). */
void handle_show(struct handle *handle, struct record *record);

#endif

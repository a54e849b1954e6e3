/* SPDX-License-Identifier: Apache-2.0 */
/*
 * handle.h - one open file: the version it reads, and what was written to it so far.
 *
 * A handle decides when what was written is complete and must be committed; it commits nothing
 * itself. Its owner (save.c) takes the text, sends it, and tells the handle how that ended. Nothing
 * here waits. Each handle has one mutex.
 *
 *   - A text (.json) is committed by the write that completes it, if the file was truncated, or is
 *     overwritten as a whole at once, and is written from its start; otherwise by fsync or flush.
 *   - A status (.status) is committed by a write that is one of its words. A second one through the
 *     same open file must be written over the first.
 *   - What follows a piece that made a text too large is too large too, until the text is begun
 *     again.
 *   - A draft is a text. Other files in memory (scratch.h) need no more than the handle's node.
 *   - A write that fails leaves the buffer as it was before.
 */
#ifndef ROSTERFS_HANDLE_H
#define ROSTERFS_HANDLE_H

#include "cache/changes/changes.h"
#include "cache/document/document.h"
#include "fs/fs.h"

#include <stdint.h>

struct call;
struct record;

struct handle {
	pthread_mutex_t lock;
	unsigned references; /* of the open file and of the requests under way; under lock */
	struct fs *fs;
	struct handle *prev, *next; /* in fs->handles, the newest last */
	struct node *node;          /* a reference */
	/* By which the kernel opened it (a rename brings the number elsewhere), and the thread that
	 * did. Set under requests_lock. */
	fuse_ino_t ino;
	pid_t thread;
	struct record *record; /* the version shown; NULL: it is no record's file */
	char *fixed;           /* the text of a file that is no record's; owned */
	size_t fixed_length;
	off_t answer_at;              /* query_file.c: where the first reader of the answer began */
	bool answer_read;             /* there was one */
	struct changes_reader reader; /* changes_file.c: where it is; under lock */
	struct fuse_pollhandle
	    *waiter; /* changes_file.c: the kernel's, owned; or NULL; under lock */
	bool writable, append;
	atomic_bool used;   /* read, written or truncated since it was opened */
	atomic_bool paged;  /* reads through the kernel's pages of the inode */
	bool drops;         /* the kernel drops old ones first (pages.h) */
	atomic_bool shares; /* shows the version in the pages, though it may read past them */
	bool writes;        /* counted in node->writers */
	bool again;         /* opened after ESTALE */

	char *buffer; /* what the file holds once it was written to; NULL: as the record */
	size_t length, room;
	bool fresh;          /* written from the start without a gap: scanner is valid */
	bool unsent;         /* the buffer differs from what was committed last */
	bool emptied;        /* truncated to nothing since what was committed last */
	struct call *closer; /* the caller that closed it while it was emptied, owned; or NULL */
	int sticky;          /* negative errno of the last commit or write; 0: none */
	size_t refused;      /* bytes of the last write, which a failed commit took back; 0: none */
	/* the newest commit: an older one that ends late says nothing about this text */
	unsigned turn;
	struct document scanner;
};

static inline struct handle *handle_of(const struct fuse_file_info *fi)
{
	return (struct handle *)(uintptr_t)fi->fh;
}

/* What a write or a flush asks for. The functions below return that, or a negative errno with its
 * message in *WHY (static; NULL: it has been logged before). */
enum handle_action {
	HANDLE_DONE = 0,  /* nothing */
	HANDLE_COMMIT = 1 /* commit what is held */
};

/* Return a handle on NODE with one reference, or NULL: no memory. Takes the reference to RECORD on
 * success. FLAGS: of the open. */
struct handle *handle_new(struct fs *fs, struct node *node, struct record *record, int flags);
void handle_hold(struct handle *handle);
void handle_put(struct handle *handle);

/* Free the handles whose release the kernel did not send, at the end. */
void handle_exit(struct fs *fs);

/* Copy at most SIZE bytes at OFFSET to *DATA, which the caller frees; NULL at the end. Return how
 * many, or -ENOMEM. */
ssize_t handle_read(struct handle *handle, off_t offset, size_t size, char **data);

/*
 * Take SIZE bytes at OFFSET. After HANDLE_COMMIT: commit handle_text, then call handle_committed
 * with its turn. After a negative errno the bytes are not kept.
 */
int handle_write(struct handle *handle, const char *data, size_t size, off_t offset,
		 const char **why);

/* Add SIZE bytes at the end of the buffer, with the lock held. Return 0 or -ENOMEM. */
int handle_append(struct handle *handle, const char *data, size_t size);

/* Set the length. Return HANDLE_DONE or a negative errno. */
int handle_truncate(struct handle *handle, off_t length, const char **why);

/* Return what an fsync or flush asks for: a sticky error is returned again. */
int handle_flush(struct handle *handle, const char **why);

/* Return the text to commit, which the caller wipes and frees, its length, and its *TURN (TURN
 * NULL: it is not committed). NULL: no memory. */
char *handle_text(struct handle *handle, size_t *length, unsigned *turn);

/* Note that the commit of TURN ended with ERROR (0 or negative). WRITTEN: bytes of the write that
 * it belonged to, 0 for a flush. */
void handle_committed(struct handle *handle, unsigned turn, int error, size_t written);

/*
 * Note that the caller that wrote the text of TURN was interrupted: the close that follows must not
 * send it again, and a later handle_committed for it changes nothing. WRITTEN as there.
 */
void handle_interrupted(struct handle *handle, unsigned turn, size_t written);

/* Show RECORD (takes its reference; NULL: as before) from now on to reads without a buffer. */
void handle_show(struct handle *handle, struct record *record);

#endif

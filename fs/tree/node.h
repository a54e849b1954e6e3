/* SPDX-License-Identifier: Apache-2.0 */
/*
 * node.h - what stands at a path: a node, and the operations of its kind.
 *
 * A kind of node is a table of operations (struct node_ops) in the file that is about it. A new
 * kind takes that file, and one line in the list of names of the directory that shows it.
 *
 * The kernel holds inodes, not nodes: the address of an inode is the number that the kernel gets.
 * A node and its inode belong together until a rename: the kernel then takes its inode along to
 * the new name, and inode_swap binds the inode to the node that stands there. A node lives as long
 * as the kernel counts a lookup on its inode or a reference to it is held (inode.h). st_ino is a
 * hash of the path, the same in each mount. Nothing here waits.
 */
#ifndef ROSTERFS_NODE_H
#define ROSTERFS_NODE_H

#include "fs/fs.h"

#include <stdatomic.h>
#include <stdint.h>
#include <sys/stat.h>

struct filler;
struct node_fixed;
struct path_name;
struct place;
struct record;

/*
 * The longest path: a section's name has at most 64 bytes (mount/config/keys.c), a record's
 * PATH_NAME_MAX, a file's NAME_MAX, and a place below a record stands three levels deep.
 */
#define NODE_PATH_MAX 640

/* Which umask an inode's permissions lose. */
enum node_umask {
	NODE_UMASK_NONE,
	NODE_UMASK_ALWAYS,
	NODE_UMASK_GIVEN, /* only one that the user has given */
	NODE_UMASK_LOG,   /* log_umask */
	NODE_UMASK_ROOT,  /* as ALWAYS, but the group that may read the log can reach it */
};

/*
 * One kind of node. NULL stands for what most kinds do, as each comment says. Functions that take
 * a fuse_req_t answer it exactly once, or park it (request.h).
 */
struct node_ops {
	mode_t mode; /* type and permissions */
	enum node_umask umask;
	const char *suffix;   /* of a record's name: ".json", ".status", or "" for a directory */
	bool is_record;       /* a record's text or status, which is read version by version */
	bool needs_record;    /* it exists only while its record does: files, folders, links */
	bool shows_status;    /* it shows and takes the status, not the text */
	bool is_person;       /* it exists only while a vendor knows the email in its path */
	bool shows_others;    /* is_person: what it shows depends on other people's emails, too */
	bool is_cached;       /* the kernel may cache what is written to it */
	bool is_renewed;      /* each lookup makes a new node, so that each open has its own */
	bool ignores_size;    /* truncating it succeeds and does nothing */
	bool is_unchangeable; /* modes, owners and times are refused too */
	bool is_read_only;    /* whatever would change it, or what stands in it, fails with EROFS */
	bool lists;           /* a directory that lists the records of its record_dir */
	bool lists_folders;   /* such a directory, in which each record has one */
	bool holds_files;     /* a directory in which files in memory can be made */
	bool holds_drafts;    /* such a directory, in which *.json are posted */

	/* ---- lifetime ---- */

	/* Take a reference to, and release, what the node owns (node->owned). NULL: the node owns
	 * nothing. hold is called with nodes_lock held. */
	void (*hold)(struct fs *fs, void *owned);
	void (*release)(struct fs *fs, void *owned);

	/* ---- attributes ---- */

	/* Set the size, and times that are not the record's or the mount's, in ATTR. RECORD: what
	 * the node shows, or NULL. NULL: no size. */
	void (*attr)(struct fs *fs, struct node *node, const struct record *record,
		     struct stat *attr);
	/*
	 * Return the seconds for which the kernel may cache ATTR, which may be changed; RECORD, or
	 * what a person shows, stays fresh for SECONDS. NULL: ENTRY_FIXED_SECONDS.
	 */
	double (*attr_seconds)(struct fs *fs, struct node *node, const struct record *record,
			       double seconds, struct stat *attr);
	/* As attr_seconds, for the name of the node. */
	double (*name_seconds)(struct fs *fs, const struct node *node, const struct record *record,
			       double seconds);
	/* Change ATTR, which a lookup is about to return for INO. NULL: leave it. */
	void (*adjust)(struct fs *fs, fuse_ino_t ino, struct stat *attr);
	/* Answer a GETATTR by the number INO; may wait. NULL: what is known is all there is. */
	void (*getattr)(fuse_req_t req, fuse_ino_t ino, struct node *node);
	/* Set the size of the open file HANDLE. Return 0, or a negative errno that is logged.
	 * NULL: only sizes that ignores_size ignores. */
	int (*truncate)(fuse_req_t req, struct handle *handle, off_t length);
	/* Set the size of a file that no process has open. NULL: fail with EINVAL. */
	int (*truncate_name)(struct fs *fs, struct node *node, off_t length);

	/* ---- links ---- */

	/* Write the target to TARGET (NODE_PATH_MAX bytes). NULL: it is not known at once. */
	void (*target)(const struct node *node, char *target);
	/* Answer a READLINK; may wait. NULL: the target, or EINVAL. */
	void (*readlink)(fuse_req_t req, struct node *node);

	/* ---- directories ---- */

	/* Store fixed name number INDEX in *FIXED. Return false if there are no more. NULL: none.
	 */
	bool (*fixed)(const struct node *directory, size_t index, struct node_fixed *fixed);
	/* Return a reference to the node of FIXED, or NULL: no memory. NULL: a plain inode_take. */
	struct node *(*take_fixed)(struct fs *fs, const struct node *directory,
				   const struct node_fixed *fixed);
	/* Answer a LOOKUP. NULL: only the fixed names exist. */
	void (*lookup)(fuse_req_t req, struct node *directory, const struct path_name *name);
	/* Answer an OPENDIR; may wait. NULL: there is nothing to get. */
	void (*opendir)(fuse_req_t req, struct node *node, struct fuse_file_info *fi);
	/* Set FILLER's current and seconds, before a reply is filled. NULL: what is told of an
	 * entry is not cached. */
	void (*begin_list)(struct filler *filler);
	/*
	 * Add entry number INDEX, not counting the fixed names, with the offset NEXT. Return 1:
	 * added, or nothing is there any more, 0: the reply is full, -1: there are no more. NULL:
	 * there are none.
	 */
	int (*list)(struct filler *filler, size_t index, off_t next);
	/* Free what the open DIR got (dir->shown). NULL: nothing. */
	void (*closedir)(struct dir *dir);
	/* Answer a SYMLINK for a name that no file in memory can have. NULL: refuse. */
	void (*symlink)(fuse_req_t req, struct node *directory, const struct path_name *name,
			const char *target);
	/* Answer an UNLINK of a name that is no file in memory. NULL: refuse. */
	void (*unlink)(fuse_req_t req, struct node *directory, const struct path_name *name);

	/* ---- files ---- */

	/* Return the text that never changes, borrowed. NULL: it has none. */
	const char *(*constant)(const struct fs *fs, const struct node *node);
	/* Return the text as it is now; the caller frees it. Returning NULL: no memory
	 * (errno), or it is gone. NULL: empty. */
	char *(*text)(struct fs *fs, const struct node *node, size_t *length);
	/* Answer an OPEN by the number INO; may wait. NULL: open_plain, or without a write
	 * operation open_read_only. */
	void (*open)(fuse_req_t req, fuse_ino_t ino, struct node *node, struct fuse_file_info *fi);
	/* Count one more or (-1) one fewer open file. NULL: nothing. */
	void (*count_open)(struct node *node, int count);
	/* As handle_read. NULL: handle_read. */
	ssize_t (*read)(struct handle *handle, off_t offset, size_t size, char **data);
	/* Answer a POLL, and take WAITER (NULL: none waits), by which the kernel is told that there
	 * is more to read. NULL: it can always be read and written. */
	void (*poll)(fuse_req_t req, struct handle *handle, struct fuse_pollhandle *waiter);
	/* Answer a WRITE of SIZE > 0 bytes. NULL: fail with EPERM. */
	void (*write)(fuse_req_t req, struct handle *handle, const char *data, size_t size,
		      off_t offset);
	/* Answer a FLUSH or FSYNC; ALONE: no process waits for the commit. NULL: succeed. */
	void (*flush)(fuse_req_t req, struct handle *handle, bool alone);
	/* Commit REQUEST's text, on a thread of the pool; may wait. Return 0, or a negative errno
	 * with its message in the call. Required if save.c writes and flushes. */
	int (*commit)(struct request *request);
	/* Keep what was written to HANDLE, and DATA behind it, which save.c refuses. NULL: do not.
	 */
	void (*keep)(struct handle *handle, const char *data, size_t size);
	/* Log that what was written was refused with ERROR. Return ERROR. NULL: request_refuse. */
	int (*refuse)(fuse_req_t req, const struct node *node, int error, const char *words);
};

/* What the kernel's number stands for. A rename brings it to another node, with its pages. */
struct inode {
	struct node *_Atomic node; /* NULL: no node's any more; written under nodes_lock */
	uint64_t lookups;          /* that the kernel counts; under nodes_lock */
	/* Under versions_lock: handles that read the version in its pages; whether the kernel drops
	 * old ones; whether the kernel may assume another size than it was told. */
	unsigned page_opens : 30, dropping : 1, resized : 1;
	uint32_t page_version; /* as node.told_version: what the pages hold; under versions_lock */
};

/*
 * One for each name that the kernel has looked up, two for each user: each word counts. The path
 * begins in what would be padding (NODE_SIZE).
 */
struct node {
	const struct node_ops *ops;
	const struct scope *scope; /* of its record directory or branch; else of neither */
	union {
		char *id;    /* of the record; NULL: a cut name whose record is not known yet */
		void *owned; /* a reference, if ops->release is set */
	};
	struct inode *inode; /* its own, or after a rename another's; under nodes_lock */
	struct inode own;
	/*
	 * Under versions_lock: the version (of the record, or of what a directory lists, reduced)
	 * whose attributes the kernel was told last, 0: none yet. RETOLD: it was told others
	 * before, and may use them until it has received the last.
	 */
	uint32_t told_version : 31, retold : 1;
	atomic_uint writers; /* handles open for writing: its attributes are not cached */
	/*
	 * Under nodes_lock: the number of references, excluding the kernel's; another node stands
	 * at its path; only its own inode is still needed; the kernel may know its own inode by
	 * another node's name.
	 */
	unsigned holders : 29, nameless : 1, ended : 1, lasting : 1;
	char path[]; /* below the mount point; the key; the id follows it */
};

#define NODE_SIZE offsetof(struct node, path)

/* A name in a directory that always exists. */
struct node_fixed {
	const char *name;
	const struct node_ops *ops;
	const struct place *place; /* of a directory of records; else NULL */
	bool is_apart;             /* it is not part of the directory's record_dir */
};

/* Return the branch that NODE is in, or NULL: it is outside of accounts' directories. */
static inline struct branch *node_branch(const struct node *node)
{
	return node->scope->branch;
}

/* Return the record directory that NODE is part of, or NULL. */
static inline struct record_dir *node_record_dir(const struct node *node)
{
	return node->scope->record_dir;
}

/* Return true if NODE is a record's text or status. */
static inline bool node_is_record(const struct node *node)
{
	return node->ops->is_record;
}

/* Return true if NODE is an account's own directory. */
static inline bool node_is_account(const struct node *node)
{
	return node_branch(node) && node_branch(node)->node == node;
}

/* Return what NODE owns, borrowed, or NULL. */
static inline void *node_owned(const struct node *node)
{
	return node->ops->release ? node->owned : NULL;
}

/* Return the text of NODE that never changes, or NULL: it has none. */
static inline const char *node_constant(const struct fs *fs, const struct node *node)
{
	return node->ops->constant ? node->ops->constant(fs, node) : NULL;
}

/* Store number INDEX of DIRECTORY's fixed names in *FIXED. Return false if there are no more. */
static inline bool node_fixed(const struct node *directory, size_t index, struct node_fixed *fixed)
{
	return directory->ops->fixed && directory->ops->fixed(directory, index, fixed);
}

/* Find NAME among DIRECTORY's fixed names. Return false if it is none of them. */
bool node_find_fixed(const struct node *directory, const char *name, struct node_fixed *fixed);

/* Store number INDEX of the COUNT rows of LIST in *FIXED: for a directory whose names never differ.
 * Return false if there are no more. */
bool node_list_fixed(const struct node_fixed *list, size_t count, size_t index,
		     struct node_fixed *fixed);

/* Return true if other vendors' directories always have NAME, so that nothing here may have it. */
bool node_is_foreign(const struct node *directory, const char *name);

/* Return the st_ino of NODE, or of NAME in DIRECTORY, whether it has a node or not. */
ino_t node_number(const struct node *node);
ino_t node_number_of(const struct node *directory, const char *name);

/* Return the name of NODE in its directory. */
const char *node_name(const struct node *node);

/* Write the path of NAME in DIRECTORY to PATH (NODE_PATH_MAX bytes). */
void node_path(const struct node *directory, const char *name, char *path);

/* Fill ATTR for NODE. RECORD: what a record's node shows; NULL: a placeholder, whose timeout must
 * be 0. */
void node_attr(struct fs *fs, struct node *node, const struct record *record, struct stat *attr);

/* The attr operation of links whose target is known at once, and of constant texts. */
void node_attr_target(struct fs *fs, struct node *node, const struct record *record,
		      struct stat *attr);
void node_attr_constant(struct fs *fs, struct node *node, const struct record *record,
			struct stat *attr);

#endif

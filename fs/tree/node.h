/* SPDX-License-Identifier: Apache-2.0 */
/*
 * node.h - inodes: what each number that the kernel holds stands for.
 *
 * A node says what stands at a path; what the kernel holds is its inode, whose address is the
 * number that the kernel gets. They belong together until a rename: the kernel then takes its inode
 * along to the new name, and node_swap binds that to the node that stands there. A node lives while
 * the kernel counts a look-up on its inode or somebody holds it. st_ino is a hash of the path, the
 * same in each mount. The table has one mutex, nodes_lock; the versions of all nodes have another
 * one, versions_lock, which is held for a few instructions only. Nothing here waits.
 */
#ifndef ROSTERFS_NODE_H
#define ROSTERFS_NODE_H

#include "fs/fs.h"

#include <stdatomic.h>
#include <stdint.h>

struct record;
struct scratch;

/*
 * A section's name has at most 64 bytes (mount/keys.c), a record's PATH_NAME_MAX, a file's
 * NAME_MAX, and a place below a record stands three deep.
 */
#define NODE_PATH_MAX 640

enum node_kind {
	NODE_ROOT,
	NODE_README,
	NODE_BRANCH,
	NODE_MANUAL,
	NODE_SELF,
	NODE_JSON,
	NODE_STATUS,
	NODE_PLACE,   /* a directory of records: accounts/ */
	NODE_FOLDER,  /* the directory of one: accounts/1/ */
	NODE_LINK,    /* a record that is a link to a user */
	NODE_NEW,     /* new/ */
	NODE_DRAFT,   /* a file in it that is posted when it is complete */
	NODE_MADE,    /* what was made of one: a link to the record */
	NODE_SCRATCH, /* a file that no vendor has */
	NODE_SCRATCH_LINK,
	NODE_TRANSACTION,   /* a file that is asked and answers */
	NODE_PEOPLE,        /* by-email at the root */
	NODE_PERSON,        /* a person's directory there */
	NODE_PERSON_MANUAL, /* a link in that to a branch's MANUAL */
	NODE_SIMILAR,       /* SIMILAR.MANUAL in that */
	NODE_EMAILS,        /* by-email in a branch */
	NODE_PERSON_LINK,   /* a link to a record in either: whose, is looked up each time */
	NODE_PERSON_UNREAD, /* a file in its place while its vendor can't be read */
	NODE_CONTROL,
	NODE_CONTROL_STATUS,
	NODE_CONTROL_LOG,
	NODE_CONTROL_METRICS,
	NODE_CONTROL_REFRESH,
	NODE_CONTROL_SETTINGS,
	NODE_HISTORY,    /* .rosterfs/history/ */
	NODE_WRITE,      /* the directory of one write in it */
	NODE_WRITE_PART, /* a file in that */
};

/* What the kernel's number stands for. A rename brings it to another node, with its pages. */
struct inode {
	struct node *_Atomic node; /* NULL: nobody's any more; written under the table's lock */
	uint64_t lookups;          /* that the kernel counts; under the table's lock */
	/* handles that read the version in its pages; whether the kernel drops old ones; whether it
	 * may think of another size than it was told; under versions_lock */
	unsigned page_opens : 30, dropping : 1, resized : 1;
	uint32_t page_version; /* as node.told_version: what the pages hold; under versions_lock */
};

/* One for each name that the kernel has looked at, two a user: each word counts. */
struct node {
	uint8_t kind;  /* enum node_kind */
	bool nameless; /* another node stands at its path; under the table's lock */
	bool ended;    /* only its own inode is still needed; under the table's lock */
	/* the kernel may know its own inode by another node's name; under the table's lock */
	bool lasting;
	unsigned holders;    /* who holds it, but for the kernel; under the table's lock */
	atomic_uint writers; /* handles open for writing: its attributes are not cached */
	/* whose attributes the kernel was told last: of the record, or of what a directory lists,
	 * shortened; 0: none yet. And whether it was told others before, and may use them until it
	 * has heard the last; under versions_lock */
	uint32_t told_version : 31, retold : 1;
	struct branch *branch; /* NULL outside of an account's directory */
	struct record_dir *record_dir;   /* NULL for what is no part of one */
	union {
		char *id; /* of the record; NULL: a cut name whose record is not known yet */
		struct scratch *scratch; /* a reference; where node_scratch says so */
	};
	struct inode *inode; /* its own, or after a rename another's; under the table's lock */
	struct inode own;
	char path[]; /* below the mount point; the key; and behind it the id */
};

/* The file in memory that NODE stands for, borrowed, or NULL: it is no such file. */
static inline struct scratch *node_scratch(const struct node *node)
{
	switch (node->kind) {
	case NODE_DRAFT:
	case NODE_MADE:
	case NODE_SCRATCH:
	case NODE_SCRATCH_LINK:
		return node->scratch;
	default:
		return NULL;
	}
}

/* Of pages: there are some, but nobody knows what they hold. */
#define NODE_VERSION_UNKNOWN ((uint32_t)INT32_MAX)

/*
 * VERSION in half as many bits, neither 0 nor unknown: tells it from those before it as well,
 * unless one of them is two thousand million changes older.
 */
static inline uint32_t node_version(uint64_t version)
{
	return (uint32_t)(version % (NODE_VERSION_UNKNOWN - 1)) + 1;
}

/* Create root and the fixed nodes. 0 or -ENOMEM. */
int node_init(struct fs *fs);
void node_exit(struct fs *fs);

/* What stands behind the kernel's INO now; good for as long as the kernel's request. */
struct node *node_of(struct fs *fs, fuse_ino_t ino);
fuse_ino_t node_ino(struct fs *fs, struct node *node);

/* A reference to NODE goes to the kernel, as a look-up; and COUNT of them come back. */
fuse_ino_t node_to_kernel(struct fs *fs, struct node *node);
void node_forget(struct fs *fs, fuse_ino_t ino, uint64_t count);

/*
 * The kernel has renamed A's inode to where B stands: each gets the other's inode. Both stay for a
 * while, for requests that are under way.
 */
void node_swap(struct fs *fs, struct node *a, struct node *b);

/*
 * The name of NODE, a record's file, leads to another node from now on, with another number: NODE
 * itself keeps the one that it has, without a name. Without memory, and where that is so already,
 * nothing happens.
 */
void node_renew(struct fs *fs, struct node *node);

/*
 * The kernel keeps pages for each inode, not for each open file: of a file's text, of a directory's
 * names. Somebody opens VERSION, unlike that of any other text or list, by the number INO: they may
 * read through the pages as they are, or once the kernel has dropped them (NONE: it has never had
 * any), or must read past them: they are being dropped (PAST), or others read another version
 * through them, or the kernel may have a wrong size, since there are or were WRITERS (NULL: of a
 * directory) (OTHER). Who reads through them, or a file's past them (PAST), calls node_close_pages
 * in the end. INO is held by the kernel until then.
 */
enum node_pages {
	NODE_PAGES_KEEP,
	NODE_PAGES_NONE,
	NODE_PAGES_DROP,
	NODE_PAGES_PAST,
	NODE_PAGES_OTHER
};
enum node_pages node_open_pages(struct fs *fs, fuse_ino_t ino, uint64_t version,
				atomic_uint *writers);
void node_close_pages(struct fs *fs, fuse_ino_t ino);

/* The kernel may have taken another size for INO's than it was told: nobody reads it through its
 * pages any more. */
void node_resized(struct fs *fs, fuse_ino_t ino);

/* Does anybody read INO through its pages? */
bool node_has_readers(struct fs *fs, fuse_ino_t ino);

/*
 * With versions_lock: is INO, whose WRITERS are counted, free of readers, of writers and what they
 * leave behind, or of both?
 */
bool node_is_free_locked(struct fs *fs, fuse_ino_t ino, const atomic_uint *writers, bool of_readers,
			 bool of_writers);

/*
 * Count one more of INO's WRITERS. False: somebody reads through its pages, and it is not counted,
 * unless ANYWAY.
 */
bool node_open_writer(struct fs *fs, fuse_ino_t ino, atomic_uint *writers, bool anyway);

/*
 * NODE stands behind INO and shows VERSION (0: it is no record's). Who reads through the pages:
 * nobody, or that version; another one; or, since the name leads elsewhere, whatever that was.
 */
enum node_readers { NODE_READERS_NONE, NODE_READERS_OTHER, NODE_READERS_NAMELESS };
enum node_readers node_readers(struct fs *fs, fuse_ino_t ino, struct node *node, uint64_t version);

/* The kernel is being told the attributes of NODE's VERSION. */
void node_tell(struct fs *fs, struct node *node, uint64_t version);

/*
 * NODE has been opened and shows VERSION: may the kernel, which was told another version, still use
 * that one's attributes? Then it must be told that they are old, before the answer.
 */
bool node_was_told(struct fs *fs, struct node *node, uint64_t version);

/* What the pages hold is not known any more: who reads past them has brought some. */
void node_forget_pages(struct fs *fs, fuse_ino_t ino);

/* Do others read another one than VERSION through the pages of NODE? */
bool node_pages_differ(struct fs *fs, struct node *node, uint64_t version);

/*
 * NONE or DROP: the kernel drops them after the answer to the open, on behalf of who opened: until
 * something is heard of that handle again, a read or its end, others read past them. *DROPS: it is
 * that handle; false afterwards.
 */
void node_pages_dropped(struct fs *fs, fuse_ino_t ino, bool *drops);

/* Has NODE's inode been swapped, so that the kernel may remember it by a name for long? */
bool node_is_lasting(struct fs *fs, struct node *node);

/* Its st_ino, and that of NAME in DIRECTORY, whether there is a node of it or not. */
ino_t node_number(const struct node *node);
ino_t node_number_of(const struct node *directory, const char *name);

/* The name of NODE in its directory. */
const char *node_name(const struct node *node);

/* The path of NAME in DIRECTORY into PATH (NODE_PATH_MAX bytes). */
void node_path(const struct node *directory, const char *name, char *path);

/*
 * The node of NAME in DIRECTORY, made if need be, with one reference more. SHELF and ID may be
 * NULL. One of another kind that stands there gives way to it: it lives on without a name. NULL: no
 * memory.
 */
struct node *node_take(struct fs *fs, enum node_kind kind, const struct node *directory,
		       const char *name, struct record_dir *record_dir, const char *id);

/* The same for the scratch file or draft that stands there now, or NULL: there is none. */
struct node *node_take_scratch(struct fs *fs, const struct node *directory, const char *name);

/* Can files be written in DIRECTORY, so that editors' files must have a place there? */
bool node_holds_files(const struct node *directory);

/* The node there is at PATH, with one reference more, or NULL. */
struct node *node_find(struct fs *fs, const char *path);

/* A cut name's record has been found: its id is ID from now on. */
void node_learn(struct fs *fs, struct node *node, const char *id);

void node_hold(struct fs *fs, struct node *node);
void node_drop(struct fs *fs, struct node *node);

/* Is it there only as long as somebody has the email that it is called by? */
bool node_is_person(const struct node *node);

/* A file with a record's text or status. */
bool node_is_record(const struct node *node);

/* Is it there only as long as its record is: also a record's directory, and a link. */
bool node_needs_record(const struct node *node);

bool node_is_link(const struct node *node);

/*
 * Where a link leads, into TARGET (NODE_PATH_MAX bytes); not for `self` and links to people, which
 * rosters know.
 */
void node_target(const struct node *node, char *target);

/* A file of .rosterfs, whose text is another one at each look. */
bool node_is_control(const struct node *node);

/* One of these that takes commands. */
bool node_is_command(const struct node *node);

/* Fill ATTR for NODE; RECORD is what a record's node shows, NULL: a placeholder (its time-out must
 * be 0). */
void node_attr(struct fs *fs, struct node *node, const struct record *record, struct stat *attr);

/* The fixed text that NODE (README, MANUAL) shows, or NULL for another kind. */
const char *node_text(const struct node *node);

/* A name in a directory that is always there. */
struct node_fixed {
	const char *name;
	enum node_kind kind;
	const struct place *place; /* for NODE_PLACE */
};

/* Number INDEX of those of DIRECTORY, in *FIXED. False: there are no more. */
bool node_fixed(const struct node *directory, size_t index, struct node_fixed *fixed);

/* Is NAME one that other vendors' directories always have, so that here nothing may go by it? */
bool node_is_foreign(const struct node *directory, const char *name);

/* The node of FIXED in DIRECTORY, with one reference more. NULL: no memory. */
struct node *node_take_fixed(struct fs *fs, const struct node *directory,
			     const struct node_fixed *fixed);

#endif

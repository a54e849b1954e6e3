/* SPDX-License-Identifier: Apache-2.0 */
/*
 * node.h - inodes: what each number that the kernel holds stands for.
 *
 * A node says what stands at a path; what the kernel holds is its inode, whose address is the
 * number that the kernel gets. They belong together until a rename: the kernel then takes its inode
 * along to the new name, and inode_swap binds that to the node that stands there. A node lives
 * while the kernel counts a look-up on its inode or somebody holds it. st_ino is a hash of the
 * path, the same in each mount. The table has one mutex, nodes_lock; the versions of all nodes have
 * another one, versions_lock, which is held for a few instructions only. Nothing here waits.
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
	struct branch *branch;         /* NULL outside of an account's directory */
	struct record_dir *record_dir; /* NULL for what is no part of one */
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

/* Its st_ino, and that of NAME in DIRECTORY, whether there is a node of it or not. */
ino_t node_number(const struct node *node);
ino_t node_number_of(const struct node *directory, const char *name);

/* The name of NODE in its directory. */
const char *node_name(const struct node *node);

/* The path of NAME in DIRECTORY into PATH (NODE_PATH_MAX bytes). */
void node_path(const struct node *directory, const char *name, char *path);

/* Can files be written in DIRECTORY, so that editors' files must have a place there? */
bool node_holds_files(const struct node *directory);

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

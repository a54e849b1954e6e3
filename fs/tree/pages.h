/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pages.h - what the kernel's pages of an inode hold, and who reads through them.
 *
 * The kernel caches pages for each inode, not for each open file: of a file's text, or of a
 * directory's names. So an inode's pages hold one version, and processes that open another version
 * must read past them. versions_lock protects all of it; nothing here waits.
 */
#ifndef ROSTERFS_PAGES_H
#define ROSTERFS_PAGES_H

#include "fs/tree/node.h"

/* The reduced version of pages that exist, but whose content is not known. */
#define PAGES_UNKNOWN ((uint32_t)INT32_MAX)

/*
 * Reduce VERSION to 31 bits. Never returns 0 or PAGES_UNKNOWN. Two versions collide only if they
 * are about 2 billion changes apart.
 */
static inline uint32_t pages_version(uint64_t version)
{
	return (uint32_t)(version % (PAGES_UNKNOWN - 1)) + 1;
}

/* How an open may read. */
enum pages_state {
	PAGES_KEEP, /* through the pages as they are */
	PAGES_NONE, /* through the pages: the kernel has had none so far */
	PAGES_DROP, /* through the pages once the kernel has dropped them */
	PAGES_PAST, /* past the pages: they are being dropped */
	/* past the pages: others read another version through them, or the kernel may have a wrong
	 * size, because there are or were writers */
	PAGES_OTHER
};

/*
 * Count an open of INO that shows VERSION, a number unlike that of any other text or list. WRITERS:
 * the node's count of writers; NULL for a directory. The caller calls pages_close in the end if it
 * reads through the pages, and for a file also after PAGES_PAST. The kernel holds INO until then.
 */
enum pages_state pages_open(struct fs *fs, fuse_ino_t ino, uint64_t version, atomic_uint *writers);
void pages_close(struct fs *fs, fuse_ino_t ino);

/*
 * After PAGES_NONE or PAGES_DROP: the kernel drops the pages once it has the answer to the open,
 * and others read past them until a read or the release shows that it has. Call it then: *DROPS is
 * true for the handle that was told so, and becomes false.
 */
void pages_dropped(struct fs *fs, fuse_ino_t ino, bool *drops);

/* Note that the kernel may assume another size for INO than it was told: no process reads INO
 * through its pages any more. */
void pages_resized(struct fs *fs, fuse_ino_t ino);

/* Note that it is not known any more what the pages hold: a process that reads past them has
 * brought some. */
void pages_forget(struct fs *fs, fuse_ino_t ino);

/* Return true if any process reads INO through its pages. */
bool pages_has_readers(struct fs *fs, fuse_ino_t ino);

/* Return true if others read another version than VERSION through the pages of INO. */
bool pages_differ(struct fs *fs, fuse_ino_t ino, uint64_t version);

/*
 * Return true if no process reads INO through its pages (if OF_READERS) and no writer, of WRITERS,
 * is there or has left another size behind (if OF_WRITERS). Called with versions_lock held.
 */
bool pages_is_free_locked(struct fs *fs, fuse_ino_t ino, const atomic_uint *writers,
			  bool of_readers, bool of_writers);

/* Count one more of INO's WRITERS, unless a process reads through its pages: then return false, but
 * not if ANYWAY. */
bool pages_open_writer(struct fs *fs, fuse_ino_t ino, atomic_uint *writers, bool anyway);

/* Who reads through the pages of an inode. */
enum pages_readers {
	PAGES_READERS_NONE,    /* no process, or the version in question */
	PAGES_READERS_OTHER,   /* another version */
	PAGES_READERS_NAMELESS /* whatever it was, for the name leads elsewhere now */
};

/* Return that for INO, which NODE stands behind and shows VERSION (0: no record's). */
enum pages_readers pages_readers(struct fs *fs, fuse_ino_t ino, struct node *node,
				 uint64_t version);

/* Note that the kernel is told the attributes of NODE's VERSION. */
void pages_tell(struct fs *fs, struct node *node, uint64_t version);

/*
 * Return true if the kernel may still use the attributes of another version of NODE, which has been
 * opened and shows VERSION: then it must be notified before the answer.
 */
bool pages_was_told(struct fs *fs, struct node *node, uint64_t version);

#endif

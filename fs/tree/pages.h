/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pages.h - what the kernel's pages of an inode hold, and who reads through them.
 */
#ifndef ROSTERFS_PAGES_H
#define ROSTERFS_PAGES_H

#include "fs/tree/node.h"

/* Of pages: there are some, but nobody knows what they hold. */
#define PAGES_UNKNOWN ((uint32_t)INT32_MAX)

/*
 * VERSION in half as many bits, neither 0 nor unknown: tells it from those before it as well,
 * unless one of them is two thousand million changes older.
 */
static inline uint32_t pages_version(uint64_t version)
{
	return (uint32_t)(version % (PAGES_UNKNOWN - 1)) + 1;
}

/*
 * The kernel keeps pages for each inode, not for each open file: of a file's text, of a directory's
 * names. Somebody opens VERSION, unlike that of any other text or list, by the number INO: they may
 * read through the pages as they are, or once the kernel has dropped them (NONE: it has never had
 * any), or must read past them: they are being dropped (PAST), or others read another version
 * through them, or the kernel may have a wrong size, since there are or were WRITERS (NULL: of a
 * directory) (OTHER). Who reads through them, or a file's past them (PAST), calls pages_close
 * in the end. INO is held by the kernel until then.
 */
enum pages_state { PAGES_KEEP, PAGES_NONE, PAGES_DROP, PAGES_PAST, PAGES_OTHER };
enum pages_state pages_open(struct fs *fs, fuse_ino_t ino, uint64_t version, atomic_uint *writers);
void pages_close(struct fs *fs, fuse_ino_t ino);

/* The kernel may have taken another size for INO's than it was told: nobody reads it through its
 * pages any more. */
void pages_resized(struct fs *fs, fuse_ino_t ino);

/* Does anybody read INO through its pages? */
bool pages_has_readers(struct fs *fs, fuse_ino_t ino);

/*
 * With versions_lock: is INO, whose WRITERS are counted, free of readers, of writers and what they
 * leave behind, or of both?
 */
bool pages_is_free_locked(struct fs *fs, fuse_ino_t ino, const atomic_uint *writers,
			  bool of_readers, bool of_writers);

/*
 * Count one more of INO's WRITERS. False: somebody reads through its pages, and it is not counted,
 * unless ANYWAY.
 */
bool pages_open_writer(struct fs *fs, fuse_ino_t ino, atomic_uint *writers, bool anyway);

/*
 * NODE stands behind INO and shows VERSION (0: it is no record's). Who reads through the pages:
 * nobody, or that version; another one; or, since the name leads elsewhere, whatever that was.
 */
enum pages_readers { PAGES_READERS_NONE, PAGES_READERS_OTHER, PAGES_READERS_NAMELESS };
enum pages_readers pages_readers(struct fs *fs, fuse_ino_t ino, struct node *node,
				 uint64_t version);

/* The kernel is being told the attributes of NODE's VERSION. */
void pages_tell(struct fs *fs, struct node *node, uint64_t version);

/*
 * NODE has been opened and shows VERSION: may the kernel, which was told another version, still use
 * that one's attributes? Then it must be told that they are old, before the answer.
 */
bool pages_was_told(struct fs *fs, struct node *node, uint64_t version);

/* What the pages hold is not known any more: who reads past them has brought some. */
void pages_forget(struct fs *fs, fuse_ino_t ino);

/* Do others read another one than VERSION through the pages of INO? */
bool pages_differ(struct fs *fs, fuse_ino_t ino, uint64_t version);

/*
 * NONE or DROP: the kernel drops them after the answer to the open, on behalf of who opened: until
 * something is heard of that handle again, a read or its end, others read past them. *DROPS: it is
 * that handle; false afterwards.
 */
void pages_dropped(struct fs *fs, fuse_ino_t ino, bool *drops);

#endif

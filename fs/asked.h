/* SPDX-License-Identifier: Apache-2.0 */
/*
 * asked.h - counts of the kernel's requests by operation, and of what it was told.
 *
 * One FUSE request costs about ten microseconds, so their number decides how fast a tool is: see
 * metrics in .rosterfs. Counting takes no lock.
 */
#ifndef ROSTERFS_ASKED_H
#define ROSTERFS_ASKED_H

#include <stdatomic.h>

/* All operations, in order, as ASKED_X(constant, its name in metrics). */
#define ASKED_ALL(X)                                                                               \
	X(LOOKUP, lookup)                                                                          \
	X(FORGET, forget)                                                                          \
	X(GETATTR, getattr)                                                                        \
	X(SETATTR, setattr)                                                                        \
	X(READLINK, readlink)                                                                      \
	X(MKNOD, mknod)                                                                            \
	X(MKDIR, mkdir)                                                                            \
	X(UNLINK, unlink)                                                                          \
	X(RMDIR, rmdir)                                                                            \
	X(SYMLINK, symlink)                                                                        \
	X(RENAME, rename)                                                                          \
	X(LINK, link)                                                                              \
	X(CREATE, create)                                                                          \
	X(OPEN, open)                                                                              \
	X(READ, read)                                                                              \
	X(WRITE, write)                                                                            \
	X(FLUSH, flush)                                                                            \
	X(RELEASE, release)                                                                        \
	X(FSYNC, fsync)                                                                            \
	X(OPENDIR, opendir)                                                                        \
	X(READDIR, readdir)                                                                        \
	X(RELEASEDIR, releasedir)                                                                  \
	X(FSYNCDIR, fsyncdir)                                                                      \
	X(STATFS, statfs)                                                                          \
	X(POLL, poll)

#define ASKED_CONSTANT(constant, name) ASKED_##constant,
enum operation { ASKED_ALL(ASKED_CONSTANT) ASKED_COUNT };
#undef ASKED_CONSTANT

struct asked {
	atomic_ullong requests[ASKED_COUNT];
	atomic_ullong notifications; /* times that the kernel was told to forget */
	atomic_ullong texts;         /* texts that the kernel was given without asking */
};

static inline void asked_count(struct asked *asked, enum operation operation)
{
	atomic_fetch_add_explicit(&asked->requests[operation], 1, memory_order_relaxed);
}

#endif

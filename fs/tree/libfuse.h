/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libfuse.h - what differs between the versions of libfuse that rosterfs is built with, from 3.10
 * on.
 */
#ifndef ROSTERFS_LIBFUSE_H
#define ROSTERFS_LIBFUSE_H

#include <errno.h>
#include <fuse_lowlevel.h>
#include <stdbool.h>

/*
 * Set whether the kernel leaves out FLUSH when FILE is closed. Before libfuse 3.11 it never does,
 * which costs a request for each close.
 */
static inline void libfuse_omit_flush(struct fuse_file_info *file, bool omit)
{
#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 11)
	file->noflush = omit;
#else
	(void)file;
	(void)omit;
#endif
}

/*
 * Refuse requests over io_uring, which libfuse 3.18 knows: the kernel cannot interrupt them, so
 * Ctrl-C would not release a command. An environment variable of libfuse switches them on.
 */
static inline void libfuse_refuse_io_uring(struct fuse_conn_info *conn)
{
#ifdef FUSE_CAP_OVER_IO_URING
	conn->want &= ~(unsigned)FUSE_CAP_OVER_IO_URING;
#else
	/* built with an earlier version, and perhaps run with that one; no earlier one uses this
	 * bit */
	conn->want &= ~(1U << 31);
#endif
}

/*
 * Serve the requests of SESSION with up to THREADS threads until it ends. If it has ended, only
 * return the reason. Before libfuse 3.12 THREADS limits only the threads that stay. Blocks. Returns
 * as fuse_session_loop_mt.
 */
static inline int libfuse_serve(struct fuse_session *session, unsigned threads)
{
#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 12)
	struct fuse_loop_config *config = fuse_loop_cfg_create();
	int result;

	if (!config)
		return -ENOMEM;
	fuse_loop_cfg_set_clone_fd(config, 0);
	fuse_loop_cfg_set_max_threads(config, threads);
	fuse_loop_cfg_set_idle_threads(config, threads);
	result = fuse_session_loop_mt(session, config);
	fuse_loop_cfg_destroy(config);
	return result;
#else
	struct fuse_loop_config config = {.clone_fd = 0, .max_idle_threads = threads};

	return fuse_session_loop_mt(session, &config);
#endif
}

#endif

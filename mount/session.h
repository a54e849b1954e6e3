/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session.h - one mount, from its config to the end.
 */
#ifndef ROSTERFS_SESSION_H
#define ROSTERFS_SESSION_H

struct config;
struct options;

/*
 * Mount the accounts of CONFIG as OPTIONS say, and serve them until the mount ends: it is
 * unmounted, or a signal ends it. Without foreground, the parent process exits once the mount
 * answers, and only the child returns. Both arguments stay valid until then. To be called once,
 * before there are threads. Returns the exit status, after any error is reported on stderr.
 */
int session_run(const struct options *options, struct config *config);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * systemd.h - tell the service manager how the mount is (sd_notify(3)).
 *
 * The messages go to the socket that NOTIFY_SOCKET names, if the manager has set it. The protocol
 * is stable and documented for programs that speak it themselves, so libsystemd, which musl systems
 * lack, is not needed. Nothing here blocks, and no failure is reported: there would be nobody to
 * read it. Any thread may call these functions.
 */
#ifndef ROSTERFS_SYSTEMD_H
#define ROSTERFS_SYSTEMD_H

#include <stdbool.h>

/* Take NOTIFY_SOCKET out of the environment, so that no later command inherits it. Before there are
 * threads. */
void systemd_open(void);

/* Return true if a service manager listens. */
bool systemd_listens(void);

/* Say that the mount works, and in one line what it has: READY=1 and STATUS=. Also after
 * systemd_reloading. */
void systemd_ready(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Say in one line how the mount is: STATUS=. */
void systemd_status(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Say that the config is being read again: RELOADING=1 with the time that systemd 253 and later
 * compare. */
void systemd_reloading(void);

/* Say that the mount ends: STOPPING=1. */
void systemd_stopping(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process.h - what the kernel says of a process. Each function reads a file of /proc.
 */
#ifndef ROSTERFS_PROCESS_H
#define ROSTERFS_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

/* Return the process that THREAD belongs to, or THREAD if that is not known. */
pid_t process_of(pid_t thread);

/*
 * Return when process PID started, in clock ticks after boot, or 0 if that is not known. A pid can
 * be reused; a pid with its start time cannot.
 */
unsigned long long process_start(pid_t pid);

/*
 * Put how many descriptors and threads this process has into *DESCRIPTORS and *THREADS. Returns
 * false if that is not known. /proc/self/fd cannot be used: it belongs to root in a process that is
 * not dumpable.
 */
bool process_counts(unsigned *descriptors, unsigned *threads);

/* Return true if THREAD is exiting or was killed, so that no error can reach it. */
bool process_is_exiting(pid_t thread);

#endif

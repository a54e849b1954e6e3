/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ready.h - wait for a descriptor, within a deadline.
 */
#ifndef ROSTERFS_READY_H
#define ROSTERFS_READY_H

#include <stdint.h>

/*
 * Wait until FD is ready for EVENTS (of poll(2)), until DEADLINE (clock_milliseconds). Returns 0,
 * -ETIMEDOUT, or -ECANCELED: STOP_FD is readable. An FD of -1 is never ready.
 */
int ready_wait(int fd, short events, int stop_fd, int64_t deadline);

#endif

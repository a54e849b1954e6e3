/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checked.h - checks of a module's state that only debug and sanitizer builds make.
 *
 * A module with a table of states has a function that asserts what must hold between two changes.
 * Call it through CHECKED after each change, with the module's lock held:
 *
 *	CHECKED(account_queue_check_locked(queue));
 *
 * The Makefile defines ROSTERFS_CHECKED for SANITIZE (asan, tsan) and for DEBUG=1. Every other
 * build compiles the call, so that it cannot rot, and never makes it.
 */
#ifndef ROSTERFS_CHECKED_H
#define ROSTERFS_CHECKED_H

#include <assert.h>

#ifdef ROSTERFS_CHECKED
#define CHECKED_ON 1
#else
#define CHECKED_ON 0
#endif

/* Execute CALL in a checked build only. */
#define CHECKED(call)                                                                              \
	do {                                                                                       \
		if (CHECKED_ON)                                                                    \
			(call);                                                                    \
	} while (0)

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * moment: which state of a vendor's stores a GET shows.
 *
 * Thread-safe as far as the caller holds the lock of the stores. None of these blocks.
 */
#ifndef SANDBOX_MOMENT_H
#define SANDBOX_MOMENT_H

#include <stdbool.h>

#include "faults.h"
#include "settings.h"
#include "store.h"

/* Shows the stores as a GET of an item (or of a list) sees them, by the settings and its fault,
 * until moment_leave_locked. */
void moment_enter_locked(struct store_times *times, struct settings *settings,
			 const struct fault *fault, bool list);
/* Shows the newest state again. */
void moment_leave_locked(struct store_times *times);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stamp: the clock of the times that vendors write into records.
 *
 * Thread-safe; does not block.
 */
#ifndef SANDBOX_STAMP_H
#define SANDBOX_STAMP_H

#include <stdbool.h>
#include <stddef.h>

#include "settings.h"

/* How a vendor writes a time. */
struct stamp_form {
	const char *format; /* strftime's */
	bool fraction;      /* milliseconds follow, also where the stamps do not demand it */
	const char *zone;   /* comes last */
};

/* Writes now in UTC, as coarse as the stamps have it. */
void stamp_now(enum stamps stamps, const struct stamp_form *form, char *out, size_t size);

#endif

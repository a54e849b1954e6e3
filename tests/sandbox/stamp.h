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

/* Writes now in UTC by the strftime format, as coarse as the stamps have it; with milliseconds
 * behind it if the vendor's own times have them or the stamps demand it. */
void stamp_now(enum stamps stamps, const char *format, bool fraction, char *out, size_t size);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stamp: the clock of the times that vendors write into records.
 *
 * Some vendors count milliseconds, some whole seconds; and a client that takes two changes in one
 * tick of the clock for one is found out with a clock that ticks once a minute.
 *
 * It must not know which record is stamped.
 */
#include "stamp.h"

#include <stdio.h>
#include <time.h>

void stamp_now(enum stamps stamps, const struct stamp_form *form, char *out, size_t size)
{
	struct timespec now;
	struct tm utc = {0};
	clock_gettime(CLOCK_REALTIME, &now);
	if (stamps == STAMPS_SECONDS || stamps == STAMPS_TICK)
		now.tv_nsec = 0;
	if (stamps == STAMPS_TICK)
		now.tv_sec -= now.tv_sec % 60;
	gmtime_r(&now.tv_sec, &utc);
	char fraction[8] = "";
	if (form->fraction || stamps == STAMPS_MS)
		snprintf(fraction, sizeof fraction, ".%03u",
			 (unsigned)(now.tv_nsec / 1000000) % 1000);
	size_t len = strftime(out, size, form->format, &utc);
	snprintf(out + len, size - len, "%s%s", fraction, form->zone);
}

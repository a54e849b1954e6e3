/* SPDX-License-Identifier: Apache-2.0 */
/*
 * looks.c - see looks.h.
 */
#include "cache/update/looks.h"

#include "vendors/base/call.h"
#include "vendors/base/clock.h"
#include "vendors/rest/account.h"

#define PAUSE_FIRST_MS 250u
#define PAUSE_MAX_MS 4000u
#define PROOF_SECONDS 15.0

double looks_seconds(const struct account *account)
{
	return account->lag < PROOF_SECONDS ? account->lag : PROOF_SECONDS;
}

void looks_begin(struct looks *looks, struct call *asker, double seconds)
{
	*looks = (struct looks){.asker = asker,
				.end = clock_seconds() + seconds,
				.pause = PAUSE_FIRST_MS};
}

bool looks_again(struct looks *looks)
{
	double left = (looks->end - clock_seconds()) * 1000;

	/* the last read is made at the end, not before it */
	if (left <= 0 ||
	    call_pause(looks->asker, looks->pause < left ? looks->pause : (unsigned)left + 1))
		return false;
	if (looks->pause < PAUSE_MAX_MS)
		looks->pause *= 2;
	return true;
}

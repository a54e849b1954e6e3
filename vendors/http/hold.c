/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hold.c - see hold.h. Numbers and messages only: it must know neither sockets nor queues.
 */
#include "vendors/http/hold.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EPOCH_MIN 1e9           /* more seconds than that are a time since 1970 */
#define EPOCH_MILLISECONDS 1e11 /* more than that are milliseconds since 1970 */

int64_t hold_delay(const char *text, time_t date, time_t vendor_now)
{
	time_t now = vendor_now ? vendor_now : time(NULL);
	double seconds;
	char *end;

	if (!text)
		return 0;
	seconds = strtod(text, &end);
	if (end == text || *end) {
		if (date == (time_t)-1)
			return 0;
		seconds = difftime(date, now);
	} else if (seconds > EPOCH_MIN) {
		seconds = (seconds > EPOCH_MILLISECONDS ? seconds / 1000 : seconds) - (double)now;
	}
	/* NaN compares false */
	if (!(seconds > 0))
		return 0;
	return seconds > 1e6 ? (int64_t)1000000000 : (int64_t)(seconds * 1000 + 0.999);
}

void hold_tell(struct hold *hold, int64_t told, int64_t now)
{
	int64_t until = now + (told < HOLD_MAX ? told : HOLD_MAX);
	time_t said = time(NULL);

	hold->since = now;
	hold->trial = true;
	if (until < hold->until)
		return;
	hold->until = until;
	hold->said = said;
	hold->wait = said + (time_t)((told + 999) / 1000);
}

void hold_answered(struct hold *hold, int64_t tried)
{
	/* what was sent before the vendor asked to wait shows nothing about the time after */
	if (tried > hold->since)
		hold->trial = false;
}

void hold_reached(struct hold *hold, int64_t now)
{
	hold->reached = now;
	hold->down = hold->probing = false;
}

void hold_parted(struct hold *hold, int64_t now)
{
	hold->reached = now;
}

void hold_lost(struct hold *hold, enum call_verdict verdict, const char *words, int64_t now)
{
	if (!hold->down)
		hold->probe = now + HOLD_PROBE;
	hold->down = true;
	hold->asked = now;
	hold->met = time(NULL);
	hold->verdict = verdict;
	snprintf(hold->words, sizeof(hold->words), "%s", words);
}

int64_t hold_reach_end(const struct hold *hold, int64_t first)
{
	return (first > hold->reached ? first : hold->reached) + HOLD_REACH;
}

bool hold_wants_probe(struct hold *hold, int64_t now)
{
	if (!hold->down || hold->probing || now < hold->probe)
		return false;
	if (now - hold->asked > HOLD_DEMAND) {
		hold->down = false;
		return false;
	}
	hold->probing = true;
	return true;
}

int64_t hold_due(const struct hold *hold)
{
	return hold->down && !hold->probing ? hold->probe : INT64_MAX;
}

void hold_probed(struct hold *hold, int64_t now)
{
	hold->probing = false;
	hold->probe = now + HOLD_PROBE;
}

void hold_lift(struct hold *hold, int64_t now)
{
	hold->down = false;
	/* requests from now on get HOLD_REACH */
	hold->reached = now;
	hold->since = 0;
	if (hold->until > now)
		hold->until = now;
}

void hold_clock(time_t when, char *text, size_t size)
{
	time_t now = time(NULL);
	struct tm at, today;

	localtime_r(&when, &at);
	localtime_r(&now, &today);
	strftime(text, size,
		 at.tm_year == today.tm_year && at.tm_yday == today.tm_yday ? "%H:%M:%S"
									    : "%Y-%m-%d %H:%M:%S",
		 &at);
}

void hold_words(const struct hold *hold, int64_t now, char *words, size_t size)
{
	char said[32], wait[32], again[32] = "";
	time_t end = time(NULL) + (time_t)((hold->until - now + 999) / 1000);

	hold_clock(hold->said, said, sizeof(said));
	hold_clock(hold->wait, wait, sizeof(wait));
	/* rosterfs waits an hour at most, whatever the vendor asked for */
	if (hold->wait > end + 1)
		hold_clock(end, again, sizeof(again));
	snprintf(words, size, "the vendor said at %s to wait until %s%s%s%s", said, wait,
		 again[0] ? " (it is asked again at " : "", again, again[0] ? ")" : "");
}

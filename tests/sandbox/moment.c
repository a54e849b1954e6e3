/* SPDX-License-Identifier: Apache-2.0 */
/*
 * moment: which state of a vendor's stores a GET shows.
 *
 * Vendors answer reads from replicas that are behind, or from several of which each is behind by
 * another time. A replica is simulated as a look at the past of the one store, so that what it
 * shows is always a state that there was.
 *
 * It must not know what is stored.
 */
#include "moment.h"

#include <stdlib.h>

#include "gate.h"

void moment_enter_locked(struct store_times *times, struct settings *settings,
			 const struct fault *fault, bool list)
{
	struct settings_values now = settings_get(settings);
	int64_t lag = (int64_t)now.read_lag_ms * 1000;
	enum lag_kinds other = list ? LAG_ITEMS : LAG_LISTS;
	if (now.read_lag_kinds == other)
		lag = 0;
	if (lag && now.read_lag_random)
		lag = (int64_t)arc4random_uniform((uint32_t)lag + 1);
	times->before = fault->kind == FAULT_STALE;
	times->at = 0;
	if (lag && !times->before)
		times->at = gate_now_us() > lag ? gate_now_us() - lag : 1;
}

void moment_leave_locked(struct store_times *times)
{
	times->before = false;
	times->at = 0;
}

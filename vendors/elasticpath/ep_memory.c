/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ep_memory.c - see ep_memory.h.
 */
#include "vendors/elasticpath/ep_memory.h"

#include <stdlib.h>

void *ep_memory_new(void)
{
	struct ep_memory *memory = calloc(1, sizeof(*memory));

	if (memory) {
		ep_settings_memory_init(&memory->settings);
		ep_lag_init(&memory->lag);
	}
	return memory;
}

void ep_memory_free(void *arg)
{
	struct ep_memory *memory = arg;

	ep_settings_memory_destroy(&memory->settings);
	ep_lag_destroy(&memory->lag);
	free(memory);
}

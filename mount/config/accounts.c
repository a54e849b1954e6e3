/* SPDX-License-Identifier: Apache-2.0 */
/*
 * accounts.c - see accounts.h.
 */
#include "mount/config/accounts.h"

#include "mount/config/config.h"
#include "vendors/rest/account.h"

#include <string.h>

struct account *accounts_find(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->account_count; i++) {
		if (strcmp(config->accounts[i]->name, name) == 0)
			return config->accounts[i];
	}
	return NULL;
}

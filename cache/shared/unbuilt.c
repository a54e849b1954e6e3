/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unbuilt.c - in place of the shared store, where the libraries that it needs were missing.
 */
#include "cache/shared/shared.h"

#ifndef ROSTERFS_SHARED

#include <errno.h>
#include <stdio.h>

static const char lack[] = "this rosterfs was built without hiredis, libsodium or libzstd; install "
			   "all three and build it again";

bool shared_is_built(const char **why)
{
	*why = lack;
	return false;
}

int shared_open(const struct shared_settings *settings, struct account **accounts, size_t count,
		struct store **store, char *why, size_t why_size)
{
	(void)settings;
	(void)accounts;
	(void)count;
	*store = NULL;
	snprintf(why, why_size, "%s", lack);
	return -EPROTONOSUPPORT;
}

int shared_try(const struct shared_settings *settings, char *why, size_t why_size)
{
	(void)settings;
	snprintf(why, why_size, "%s", lack);
	return -EPROTONOSUPPORT;
}

#endif

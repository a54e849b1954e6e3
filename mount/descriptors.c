/* SPDX-License-Identifier: Apache-2.0 */
/*
 * descriptors.c - see descriptors.h.
 *
 * Without this, a request that finds no free descriptor looks like a vendor that cannot be reached.
 */
#include "mount/descriptors.h"

#include "mount/config/config.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>

/* Descriptors that are always open (stderr, /dev/fuse, the audit log, those that wake threads), or
 * open for a moment in each thread that reads /proc about a caller. */
#define ALWAYS 32
/* Descriptors of a request at most, during a name lookup: two that signal the resolver's end, one
 * of the resolver itself, and a connection of each address family. */
#define EACH 5
/* Those of the shared store: connections, and name lookups. */
#define STORE 80

/* Return how many accounts have an API, and in *REQUESTS the sum of their `parallel`. */
static size_t accounts_with_api(const struct config *config, size_t *requests)
{
	size_t count = 0;

	*requests = 0;
	for (size_t i = 0; i < config->account_count; i++) {
		if (!config->accounts[i]->vendor->users)
			continue;
		*requests += (size_t)config->accounts[i]->endpoint.parallel *
			     account_endpoint_count(config->accounts[i]);
		count++;
	}
	return count;
}

/* Lower `parallel`, because ALLOWED descriptors are too few for ALWAYS and REQUESTS at a time, and
 * write that to WORDS. */
static void share(const struct config *config, size_t allowed, size_t always, size_t requests,
		  char *words, size_t size)
{
	size_t room = (allowed - always) / EACH;
	int length = snprintf(
	    words, size,
	    "too few file descriptors: %zu are allowed (ulimit -n, LimitNOFILE), and parallel = %zu "
	    "in all needs %zu; until one of them is changed, requests at a time:",
	    allowed, requests, always + EACH * requests);

	for (size_t i = 0; i < config->account_count; i++) {
		struct account *account = config->accounts[i];
		size_t part = account->endpoint.parallel * room / requests;

		if (!account->vendor->users)
			continue;
		account->endpoint.parallel = part ? (unsigned)part : 1;
		if (length > 0 && (size_t)length < size)
			length += snprintf(words + length, size - (size_t)length, " %s %u",
					   account->name, account->endpoint.parallel);
	}
}

int descriptors_provide(const struct config *config, char *words, size_t size)
{
	size_t requests, accounts = accounts_with_api(config, &requests);
	size_t always = ALWAYS + (config->shared ? STORE : 0), needed = always + EACH * requests;
	struct rlimit limit;

	words[0] = '\0';
	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= needed)
		return 0;
	limit.rlim_cur = limit.rlim_max < needed ? limit.rlim_max : needed;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur >= needed)
		return 0;
	if (limit.rlim_cur < always + EACH * accounts) {
		snprintf(words, size,
			 "too few file descriptors: %zu are allowed (ulimit -n, LimitNOFILE), and "
			 "at least %zu are needed",
			 (size_t)limit.rlim_cur, always + EACH * accounts);
		return -EMFILE;
	}
	share(config, limit.rlim_cur, always, requests, words, size);
	return 0;
}

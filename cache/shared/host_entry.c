/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host_entry.c - see host_entry.h.
 */
#include "cache/shared/host_entry.h"

#include "vendors/rest/account.h"
#include "vendors/vendor.h"

#include <stdio.h>
#include <string.h>

#define WORDS_MAX 512

/* Return true if ACCOUNT has rosters that can be shared. */
static bool is_shared(const struct account *account)
{
	return account->endpoint.base_url;
}

json_t *host_entry_own(const struct shared *shared, int64_t time)
{
	json_t *accounts = json_array();

	for (size_t i = 0; i < shared->account_count; i++) {
		const struct account *account = shared->accounts[i];

		if (is_shared(account))
			json_array_append_new(accounts,
					      json_pack("{s:s, s:s, s:s, s:s, s:i}", "name",
							account->name, "type",
							account->vendor->type, "base_url",
							account->endpoint.base_url, "shared_name",
							account_shared_name(account), "ttl",
							(int)account->ttl));
	}
	return json_pack("{s:s, s:s, s:I, s:o}", "host", shared->host, "version", ROSTERFS_VERSION,
			 "time", (json_int_t)time, "accounts", accounts);
}

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

bool host_entry_is_whole(const json_t *other)
{
	const json_t *accounts = json_object_get(other, "accounts"), *account;
	size_t i;

	if (!text_of(other, "host") || !text_of(other, "version") ||
	    !json_is_integer(json_object_get(other, "time")) || !json_is_array(accounts))
		return false;
	json_array_foreach(accounts, i, account) {
		if (!text_of(account, "name") || !text_of(account, "type") ||
		    !text_of(account, "base_url") || !text_of(account, "shared_name"))
			return false;
	}
	return true;
}

/* Return true if THEIRS and OURS are at the same vendor. */
static bool is_same_vendor(const json_t *theirs, const struct account *ours)
{
	return is_shared(ours) && strcmp(text_of(theirs, "type"), ours->vendor->type) == 0 &&
	       strcmp(text_of(theirs, "base_url"), ours->endpoint.base_url) == 0;
}

static bool is_same_account(const json_t *theirs, const struct account *ours)
{
	return is_same_vendor(theirs, ours) &&
	       strcmp(text_of(theirs, "shared_name"), account_shared_name(ours)) == 0;
}

/* Return OTHER's entry of OURS, borrowed, or NULL. */
static const json_t *theirs_of(const json_t *other, const struct account *ours)
{
	const json_t *theirs;
	size_t i;

	json_array_foreach(json_object_get(other, "accounts"), i, theirs) {
		if (is_same_account(theirs, ours))
			return theirs;
	}
	return NULL;
}

/* Return true if this mount has the account THEIRS. */
static bool is_ours(const struct shared *shared, const json_t *theirs)
{
	for (size_t i = 0; i < shared->account_count; i++) {
		if (is_same_account(theirs, shared->accounts[i]))
			return true;
	}
	return false;
}

json_t *host_entry_shares(const struct shared *shared, const json_t *other)
{
	json_t *names = json_array();

	for (size_t i = 0; names && i < shared->account_count; i++) {
		if (theirs_of(other, shared->accounts[i]))
			json_array_append_new(names, json_string(shared->accounts[i]->name));
	}
	return names;
}

/* Say that THEIRS may be OURS under another name. */
static void differ_in_name(const struct account *ours, const json_t *theirs, const char *host,
			   char words[WORDS_MAX])
{
	snprintf(words, WORDS_MAX,
		 "%s: %s has an account with this type and base_url by the shared_name \"%s\", "
		 "here it is \"%s\": these two share nothing; if they are the same account, give "
		 "both the same shared_name",
		 ours->name, host, text_of(theirs, "shared_name"), account_shared_name(ours));
}

void host_entry_differ(const struct shared *shared, const json_t *other,
		       void (*say)(void *arg, const char *words), void *arg)
{
	const char *host = text_of(other, "host"), *version = text_of(other, "version");
	char words[WORDS_MAX];

	if (strcmp(version, ROSTERFS_VERSION) != 0) {
		snprintf(words, sizeof(words),
			 "the shared store: %s runs rosterfs %s, this host " ROSTERFS_VERSION
			 ": what they cannot read of each other counts as absent; upgrade both",
			 host, version);
		say(arg, words);
	}
	for (size_t i = 0; i < shared->account_count; i++) {
		const struct account *ours = shared->accounts[i];
		const json_t *theirs = theirs_of(other, ours);
		size_t j;

		if (theirs && json_integer_value(json_object_get(theirs, "ttl")) != ours->ttl) {
			snprintf(words, sizeof(words),
				 "%s: %s has ttl = %lld, this host %u: each judges by its own how "
				 "old a shared list may be",
				 ours->name, host,
				 (long long)json_integer_value(json_object_get(theirs, "ttl")),
				 ours->ttl);
			say(arg, words);
		}
		if (theirs)
			continue;
		json_array_foreach(json_object_get(other, "accounts"), j, theirs) {
			if (!is_same_vendor(theirs, ours) || is_ours(shared, theirs))
				continue;
			differ_in_name(ours, theirs, host, words);
			say(arg, words);
		}
	}
}

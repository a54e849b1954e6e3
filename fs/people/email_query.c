/* SPDX-License-Identifier: Apache-2.0 */
/*
 * email_query.c - see email_query.h.
 *
 * It reads names, and asks no vendor.
 */
#include "fs/people/email_query.h"

#include "fs/people/email_name.h"
#include "vendors/base/address.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Seconds for which a vendor that failed is not asked again for each name in a person's directory.
 */
#define FAILED_SECONDS 5.0

/* Fill QUERY for its name, which is an email's. Return false if no email has that name. */
static bool ask_email(struct email_query *query)
{
	char stem[PATH_STEM_MAX + 1], email[PATH_STEM_MAX + 1];
	char *key;

	query->email[0] = '\0';
	memcpy(stem, query->name, sizeof(stem));
	email_name_fold(stem);
	query->exact = strcmp(stem, query->name) == 0;
	query->whole = path_is_cut(stem);
	if (query->whole)
		return true;
	key = path_email(stem, email) ? address_key(email) : NULL;
	if (!key || !*key || strlen(key) >= sizeof(query->email)) {
		free(key);
		return false;
	}
	stpcpy(query->email, key);
	query->exact = email_name_stem(key, stem) && strcmp(stem, query->name) == 0;
	free(key);
	return true;
}

bool email_query_person(const char *name, size_t length, struct email_query *query)
{
	memset(query, 0, sizeof(*query));
	if (length > PATH_STEM_MAX)
		return false;
	query->person = true;
	query->failed_for = FAILED_SECONDS;
	snprintf(query->name, sizeof(query->name), "%.*s", (int)length, name);
	return ask_email(query);
}

/* Write the stem of NAME, a link in a branch's own by-email, to STEM. Return false if it can't be
 * one. */
static bool own_stem(const char *name, char *stem)
{
	static const char suffix[] = ".json";
	size_t length = strlen(name), end = strlen(suffix);

	/* as path_parse, but an email may begin with a dot or # */
	if (length <= end || length - end > PATH_STEM_MAX ||
	    strcmp(name + length - end, suffix) != 0)
		return false;
	memcpy(stem, name, length - end);
	stem[length - end] = '\0';
	return true;
}

bool email_query_own(struct branch *branch, const char *name, struct email_query *query)
{
	bool is_email;

	memset(query, 0, sizeof(*query));
	query->branch = branch;
	if (!own_stem(name, query->name))
		return false;
	is_email = ask_email(query);
	/* a `~` may be the email's, or stand before an id */
	if (strchr(query->name, '~'))
		query->whole = true;
	return is_email || query->whole;
}

void email_query_whole(struct branch *branch, struct email_query *query)
{
	memset(query, 0, sizeof(*query));
	query->whole = query->exact = true;
	query->branch = branch;
}

bool email_query_in_person(const struct node *node, struct email_query *query)
{
	const char *person = strchr(node->path, '/') + 1;

	return email_query_person(person, (size_t)(node_name(node) - person) - 1, query);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * email_links.c - see email_links.h.
 *
 * A record has its vendor's name in a person's directory, and the email in the vendor's own
 * by-email. If several records have one email, in any spelling, each name ends in `~` and the id.
 * Which names exist follows from the records alone, so that a lookup and a listing can't disagree.
 */
#include "fs/people/email_links.h"

#include "fs/people/email_name.h"
#include "fs/people/email_person.h"
#include "fs/people/email_spelling.h"
#include "fs/tree/branch.h"
#include "vendors/base/address.h"
#include "vendors/rest/account.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MANUAL ".MANUAL"

static const char *const email_links_suffixes[] = {".json", ".status"};

#define SUFFIXES (sizeof(email_links_suffixes) / sizeof(email_links_suffixes[0]))

static bool ends_in(const char *name, const char *suffix)
{
	size_t length = strlen(name), end = strlen(suffix);

	return length > end && strcmp(name + length - end, suffix) == 0;
}

/* ---- in a person's directory ---- */

void email_links_stem(struct fs *fs, const struct branch *branch, const struct record *record,
		      size_t count, char *stem)
{
	const char *vendor = branch->account->name;

	snprintf(stem, PATH_STEM_MAX + 1, "%s", vendor);
	if (count > 1) {
		path_join(vendor, record->id, false, stem);
		if (branch_find(fs, stem)) /* another vendor's record has that name */
			path_join(vendor, record->id, true, stem);
	}
}

/* Fill LINK to RECORD (or NULL), one of COUNT, with suffix number SUFFIX. */
static void name_link(struct fs *fs, struct email_links_link *link, const struct branch *branch,
		      const struct record *record, size_t count, size_t suffix)
{
	char stem[PATH_STEM_MAX + 1];

	link->branch = branch;
	link->record = record;
	link->suffix = email_links_suffixes[suffix];
	email_links_stem(fs, branch, record, count, stem);
	snprintf(link->name, sizeof(link->name), "%s%s", stem, link->suffix);
}

bool email_links_link(const struct email_index *people, size_t index, struct email_links_link *link)
{
	struct fs *fs = people->fs;

	for (size_t i = 0; i < fs->branch_count; i++) {
		size_t count;
		struct record *const *with = email_spelling_shown(people, i, &count);
		bool unread = people->known[i].error;

		count = unread ? 1 : count;
		if (index < count * SUFFIXES) {
			name_link(fs, link, &fs->branches[i],
				  unread ? NULL : with[index / SUFFIXES], count, index % SUFFIXES);
			return true;
		}
		index -= count * SUFFIXES;
	}
	return false;
}

bool email_links_may_link(const struct fs *fs, const char *name)
{
	if (!ends_in(name, email_links_suffixes[0]) && !ends_in(name, email_links_suffixes[1]))
		return false;
	for (size_t i = 0; i < fs->branch_count; i++) {
		const char *vendor = fs->branches[i].account->name;
		size_t length = strlen(vendor);

		if (fs->branches[i].users && strncmp(name, vendor, length) == 0 &&
		    (name[length] == '.' || name[length] == '~'))
			return true;
	}
	return false;
}

bool email_links_is_manual(struct fs *fs, const char *name)
{
	char vendor[PATH_NAME_MAX + 1];

	if (!ends_in(name, MANUAL) || strlen(name) > PATH_NAME_MAX)
		return false;
	snprintf(vendor, sizeof(vendor), "%.*s", (int)(strlen(name) - strlen(MANUAL)), name);
	return branch_find(fs, vendor);
}

bool email_links_manual(const struct fs *fs, size_t index, char *name)
{
	if (index >= fs->branch_count)
		return false;
	snprintf(name, PATH_NAME_MAX + 1, "%s" MANUAL, fs->branches[index].account->name);
	return true;
}

/* ---- in a vendor's own by-email ---- */

static const struct email_index_known *known_of(const struct email_index *people,
						const struct branch *branch)
{
	return &people->known[branch - people->fs->branches];
}

/* Fill LINK to RECORD, one of COUNT with its email. Return false without memory. */
static bool name_own(const struct email_index_known *known, struct email_links_link *link,
		     const struct branch *branch, const struct record *record, size_t count)
{
	char head[PATH_STEM_MAX + 1], stem[PATH_STEM_MAX + 1], email[PATH_STEM_MAX + 1];
	size_t others = 0;
	char *key;

	link->branch = branch;
	link->record = record;
	link->suffix = email_links_suffixes[0];
	if (!email_name_stem(record_key(record), head))
		return false;
	memcpy(stem, head, sizeof(stem));
	if (count > 1) {
		path_join(head, record->id, false, stem);
		key = path_email(stem, email) ? address_key(email) : NULL;
		if (key) /* that may be an email too */
			email_index_with(known, key, &others);
		free(key);
		if (others)
			path_join(head, record->id, true, stem);
	}
	snprintf(link->name, sizeof(link->name), "%s%s", stem, link->suffix);
	return true;
}

/* Return how many have the email of the record at PLACE: one, or two for any more. */
static size_t count_equal(const struct snapshot_emails *emails, size_t place)
{
	const char *key = record_key(emails->records[place]);

	if (place && strcasecmp(record_key(emails->records[place - 1]), key) == 0)
		return 2;
	if (place + 1 < emails->count &&
	    strcasecmp(record_key(emails->records[place + 1]), key) == 0)
		return 2;
	return 1;
}

bool email_links_own_link(const struct email_index *people, const struct branch *branch,
			  size_t index, struct email_links_link *link)
{
	const struct email_index_known *known = known_of(people, branch);
	const struct snapshot_emails *emails = known->snapshot ? snapshot_emails(known->snapshot)
							       : NULL;

	return emails && index < emails->count &&
	       name_own(known, link, branch, emails->records[index], count_equal(emails, index));
}

/* Find the link to the only record with EMAIL. Return false if there is not exactly one. */
static bool find_single(const struct email_index_known *known, const struct branch *branch,
			const char *email, struct email_links_link *link)
{
	size_t count;
	struct record *const *with = email_index_with(known, email, &count);

	return count == 1 && name_own(known, link, branch, with[0], 1);
}

/* Find the link to one of several records with the email before the `~` at PLACE of NAME. */
static bool find_several(const struct email_index_known *known, const struct branch *branch,
			 const char *name, size_t place, struct email_links_link *link)
{
	char head[PATH_STEM_MAX + 1], email[PATH_STEM_MAX + 1];
	struct record *const *with;
	size_t count = 0;
	char *key;

	snprintf(head, sizeof(head), "%.*s", (int)place, name);
	email_name_fold(head);
	key = path_email(head, email) ? address_key(email) : NULL;
	with = key ? email_index_with(known, key, &count) : NULL;
	/* an email can be typed in any spelling, an id can't */
	if (!key || !email_name_stem(key, head))
		count = 0;
	free(key);
	for (size_t i = 0; count > 1 && i < count; i++) {
		size_t own = strlen(head), length;

		if (!name_own(known, link, branch, with[i], count))
			continue;
		length = strlen(link->name) - strlen(link->suffix);
		if (length > own && strlen(name + place) == length - own &&
		    memcmp(link->name + own, name + place, length - own) == 0)
			return true;
	}
	return false;
}

/* Find the link with a name that was cut: only making all names tells whose it is. */
static bool email_links_find_cut(const struct email_index *people, const struct branch *branch,
				 const char *name, struct email_links_link *link)
{
	size_t length = strlen(name);

	for (size_t i = 0; email_links_own_link(people, branch, i, link); i++) {
		if (strncasecmp(link->name, name, length) == 0 &&
		    strcmp(link->name + length, link->suffix) == 0)
			return true;
	}
	return false;
}

static bool email_links_find_own(const struct email_index *people, const struct email_query *query,
				 struct email_links_link *link)
{
	const struct email_index_known *known = known_of(people, query->branch);

	if (!query->whole)
		return find_single(known, query->branch, query->email, link);
	if (path_is_cut(query->name))
		return email_links_find_cut(people, query->branch, query->name, link);
	if (query->email[0] && find_single(known, query->branch, query->email, link))
		return true;
	for (size_t i = 0; query->name[i]; i++) {
		if (query->name[i] == '~' &&
		    find_several(known, query->branch, query->name, i, link))
			return true;
	}
	return false;
}

/* ---- both ---- */

/* NAME is no link to a record of a vendor that can be read. Return the error of a vendor that can't
 * be read if NAME could be one of several there, else -ENOENT. */
static int find_unread(const struct email_index *people, const char *name)
{
	for (size_t i = 0; i < people->fs->branch_count; i++) {
		const char *vendor = people->fs->branches[i].account->name;
		size_t length = strlen(vendor);

		if (people->known[i].error && strncmp(name, vendor, length) == 0 &&
		    name[length] == '~')
			return people->known[i].error;
	}
	return -ENOENT;
}

int email_links_find(struct email_index *people, const struct email_query *query, const char *name,
		     struct email_links_link *link)
{
	int error;

	if (query->branch) {
		error = email_index_index(people);
		return error ? error : email_links_find_own(people, query, link) ? 0 : -ENOENT;
	}
	error = email_person_choose(people, query);
	for (size_t i = 0; !error; i++) {
		if (!email_links_link(people, i, link))
			error = find_unread(people, name);
		else if (strcmp(link->name, name) == 0)
			return 0;
	}
	return error;
}

void email_links_target(const struct email_links_link *link, const struct node *node, char *target)
{
	char stem[PATH_STEM_MAX + 1];

	path_stem(link->record->id, stem);
	if (node_branch(node))
		snprintf(target, NODE_PATH_MAX, "../%s%s", stem, link->suffix);
	else
		snprintf(target, NODE_PATH_MAX, "../../%s/%s%s", link->branch->account->name, stem,
			 link->suffix);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * email_index.c - see email_index.h.
 *
 * The key of an email (address.h) becomes a name as an id does (path.h), so that no two vendors can
 * disagree. Where one vendor spells it in several ways, each spelling is a person: the index has
 * records with one key sorted by spelling. It knows rosters and names, not the kernel.
 */
#include "fs/people/email_index.h"

#include "cache/record/snapshot.h"
#include "cache/roster/figures.h"
#include "cache/roster/overdue.h"
#include "cache/roster/roster_email.h"
#include "cache/roster/whole.h"
#include "cache/record/record.h"
#include "fs/tree/record_dir.h"
#include "vendors/base/address.h"
#include "vendors/base/call.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What is known of a mount without any API changes never; of others their rosters say. */
#define SECONDS_MAX 3600.0

/* So long a vendor that failed is not asked again for each name in a person's directory. */
#define FAILED_SECONDS 5.0

/* ---- names ---- */

static bool is_hex(char digit)
{
	return (digit >= '0' && digit <= '9') || (digit >= 'a' && digit <= 'f') ||
	       (digit >= 'A' && digit <= 'F');
}

static char to_lower(char letter)
{
	return (char)(letter >= 'A' && letter <= 'Z' ? letter - 'A' + 'a' : letter);
}

static char to_upper(char letter)
{
	return (char)(letter >= 'a' && letter <= 'z' ? letter - 'a' + 'A' : letter);
}

void email_index_fold(char *stem)
{
	for (char *at = stem; *at; at++) {
		if (at[0] == '%' && is_hex(at[1]) && is_hex(at[2])) {
			at[1] = to_upper(at[1]);
			at[2] = to_upper(at[2]);
			at += 2;
		} else {
			*at = to_lower(*at);
		}
	}
}

bool email_index_stem(const char *key, char *stem)
{
	char *shown;

	path_stem(key, stem);
	email_index_fold(stem);
	if (address_is_plain(key, strlen(key)) && !path_is_cut(stem) && !strstr(stem, "xn--"))
		return true;
	/* the hash that a cut one ends in must not depend on the case either */
	shown = address_display(key);
	if (!shown)
		return false;
	path_email_stem(shown, false, stem);
	free(shown);
	return true;
}

bool email_index_apart_stem(const struct record *record, char *stem)
{
	char *spelling = address_spelling(record_email(record));
	bool done = spelling;

	if (done)
		path_email_stem(spelling, true, stem);
	free(spelling);
	return done;
}

/* What was typed for QUERY's name: into EMAIL (PATH_STEM_MAX + 1 bytes). False: no email. */
static bool typed_email(const struct email_index_query *query, char *email)
{
	char stem[PATH_STEM_MAX + 1];

	memcpy(stem, query->name, sizeof(stem));
	email_index_fold(stem);
	return path_email(stem, email);
}

/* QUERY's name is an email's. False: no email is called so. */
static bool ask_email(struct email_index_query *query)
{
	char stem[PATH_STEM_MAX + 1], email[PATH_STEM_MAX + 1];
	char *key;

	query->email[0] = '\0';
	memcpy(stem, query->name, sizeof(stem));
	email_index_fold(stem);
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
	query->exact = email_index_stem(key, stem) && strcmp(stem, query->name) == 0;
	free(key);
	return true;
}

static bool ask_person(const char *name, size_t length, struct email_index_query *query)
{
	if (length > PATH_STEM_MAX)
		return false;
	query->person = true;
	query->failed_for = FAILED_SECONDS;
	snprintf(query->name, sizeof(query->name), "%.*s", (int)length, name);
	return ask_email(query);
}

/* The stem of NAME, a link in a branch's own by-email, into STEM. False: it can't be one. */
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

/* NAME is one in BRANCH's own by-email. */
static bool ask_own(struct branch *branch, const char *name, struct email_index_query *query)
{
	bool is_email;

	query->branch = branch;
	if (!own_stem(name, query->name))
		return false;
	is_email = ask_email(query);
	/* a `~` may be the email's, or stand before an id */
	if (strchr(query->name, '~'))
		query->whole = true;
	return is_email || query->whole;
}

bool email_index_ask_name(const struct node *directory, const char *name,
			  struct email_index_query *query)
{
	const char *person;

	memset(query, 0, sizeof(*query));
	switch (directory->kind) {
	case NODE_PEOPLE:
		return ask_person(name, strlen(name), query);
	case NODE_PERSON:
		person = node_name(directory);
		return ask_person(person, strlen(person), query);
	case NODE_EMAILS:
		return ask_own(directory->branch, name, query);
	default:
		return false;
	}
}

bool email_index_ask(const struct node *node, struct email_index_query *query)
{
	const char *person, *name = node_name(node);

	memset(query, 0, sizeof(*query));
	switch (node->kind) {
	case NODE_PEOPLE:
	case NODE_EMAILS:
		query->whole = query->exact = true;
		query->branch = node->branch;
		return true;
	case NODE_PERSON:
		return ask_person(name, strlen(name), query);
	case NODE_PERSON_LINK:
	case NODE_PERSON_UNREAD:
		if (node->branch)
			return ask_own(node->branch, name, query);
		person = strchr(node->path, '/') + 1;
		return ask_person(person, (size_t)(name - person) - 1, query);
	case NODE_SIMILAR:
		person = strchr(node->path, '/') + 1;
		if (!ask_person(person, (size_t)(name - person) - 1, query))
			return false;
		/* it is about others too: nobody tells the kernel when it changes */
		query->exact = false;
		return true;
	default:
		return false;
	}
}

/* ---- what is known ---- */

struct email_index *email_index_new(struct fs *fs)
{
	struct email_index *people = calloc(1, sizeof(*people) +
						   fs->branch_count * sizeof(people->known[0]));

	if (people)
		people->fs = fs;
	return people;
}

void email_index_free(struct email_index *people)
{
	if (!people)
		return;
	for (size_t i = 0; i < people->fs->branch_count; i++) {
		snapshot_put(people->known[i].snapshot);
		free(people->known[i].words);
	}
	free(people->emails);
	free(people->apart);
	free(people->email);
	free(people->spelling);
	free(people->similar);
	free(people);
}

bool email_index_concerns(const struct email_index_query *query, const struct branch *branch)
{
	return branch->users && (!query->branch || query->branch == branch);
}

void email_index_fail(struct email_index_known *known, int error, const struct call *call)
{
	char request[CALL_REQUEST_MAX + 32];

	snapshot_put(known->snapshot);
	known->snapshot = NULL;
	free(known->words);
	known->error = error;
	call_tell_request(call, request);
	if (asprintf(&known->words, "%s%s", request, call->words) < 0)
		known->words = NULL;
}

const struct email_index_known *email_index_failed(const struct email_index *people)
{
	for (size_t i = 0; i < people->fs->branch_count; i++) {
		if (people->known[i].error)
			return &people->known[i];
	}
	return NULL;
}

/* What is known of ROSTER for QUERY: the seconds that it stays fresh, 0: it is not. */
static double peek(struct email_index_known *known, struct roster *roster,
		   const struct email_index_query *query)
{
	struct call call;
	double seconds;
	int error;

	known->generation = whole_generation(roster, &seconds);
	if (query->whole)
		known->snapshot = whole_snapshot(roster, &seconds);
	else
		known->snapshot = roster_email_peek(roster, query->email, &seconds);
	if (known->snapshot && seconds > 0)
		return seconds;
	if (!query->person)
		return 0;
	call_init(&call, "");
	error = overdue_unreadable(roster, query->whole ? NULL : query->email, query->failed_for,
				   &call);
	if (error)
		email_index_fail(known, error, &call);
	call_destroy(&call);
	return 0;
}

static struct email_index *peek_all(struct fs *fs, const struct email_index_query *query)
{
	struct email_index *people = email_index_new(fs);
	double least = SECONDS_MAX;

	if (!people)
		return NULL;
	people->told = true;
	for (size_t i = 0; i < fs->branch_count; i++) {
		struct email_index_known *known = &people->known[i];
		double seconds;

		if (!email_index_concerns(query, &fs->branches[i]))
			continue;
		seconds = peek(known, fs->branches[i].users->roster, query);
		people->told = people->told && (seconds > 0 || known->error);
		least = seconds < least ? seconds : least;
	}
	people->seconds = least;
	return people;
}

struct email_index *email_index_peek(struct fs *fs, const struct email_index_query *query)
{
	struct email_index_query anew = *query;
	struct email_index *people = peek_all(fs, query);
	int error;

	if (!people || !people->told || query->failed_for <= 0 || !email_index_failed(people))
		return people;
	/* that a vendor failed is remembered for who is there, not for who may be */
	error = email_index_choose(people, query);
	if (!error || error == -ENOMEM)
		return people;
	email_index_free(people);
	anew.failed_for = 0;
	return peek_all(fs, &anew);
}

double email_index_left(const struct email_index *people)
{
	double least = SECONDS_MAX;

	for (size_t i = 0; i < people->fs->branch_count; i++) {
		const struct email_index_known *known = &people->known[i];
		double seconds;

		if (known->error)
			return 0;
		if (!known->snapshot)
			continue;
		if (known->generation !=
		    whole_generation(people->fs->branches[i].users->roster, &seconds))
			return 0;
		least = seconds < least ? seconds : least;
	}
	return least;
}

uint64_t email_index_version(const struct email_index *people)
{
	uint64_t sum = 1;

	/* none of them ever goes back */
	for (size_t i = 0; i < people->fs->branch_count; i++)
		sum += people->known[i].generation;
	return sum;
}

static bool is_earlier(struct timespec a, struct timespec b)
{
	return a.tv_sec < b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec < b.tv_nsec);
}

struct timespec email_index_fetched(const struct email_index *people)
{
	const struct fs *fs = people->fs;
	struct timespec oldest = fs->started;
	bool any = false;

	for (size_t i = 0; i < fs->branch_count; i++) {
		const struct snapshot *snapshot = people->known[i].snapshot;

		if (snapshot && (!any || is_earlier(snapshot->fetched, oldest)))
			oldest = snapshot->fetched;
		any = any || snapshot;
	}
	return oldest;
}

struct timespec email_index_time(struct fs *fs, const struct node *directory, double *seconds)
{
	struct timespec oldest = fs->started;
	struct email_index_query query;
	bool any = false;

	*seconds = SECONDS_MAX;
	email_index_ask(directory, &query);
	for (size_t i = 0; i < fs->branch_count; i++) {
		struct figures info;
		double left;

		if (!email_index_concerns(&query, &fs->branches[i]))
			continue;
		figures_get(fs->branches[i].users->roster, &info);
		whole_generation(fs->branches[i].users->roster, &left);
		*seconds = left < *seconds ? left : *seconds;
		if (info.known && (!any || is_earlier(info.fetched, oldest)))
			oldest = info.fetched;
		any = any || info.known;
	}
	return oldest;
}

/* ---- who it is ---- */

int email_index_index(const struct email_index *people)
{
	for (size_t i = 0; i < people->fs->branch_count; i++) {
		struct snapshot *snapshot = people->known[i].snapshot;

		if (snapshot && !snapshot_emails(snapshot))
			return -ENOMEM;
	}
	return 0;
}

struct record *const *email_index_with(const struct email_index_known *known, const char *key,
				       size_t *count)
{
	const struct snapshot_emails *emails = known->snapshot ? snapshot_emails(known->snapshot)
							       : NULL;

	*count = 0;
	return emails ? snapshot_with_email(emails, key, count) : NULL;
}

/* ---- who it is ---- */

/* Can a name that is made of RECORD's email be so long that it is cut? Each byte makes three at the
 * most, but for a domain that is shown in Unicode. */
static bool may_be_cut(const struct record *record)
{
	return strlen(record_email(record)) * 3 > PATH_STEM_MAX ||
	       strlen(record_key(record)) * 3 > PATH_STEM_MAX ||
	       strcasestr(record_key(record), "xn--");
}

/* A record whose email's name was cut to STEM, borrowed, or NULL. *APART: that of its spelling. */
static const struct record *find_cut(const struct email_index *people, const char *stem,
				     bool *apart)
{
	char own[PATH_STEM_MAX + 1];

	for (size_t i = 0; i < people->fs->branch_count; i++) {
		struct snapshot *snapshot = people->known[i].snapshot;
		const struct snapshot_emails *emails = snapshot ? snapshot_emails(snapshot) : NULL;

		for (size_t j = 0; emails && j < emails->count; j++) {
			const struct record *record = emails->records[j];

			if (!may_be_cut(record))
				continue;
			*apart = false;
			if (email_index_stem(record_key(record), own) && strcmp(own, stem) == 0)
				return record;
			*apart = true;
			if (email_index_apart_stem(record, own) && strcmp(own, stem) == 0)
				return record;
		}
	}
	return NULL;
}

int email_index_choose(struct email_index *people, const struct email_index_query *query)
{
	const struct email_index_known *failed = email_index_failed(people);
	char stem[PATH_STEM_MAX + 1], typed[PATH_STEM_MAX + 1];
	const char *email = query->email, *spelled = NULL;
	const struct record *record;
	bool apart = false;
	size_t count = 0;

	if (email_index_index(people))
		return -ENOMEM;
	memcpy(stem, query->name, sizeof(stem));
	email_index_fold(stem);
	if (path_is_cut(stem)) {
		record = find_cut(people, stem, &apart);
		email = record ? record_key(record) : NULL;
		spelled = record && apart ? record_email(record) : NULL;
	} else if (typed_email(query, typed)) {
		spelled = typed;
	}
	for (size_t i = 0; email && !count && i < people->fs->branch_count; i++)
		email_index_with(&people->known[i], email, &count);
	if (!count)
		return failed ? failed->error : -ENOENT;
	/* it may have been chosen before */
	free(people->email);
	people->email = strdup(email);
	return people->email ? email_index_choose_spelling(people, spelled) : -ENOMEM;
}

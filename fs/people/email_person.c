/* SPDX-License-Identifier: Apache-2.0 */
/*
 * email_person.c - see email_person.h.
 *
 * Where one vendor spells an email in several ways, each spelling is a person. It knows rosters and
 * names, not the kernel.
 */
#include "fs/people/email_person.h"

#include "cache/roster/overdue.h"
#include "cache/roster/roster_email.h"
#include "cache/roster/whole.h"
#include "fs/people/email_name.h"
#include "fs/people/email_spelling.h"
#include "fs/tree/record_dir.h"
#include "vendors/base/call.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Write the email that was typed as QUERY's name to EMAIL (PATH_STEM_MAX + 1 bytes). Return false
 * if it is none. */
static bool typed_email(const struct email_query *query, char *email)
{
	char stem[PATH_STEM_MAX + 1];

	memcpy(stem, query->name, sizeof(stem));
	email_name_fold(stem);
	return path_email(stem, email);
}

/* Return true if a name that is made of RECORD's email can be so long that it is cut. Each byte
 * makes at most three, except in a domain that is shown in Unicode. */
static bool may_be_cut(const struct record *record)
{
	return strlen(record_email(record)) * 3 > PATH_STEM_MAX ||
	       strlen(record_key(record)) * 3 > PATH_STEM_MAX ||
	       strcasestr(record_key(record), "xn--");
}

/* Return a record whose email's name was cut to STEM, borrowed, or NULL. *APART: it is the name of
 * its spelling. */
static const struct record *email_person_find_cut(const struct email_index *people,
						  const char *stem, bool *apart)
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
			if (email_name_stem(record_key(record), own) && strcmp(own, stem) == 0)
				return record;
			*apart = true;
			if (email_name_apart_stem(record, own) && strcmp(own, stem) == 0)
				return record;
		}
	}
	return NULL;
}

int email_person_choose(struct email_index *people, const struct email_query *query)
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
	email_name_fold(stem);
	if (path_is_cut(stem)) {
		record = email_person_find_cut(people, stem, &apart);
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
	return people->email ? email_spelling_choose(people, spelled) : -ENOMEM;
}

/* ---- what is known ---- */

/* Store what is known of ROSTER for QUERY in KNOWN. Return the seconds that it stays fresh; 0: it
 * is not. */
static double peek(struct email_index_known *known, struct roster *roster,
		   const struct email_query *query)
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

static struct email_index *peek_all(struct fs *fs, const struct email_query *query)
{
	struct email_index *people = email_index_new(fs);
	double least = EMAIL_INDEX_SECONDS_MAX;

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

struct email_index *email_person_peek(struct fs *fs, const struct email_query *query)
{
	struct email_query anew = *query;
	struct email_index *people = peek_all(fs, query);
	int error;

	if (!people || !people->told || query->failed_for <= 0 || !email_index_failed(people))
		return people;
	/* a vendor's failure counts for a person that exists, not for one that may */
	error = email_person_choose(people, query);
	if (!error || error == -ENOMEM)
		return people;
	email_index_free(people);
	anew.failed_for = 0;
	return peek_all(fs, &anew);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * email_index.c - see email_index.h.
 *
 * It knows rosters, not the kernel.
 */
#include "fs/people/email_index.h"

#include "cache/roster/figures.h"
#include "cache/roster/whole.h"
#include "fs/tree/record_dir.h"
#include "vendors/base/call.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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

bool email_index_concerns(const struct email_query *query, const struct branch *branch)
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

double email_index_left(const struct email_index *people)
{
	double least = EMAIL_INDEX_SECONDS_MAX;

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

	/* none of them ever decreases */
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

struct timespec email_index_time(struct fs *fs, const struct email_query *query, double *seconds)
{
	struct timespec oldest = fs->started;
	bool any = false;

	*seconds = EMAIL_INDEX_SECONDS_MAX;
	for (size_t i = 0; i < fs->branch_count; i++) {
		struct figures info;
		double left;

		if (!email_index_concerns(query, &fs->branches[i]))
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

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * email_spelling.c - see email_spelling.h.
 *
 * The index of a snapshot has records with one key sorted by spelling: those of one spelling stand
 * together, and the first and the last tell whether there are several. It knows rosters, not names.
 */
#include "fs/people/email_spelling.h"

#include "fs/people/email_name.h"
#include "vendors/base/address.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>

/* ---- one key, several spellings ---- */

bool email_spelling_is_split(struct record *const *with, size_t count)
{
	return count > 1 &&
	       address_compare_spelling(record_email(with[0]), record_email(with[count - 1])) != 0;
}

struct record *const *email_spelling_with(struct record *const *with, size_t *count,
					  const char *spelling)
{
	size_t low = 0, high = *count, end;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (address_compare_spelling(record_email(with[middle]), spelling) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (end = low; end < *count; end++) {
		if (address_compare_spelling(record_email(with[end]), spelling) != 0)
			break;
	}
	*count = end - low;
	return with + low;
}

/* Return true if a vendor in PEOPLE that spells KEY in several ways has a record spelled as
 * SPELLING. *SPLIT: there is such a vendor. */
static bool has_spelling(const struct email_index *people, const char *key, const char *spelling,
			 bool *split)
{
	bool found = false;

	*split = false;
	for (size_t i = 0; i < people->fs->branch_count; i++) {
		size_t count;
		struct record *const *with = email_index_with(&people->known[i], key, &count);

		if (!email_spelling_is_split(with, count))
			continue;
		*split = true;
		email_spelling_with(with, &count, spelling);
		found = found || count;
	}
	return found;
}

char *email_spelling_main(const struct email_index *people, const char *key)
{
	char *shown = address_display(key), *small;
	bool split;

	if (!shown || has_spelling(people, key, shown, &split))
		return shown;
	small = address_spelling(key);
	if (small && has_spelling(people, key, small, &split)) {
		free(shown);
		return small;
	}
	free(small);
	return shown;
}

struct record *const *email_spelling_shown(const struct email_index *people, size_t branch,
					   size_t *count)
{
	struct record *const *with = email_index_with(&people->known[branch], people->email, count);

	if (!people->spelling || !email_spelling_is_split(with, *count))
		return with;
	return email_spelling_with(with, count, people->spelling);
}

bool email_spelling_shows(const struct email_index *people, const struct record *record)
{
	return !people->spelling ||
	       address_compare_spelling(record_email(record), people->spelling) == 0;
}

bool email_spelling_record_stem(const struct email_index *people, const struct record *record,
				char *stem)
{
	char *main = email_spelling_main(people, record_key(record));
	bool named = false;

	if (main)
		named = address_compare_spelling(record_email(record), main) == 0
			    ? email_name_stem(record_key(record), stem)
			    : email_name_apart_stem(record, stem);
	free(main);
	return named;
}

int email_spelling_choose(struct email_index *people, const char *typed)
{
	char *spelling = typed ? address_spelling(typed)
			       : email_spelling_main(people, people->email);
	bool split = false;

	free(people->spelling);
	people->spelling = NULL;
	if (!spelling)
		return -ENOMEM;
	if (has_spelling(people, people->email, spelling, &split)) {
		people->spelling = spelling;
		return 0;
	}
	free(spelling);
	if (split)
		people->spelling = email_spelling_main(people, people->email);
	return split && !people->spelling ? -ENOMEM : 0;
}

/* ---- all ---- */

static const struct snapshot_emails *emails_of(const struct email_index *people, size_t branch)
{
	struct snapshot *snapshot = people->known[branch].snapshot;

	return snapshot ? snapshot_emails(snapshot) : NULL;
}

/* Return the least of the keys that the vendors have from AT on, borrowed, or NULL: there are no
 * more. */
static const char *find_least(const struct email_index *people, const size_t *at)
{
	const char *least = NULL;

	for (size_t i = 0; i < people->fs->branch_count; i++) {
		const struct snapshot_emails *emails = emails_of(people, i);
		const char *key;

		if (!emails || at[i] == emails->count)
			continue;
		key = record_key(emails->records[at[i]]);
		if (!least || strcasecmp(key, least) < 0)
			least = key;
	}
	return least;
}

/* Move each vendor's place in AT behind KEY. Return true if a vendor spells it in several ways. */
static bool pass_key(const struct email_index *people, size_t *at, const char *key)
{
	bool split = false;

	for (size_t i = 0; i < people->fs->branch_count; i++) {
		const struct snapshot_emails *emails = emails_of(people, i);
		size_t first = at[i];

		while (emails && at[i] < emails->count &&
		       strcasecmp(record_key(emails->records[at[i]]), key) == 0)
			at[i]++;
		split = split ||
			(emails && email_spelling_is_split(emails->records + first, at[i] - first));
	}
	return split;
}

static int compare_records(const void *a, const void *b)
{
	const struct record *const *left = a, *const *right = b;

	return address_compare_spelling(record_email(*left), record_email(*right));
}

/* Add one record for each spelling of KEY that has a directory of its own to people->apart. *PLAIN:
 * the directory with the plain name shows a record. Return 0 or -ENOMEM. */
static int add_apart(struct email_index *people, const char *key, bool *plain)
{
	char *main = email_spelling_main(people, key);
	size_t first = people->apart_count, count, end = first;
	int error = main ? 0 : -ENOMEM;

	*plain = false;
	for (size_t i = 0; !error && i < people->fs->branch_count; i++) {
		struct record *const *with = email_index_with(&people->known[i], key, &count);
		const struct record **apart;

		if (!email_spelling_is_split(with, count)) {
			*plain = *plain || count;
			continue;
		}
		apart = realloc(people->apart,
				(people->apart_count + count) * sizeof(const struct record *));
		if (!apart) {
			error = -ENOMEM;
			break;
		}
		people->apart = apart;
		for (size_t j = 0; j < count; j++) {
			if (address_compare_spelling(record_email(with[j]), main) != 0)
				apart[people->apart_count++] = with[j];
			else
				*plain = true;
		}
	}
	free(main);
	if (error || people->apart_count == first)
		return error;
	qsort(people->apart + first, people->apart_count - first, sizeof(const struct record *),
	      compare_records);
	for (size_t i = first; i < people->apart_count; i++) {
		if (end == first ||
		    compare_records(&people->apart[end - 1], &people->apart[i]) != 0)
			people->apart[end++] = people->apart[i];
	}
	people->apart_count = end;
	return 0;
}

int email_spelling_list(struct email_index *people)
{
	const struct fs *fs = people->fs;
	size_t *at = calloc(fs->branch_count + 1, sizeof(*at));
	size_t room = 0;
	int error = email_index_index(people);
	const char *key;

	for (size_t i = 0; !error && i < fs->branch_count; i++) {
		if (people->known[i].snapshot)
			room += snapshot_emails(people->known[i].snapshot)->count;
	}
	people->emails = calloc(room + 1, sizeof(char *));
	if (error || !at || !people->emails) {
		free(at);
		return -ENOMEM;
	}
	while (!error && (key = find_least(people, at))) {
		bool plain = true;

		if (pass_key(people, at, key))
			error = add_apart(people, key, &plain);
		if (plain)
			people->emails[people->count++] = key;
	}
	free(at);
	return error;
}

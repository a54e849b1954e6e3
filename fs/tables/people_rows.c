/* SPDX-License-Identifier: Apache-2.0 */
/*
 * people_rows.c - see people_rows.h.
 *
 * The emails of an index are in the order of each vendor's records by email, so one pass over all
 * vendors finds everybody's records. It knows rosters, not the kernel.
 */
#include "fs/tables/people_rows.h"

#include "cache/record/snapshot.h"
#include "fs/people/email_index.h"
#include "fs/people/email_spelling.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ROOM_FIRST 64

/* People that are being made. */
struct rows {
	const struct email_index *index;
	struct people *people;
	size_t record_count, record_room, person_room;
	size_t *at; /* by branch: how many of its records by email have been passed */
};

/* ---- growing ---- */

/* Give the records room for ROOM. Return 0 or -ENOMEM. */
static int resize_records(struct rows *rows, size_t room)
{
	struct people *people = rows->people;
	const struct record **records = realloc(people->records,
						room * sizeof(const struct record *) + 1);
	uint16_t *vendors;

	if (!records)
		return -ENOMEM;
	people->records = records;
	vendors = realloc(people->record_vendors, room * sizeof(*vendors) + 1);
	if (!vendors)
		return -ENOMEM;
	people->record_vendors = vendors;
	rows->record_room = room;
	return 0;
}

/* As resize_records, for people, and the end behind them. */
static int resize_persons(struct rows *rows, size_t room)
{
	uint32_t *firsts = realloc(rows->people->firsts, (room + 1) * sizeof(*firsts));

	if (!firsts)
		return -ENOMEM;
	rows->people->firsts = firsts;
	rows->person_room = room;
	return 0;
}

/* Add COUNT RECORDS of vendor number VENDOR to the person that is being made. */
static int add_records(struct rows *rows, struct record *const *records, size_t count,
		       size_t vendor)
{
	struct people *people = rows->people;
	size_t needed = rows->record_count + count;

	if (needed > UINT32_MAX)
		return -ENOMEM;
	if (needed > rows->record_room && resize_records(rows, ROOM_FIRST + needed + needed / 2))
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		people->records[rows->record_count] = records[i];
		people->record_vendors[rows->record_count++] = (uint16_t)vendor;
	}
	return 0;
}

/* The person whose records began with number FIRST is complete. */
static int end_person(struct rows *rows, size_t first)
{
	struct people *people = rows->people;

	if (rows->record_count == first)
		return 0;
	if (people->count == rows->person_room &&
	    resize_persons(rows, rows->person_room + rows->person_room / 2))
		return -ENOMEM;
	people->firsts[people->count++] = (uint32_t)first;
	people->firsts[people->count] = (uint32_t)rows->record_count;
	return 0;
}

/* ---- people ---- */

/* Return branch number BRANCH's records with KEY, and how many in *COUNT. Keys come in order. */
static struct record *const *people_rows_pass(struct rows *rows, size_t branch, const char *key,
					      size_t *count)
{
	struct snapshot *snapshot = rows->index->known[branch].snapshot;
	const struct snapshot_emails *emails = snapshot ? snapshot_emails(snapshot) : NULL;
	size_t *at = &rows->at[branch], first;

	*count = 0;
	if (!emails)
		return NULL;
	while (*at < emails->count && strcasecmp(record_key(emails->records[*at]), key) < 0)
		++*at;
	first = *at;
	while (*at < emails->count && strcasecmp(record_key(emails->records[*at]), key) == 0)
		++*at;
	*count = *at - first;
	return emails->records + first;
}

/* Add the person whose directory has the plain name of KEY. */
static int add_plain(struct rows *rows, const char *key)
{
	size_t first = rows->record_count;
	char *spelling = NULL;
	int error = 0;

	for (size_t i = 0; !error && i < rows->index->fs->branch_count; i++) {
		size_t count;
		struct record *const *with = people_rows_pass(rows, i, key, &count);

		if (email_spelling_is_split(with, count)) {
			if (!spelling)
				spelling = email_spelling_main(rows->index, key);
			if (!spelling)
				return -ENOMEM;
			with = email_spelling_with(with, &count, spelling);
		}
		error = add_records(rows, with, count, i);
	}
	free(spelling);
	return error ? error : end_person(rows, first);
}

/* Add the person whose directory has the name of RECORD's spelling. */
static int people_rows_add_apart(struct rows *rows, const struct record *record)
{
	size_t first = rows->record_count;
	int error = 0;

	for (size_t i = 0; !error && i < rows->index->fs->branch_count; i++) {
		size_t count;
		struct record *const *with = email_index_with(&rows->index->known[i],
							      record_key(record), &count);

		if (email_spelling_is_split(with, count))
			with = email_spelling_with(with, &count, record_email(record));
		error = add_records(rows, with, count, i);
	}
	return error ? error : end_person(rows, first);
}

/* Add each record without an email as a person. */
static int add_nameless(struct rows *rows)
{
	int error = 0;

	for (size_t i = 0; i < rows->index->fs->branch_count; i++) {
		const struct snapshot *snapshot = rows->index->known[i].snapshot;

		for (size_t j = 0; snapshot && !error && j < snapshot->count; j++) {
			size_t first = rows->record_count;

			if (record_email(snapshot->records[j]))
				continue;
			error = add_records(rows, &snapshot->records[j], 1, i);
			if (!error)
				error = end_person(rows, first);
		}
	}
	return error;
}

static int add_all(struct rows *rows, struct email_index *index)
{
	int error = email_spelling_list(index);

	for (size_t i = 0; !error && i < index->count; i++)
		error = add_plain(rows, index->emails[i]);
	rows->people->keyed = rows->people->count;
	for (size_t i = 0; !error && i < index->apart_count; i++)
		error = people_rows_add_apart(rows, index->apart[i]);
	return error ? error : add_nameless(rows);
}

/* ---- both ---- */

static int add_vendors(struct people *people, const struct email_index *index,
		       struct snapshot *const *statuses)
{
	const struct fs *fs = index->fs;

	people->vendors = calloc(fs->branch_count + 1, sizeof(*people->vendors));
	if (!people->vendors)
		return -ENOMEM;
	people->vendor_count = fs->branch_count;
	for (size_t i = 0; i < fs->branch_count; i++) {
		const struct account *account = fs->branches[i].account;
		struct snapshot *snapshot = index->known[i].snapshot;

		people->vendors[i].name = account->name;
		people->vendors[i].users = account->vendor->users;
		people->vendors[i].snapshot = snapshot ? snapshot_get(snapshot) : NULL;
		if (!statuses[i])
			continue;
		people->vendors[i].statuses = snapshot_get(statuses[i]);
		people->vendors[i].absent_status = account->vendor->statuses->absent_status;
	}
	return 0;
}

int people_rows_make(struct email_index *index, struct snapshot *const *statuses,
		     struct people *people)
{
	struct people made = {0};
	struct rows rows = {.index = index, .people = &made};
	int error = add_vendors(&made, index, statuses);

	rows.at = calloc(index->fs->branch_count + 1, sizeof(*rows.at));
	if (!error)
		error = rows.at ? resize_persons(&rows, ROOM_FIRST) : -ENOMEM;
	if (!error) {
		made.firsts[0] = 0;
		error = add_all(&rows, index);
	}
	if (!error)
		error = resize_records(&rows, rows.record_count);
	if (!error)
		error = resize_persons(&rows, made.count);
	free(rows.at);
	if (error)
		people_table_clear(&made);
	else
		*people = made;
	return error;
}

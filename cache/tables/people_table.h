/* SPDX-License-Identifier: Apache-2.0 */
/*
 * people_table.h - the people of all vendors as a table, one row each.
 *
 * CSV: the columns email and name, then for each vendor with an API NAME.id, NAME.status and
 * NAME.role, and for each other NAME, which is "by hand" in each row. Several records at one
 * vendor: their values stand in one cell, separated by blanks, in the same order in each of the
 * three columns.
 *
 * JSONL: an object with the same names. With one record at a vendor, its values are strings, with
 * several, arrays of strings, in both cases with null for what a record lacks. The names of a
 * vendor with an API that has no record of a person are left out.
 *
 * The email is written as by-email does. The name is that of the first record that has one. Several
 * roles of one record are separated by blanks.
 */
#ifndef ROSTERFS_PEOPLE_TABLE_H
#define ROSTERFS_PEOPLE_TABLE_H

#include "cache/tables/table_text.h"

#include <stdint.h>

struct collection;
struct record;
struct snapshot;

/* A vendor, in the order of the config. */
struct people_vendor {
	const char *name;               /* the section's; borrowed for as long as the table lives */
	const struct collection *users; /* NULL: it is kept by hand */
	struct snapshot *snapshot;      /* a reference, which the table takes; NULL: kept by hand */
	/* Likewise, of records with the users' ids that have the status; NULL: users have it. */
	struct snapshot *statuses;
	const char *absent_status; /* the status of users that `statuses` lacks; borrowed */
};

/*
 * A person: number FIRST of `records` up to the next person's. It takes 4 bytes, and each of its
 * records 8 more.
 */
struct people {
	struct people_vendor *vendors; /* owned */
	size_t vendor_count;
	const struct record **records; /* of the snapshots, by person, then by vendor; owned */
	uint16_t *record_vendors;      /* for each of them, the number of its vendor; owned */
	uint32_t *firsts;              /* for each person, and one more: the end; owned */
	size_t count;                  /* of people */
	/* The first of them are known by the key of their email, the others by its spelling,
	   because one vendor has several people with that key (address.h). */
	size_t keyed;
};

/* Release and free what PEOPLE hold. */
void people_table_clear(struct people *people);

/* Make the table of PEOPLE, all of which is taken, also on error. Return NULL: no memory. */
struct table_text *people_table_new(struct people *people, enum table_format format,
				    const struct table_style *style);

#endif

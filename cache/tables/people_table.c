/* SPDX-License-Identifier: Apache-2.0 */
/*
 * people_table.c - see people_table.h.
 *
 * Each value is made as JSON without quotes, because a record's text is JSON; a cell shows it
 * without escapes. This file must not know how records are matched.
 */
#include "cache/tables/people_table.h"

#include "cache/record/snapshot.h"
#include "cache/tables/csv_cell.h"
#include "cache/tables/record_fields.h"
#include "cache/tables/record_values.h"
#include "vendors/base/address.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BY_HAND "by hand"

/* What is told of a record. */
enum told { TOLD_ID, TOLD_STATUS, TOLD_ROLE, TOLD_COUNT };

static const char *const told_names[] = {"id", "status", "role"};

struct people_table {
	struct people people;
	struct table_style style;
	enum table_format format;
};

/* A row that is being made. */
struct people_row {
	const struct people *people;
	const struct table_style *style; /* NULL: JSONL */
	struct table_out *out;
	struct table_out json, shown; /* of one value */
	size_t cells;                 /* that were begun */
	size_t person, next;          /* her number, and that of her next record */
};

/* A person's records at one vendor. */
struct group {
	const struct people_vendor *vendor;
	const struct record **records;
	size_t count;
};

/* ---- values, as JSON without quotes ---- */

/* Append the name that RECORD, of VENDOR, has. */
static int add_name_parts(struct table_out *out, const struct people_vendor *vendor,
			  const struct record *record)
{
	const char *const *keys = vendor->users->name_keys;
	size_t begin = out->length;
	int error = 0;

	for (; keys && *keys && !error; keys++)
		error = record_values_add(out, begin, record, *keys);
	return error;
}

static int add_role(struct table_out *out, const struct people_vendor *vendor,
		    const struct record *record)
{
	static const char *const roles[] = {"role", "roles", NULL};
	const char *const *keys = vendor->users->role_keys ? vendor->users->role_keys : roles;
	size_t begin = out->length;
	int error = 0;

	for (; *keys && !error && out->length == begin; keys++)
		error = record_values_add(out, begin, record, *keys);
	return error;
}

/* Append WHAT of RECORD, if there is such a thing. */
static int add_told(struct table_out *out, const struct people_vendor *vendor,
		    const struct record *record, enum told what)
{
	if (what == TOLD_ROLE)
		return add_role(out, vendor, record);
	if (what == TOLD_ID)
		return record_values_add_id(out, record->id);
	return record_values_add_text(out, record_values_status(record, vendor->statuses,
								vendor->absent_status));
}

/* Return EMAIL, which differs from its key in case only, in small letters. NULL: no memory. */
static char *small(const char *email)
{
	char *text = strdup(email);

	for (char *at = text; at && *at; at++)
		*at = (char)(*at >= 'A' && *at <= 'Z' ? *at - 'A' + 'a' : *at);
	return text;
}

/* Return the email of those with RECORD's key, as by-email writes it. The caller frees it. */
static char *key_email(const struct record *record)
{
	const char *email = record_email(record);

	if (address_is_plain(email, strlen(email)) && !strcasestr(email, "xn--"))
		return small(email);
	return address_display(record_key(record));
}

/*
 * Return the email of the person with the COUNT RECORDS, or "" if no record has one; the caller
 * frees it. NULL: no memory. KEYED: the key is shown; otherwise the first spelling that differs
 * from it.
 */
static char *person_email(const struct record *const *records, size_t count, bool keyed)
{
	char *email = NULL;

	for (size_t i = 0; i < count; i++) {
		char *spelling;

		if (!record_email(records[i]))
			continue;
		if (!email)
			email = key_email(records[i]);
		if (!email || keyed)
			return email;
		spelling = address_spelling(record_email(records[i]));
		if (!spelling || strcmp(spelling, email) != 0) {
			free(email);
			return spelling;
		}
		free(spelling);
	}
	return email ? email : strdup("");
}

/* ---- cells ---- */

/* Begin what stands under NAME, and WHAT of it (or NULL). */
static int begin_cell(struct people_row *row, const char *name, const char *what)
{
	struct table_out *out = row->out;
	bool first = !row->cells++;
	int error = 0;

	if (row->style)
		return first ? 0 : table_out_add(out, ",", 1);
	error = table_out_add(out, first ? "{\"" : ",\"", 2);
	if (!error)
		error = record_values_add_text(out, name);
	if (!error && what)
		error = table_out_add(out, ".", 1);
	if (!error && what)
		error = table_out_add(out, what, strlen(what));
	return error ? error : table_out_add(out, "\":", 2);
}

/* Append the value in row->json to the row. */
static int put_json(struct people_row *row)
{
	struct table_out *out = row->out, *shown = &row->shown;
	const struct table_out *json = &row->json;
	int error;

	if (!row->style) {
		if (!json->length)
			return table_out_add(out, "null", 4);
		error = table_out_add(out, "\"", 1);
		if (!error)
			error = table_out_add(out, json->text, json->length);
		return error ? error : table_out_add(out, "\"", 1);
	}
	shown->length = 0;
	error = record_fields_show(shown, json->text, json->length);
	return error ? error : csv_cell_add(out, shown->text, shown->length, row->style);
}

static int put_text(struct people_row *row, const char *text)
{
	int error;

	row->json.length = 0;
	error = record_values_add_text(&row->json, text);
	return error ? error : put_json(row);
}

/* Append WHAT of each of GROUP's records, with blanks between them. */
static int put_joined(struct people_row *row, const struct group *group, enum told what)
{
	struct table_out *json = &row->json;
	int error = 0;

	json->length = 0;
	for (size_t i = 0; i < group->count && !error; i++) {
		if (i)
			error = table_out_add(json, " ", 1);
		if (!error)
			error = add_told(json, group->vendor, group->records[i], what);
	}
	if (json->length + 1 == group->count)
		json->length = 0; /* none has any */
	return error ? error : put_json(row);
}

/* Append WHAT of each of GROUP's records as an array, or as one value. */
static int put_each(struct people_row *row, const struct group *group, enum told what)
{
	bool several = group->count > 1;
	int error = several ? table_out_add(row->out, "[", 1) : 0;

	for (size_t i = 0; i < group->count && !error; i++) {
		if (i)
			error = table_out_add(row->out, ",", 1);
		row->json.length = 0;
		if (!error)
			error = add_told(&row->json, group->vendor, group->records[i], what);
		if (!error)
			error = put_json(row);
	}
	return error || !several ? error : table_out_add(row->out, "]", 1);
}

/* ---- rows ---- */

/* Return the number of the person's last record, and one more. */
static size_t person_end(const struct people_row *row)
{
	return row->people->firsts[row->person + 1];
}

/* Return the person's next records, if they are at vendor number INDEX. */
static struct group take_group(struct people_row *row, size_t index)
{
	const struct people *people = row->people;
	struct group group = {&people->vendors[index], people->records + row->next, 0};

	while (row->next < person_end(row) && people->record_vendors[row->next] == index) {
		group.count++;
		row->next++;
	}
	return group;
}

static int put_email(struct people_row *row)
{
	const struct people *people = row->people;
	char *email = person_email(people->records + row->next, person_end(row) - row->next,
				   row->person < people->keyed);
	int error = email ? begin_cell(row, "email", NULL) : -ENOMEM;

	if (!error)
		error = put_text(row, email);
	free(email);
	return error;
}

static int put_name(struct people_row *row)
{
	const struct people *people = row->people;
	int error = begin_cell(row, "name", NULL);

	row->json.length = 0;
	for (size_t i = row->next; i < person_end(row) && !error && !row->json.length; i++)
		error = add_name_parts(&row->json, &people->vendors[people->record_vendors[i]],
				       people->records[i]);
	return error ? error : put_json(row);
}

static int put_vendor(struct people_row *row, size_t index)
{
	struct group group = take_group(row, index);
	const char *name = group.vendor->name;
	int error = 0;

	if (!group.vendor->users) {
		error = begin_cell(row, name, NULL);
		return error ? error : put_text(row, BY_HAND);
	}
	if (!row->style && !group.count)
		return 0;
	for (int what = 0; what < TOLD_COUNT && !error; what++) {
		error = begin_cell(row, name, told_names[what]);
		if (!error)
			error = row->style ? put_joined(row, &group, (enum told)what)
					   : put_each(row, &group, (enum told)what);
	}
	return error;
}

static int append_person(void *arg, size_t index, struct table_out *out)
{
	const struct people_table *table = arg;
	bool csv = table->format == TABLE_CSV;
	struct people_row row = {
	    .people = &table->people,
	    .style = csv ? &table->style : NULL,
	    .out = out,
	    .person = index,
	    .next = table->people.firsts[index],
	};
	int error = put_email(&row);

	if (!error)
		error = put_name(&row);
	for (size_t i = 0; i < table->people.vendor_count && !error; i++)
		error = put_vendor(&row, i);
	if (!error)
		error = csv ? csv_cell_end_row(out) : table_out_add(out, "}\n", 2);
	free(row.json.text);
	free(row.shown.text);
	return error;
}

/* ---- all ---- */

/* Append the cell NAME, or NAME.WHAT, of a header. */
static int add_head_cell(const struct people_table *table, struct table_out *head, const char *name,
			 const char *what)
{
	char *text = NULL;
	int length = what ? asprintf(&text, "%s.%s", name, what) : asprintf(&text, "%s", name);
	int error = length < 0 ? -ENOMEM : table_out_add(head, ",", 1);

	if (!error)
		error = csv_cell_add(head, text, (size_t)length, &table->style);
	if (length >= 0)
		free(text);
	return error;
}

static int add_head(const struct people_table *table, struct table_out *head)
{
	const struct people *people = &table->people;
	int error = csv_cell_begin(head, &table->style);

	if (!error)
		error = table_out_add(head, "email,name", strlen("email,name"));
	for (size_t i = 0; i < people->vendor_count && !error; i++) {
		const struct people_vendor *vendor = &people->vendors[i];

		if (!vendor->users)
			error = add_head_cell(table, head, vendor->name, NULL);
		for (int what = 0; vendor->users && what < TOLD_COUNT && !error; what++)
			error = add_head_cell(table, head, vendor->name, told_names[what]);
	}
	return error ? error : csv_cell_end_row(head);
}

void people_table_clear(struct people *people)
{
	for (size_t i = 0; i < people->vendor_count; i++) {
		snapshot_put(people->vendors[i].snapshot);
		snapshot_put(people->vendors[i].statuses);
	}
	free(people->vendors);
	free(people->records);
	free(people->record_vendors);
	free(people->firsts);
	memset(people, 0, sizeof(*people));
}

static void free_people_table(void *arg)
{
	struct people_table *table = arg;

	people_table_clear(&table->people);
	free(table);
}

struct table_text *people_table_new(struct people *people, enum table_format format,
				    const struct table_style *style)
{
	struct people_table *table = malloc(sizeof(*table));
	struct table_rows rows = {.append = append_person, .free = free_people_table};
	struct table_out head = {0};
	struct table_text *text = NULL;

	if (!table) {
		people_table_clear(people);
		return NULL;
	}
	*table = (struct people_table){.people = *people, .format = format};
	if (format == TABLE_CSV)
		table->style = *style;
	rows.arg = table;
	rows.count = people->count;
	if (format != TABLE_CSV || !add_head(table, &head))
		text = table_text_new(head.text, head.length, &rows);
	else
		free_people_table(table);
	free(head.text);
	return text;
}

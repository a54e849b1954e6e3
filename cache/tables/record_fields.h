/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record_fields.h - the fields in the text of a record (document/render.h), one after another.
 *
 * No tree is made. A text that render.h did not make must not come here. Pure functions over
 * borrowed text; nothing waits.
 */
#ifndef ROSTERFS_RECORD_FIELDS_H
#define ROSTERFS_RECORD_FIELDS_H

#include "cache/tables/table_text.h"

struct record;

enum record_field_kind {
	RECORD_FIELD_NULL,
	RECORD_FIELD_TEXT,
	RECORD_FIELD_WORD,  /* a number, true or false */
	RECORD_FIELD_ARRAY, /* with all that is in it */
	RECORD_FIELD_EMPTY, /* {} */
	RECORD_FIELD_OPEN,  /* a nested object begins: its fields follow */
	RECORD_FIELD_CLOSE, /* it ends; it has no key */
	RECORD_FIELD_END,   /* the record ends */
};

struct record_field {
	const char *key;   /* as JSON, without the quotes; the same for equal keys */
	const char *value; /* as render.h has it; of a text, without the quotes */
	size_t key_length, length;
	enum record_field_kind kind;
	bool escaped; /* a text has a backslash in it */
};

/* Where the next field is. */
struct record_fields {
	const char *at, *end;
	size_t depth; /* of objects that are open */
};

/* Begin before the first field of RECORD. */
void record_fields_begin(struct record_fields *fields, const struct record *record);

/* Set FIELD to the next field; after RECORD_FIELD_END, do not call it again. */
void record_fields_next(struct record_fields *fields, struct record_field *field);

/*
 * Set FIELD to the member of RECORD on its top level that has KEY (LENGTH bytes of JSON, without
 * quotes). The value of an object is all of it. Return false if there is none.
 */
bool record_fields_find(const struct record *record, const char *key, size_t length,
			struct record_field *field);

/* After FIELD has opened an object, move behind the object. FIELD's value is then all of it. */
void record_fields_skip(struct record_fields *fields, struct record_field *field);

/*
 * Append TEXT (LENGTH bytes of JSON, without quotes) to OUT as a person reads it: without escapes,
 * except that a NUL stays \u0000 and half a surrogate pair stays \ud83d, because they cannot stand
 * in UTF-8 text. Return 0 or -ENOMEM.
 */
int record_fields_show(struct table_out *out, const char *text, size_t length);

#endif

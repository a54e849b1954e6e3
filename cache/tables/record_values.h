/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record_values.h - the values at a pointer (vendors/json/pointer.h) in a record, as one text.
 *
 * Only the member on the top level that the pointer leads through is parsed, and only if it is an
 * object or an array. Pure functions; nothing waits.
 */
#ifndef ROSTERFS_RECORD_VALUES_H
#define ROSTERFS_RECORD_VALUES_H

#include "cache/tables/table_text.h"

struct record;
struct snapshot;

/*
 * Append the values at POINTER in RECORD to OUT, as JSON without quotes, with a blank before each
 * if OUT has something behind BEGIN. The elements of an array count as values, and of values: texts
 * that are not empty, numbers, and true, which stands for the name of its field. Return 0 or
 * -ENOMEM.
 */
int record_values_add(struct table_out *out, size_t begin, const struct record *record,
		      const char *pointer);

/*
 * Return the status word of RECORD: that of the record with its id in STATUSES, or ABSENT if there
 * is none. NULL for STATUSES: RECORD's own.
 */
const char *record_values_status(const struct record *record, const struct snapshot *statuses,
				 const char *absent);

/* Append ID (id_text.h) as record_values_add_text appends a text. Returns 0 or -ENOMEM. */
int record_values_add_id(struct table_out *out, const char *id);

/*
 * Append TEXT, in which NUL bytes and halves of surrogate pairs are as in vendors/base/address.h,
 * to OUT as JSON without quotes. Return 0 or -ENOMEM.
 */
int record_values_add_text(struct table_out *out, const char *text);

#endif

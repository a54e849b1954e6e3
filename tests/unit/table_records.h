/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table_records.h - snapshots for the tests of tables.
 */
#ifndef ROSTERFS_TESTS_TABLE_RECORDS_H
#define ROSTERFS_TESTS_TABLE_RECORDS_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cache/record/snapshot.h"
#include "vendors/json/exact_parse.h"
#include "vendors/vendor.h"

static const struct timespec table_records_when = {1700000000, 0};

/* What the collections of these tests have in common, for their initializers. */
static const char *const table_records_ids[] = {"id", NULL};
static const char *const table_records_emails[] = {"email", NULL};
static const char *const table_records_times[] = {NULL};
static const struct field table_records_fields[] = {{NULL, 0}};
#define TABLE_RECORDS_USERS                                                                        \
	.name = "users", .id_keys = table_records_ids, .email_keys = table_records_emails,         \
	.time_keys = table_records_times, .fields = table_records_fields

/* Return a snapshot of COUNT records with the texts JSONS and the ids "0" and so on. */
static struct snapshot *table_records_snapshot(const struct collection *collection,
					       const char *const *jsons, size_t count)
{
	struct snapshot_builder builder;
	struct snapshot *snapshot;

	snapshot_begin(&builder, NULL);
	for (size_t i = 0; i < count; i++) {
		json_t *object = exact_parse(jsons[i], strlen(jsons[i]), 0, NULL);
		struct record *record;
		char id[24];

		assert_non_null(object);
		snprintf(id, sizeof(id), "%zu", i);
		record = record_new(collection, id, object, table_records_when);
		assert_non_null(record);
		assert_int_equal(snapshot_add(&builder, record), 0);
		json_decref(object);
	}
	snapshot = snapshot_end(&builder, table_records_when);
	assert_non_null(snapshot);
	return snapshot;
}

#endif

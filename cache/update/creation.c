/* SPDX-License-Identifier: Apache-2.0 */
/*
 * creation.c - see creation.h.
 */
#include "cache/update/creation.h"

#include "cache/document/alike.h"
#include "cache/document/merge.h"
#include "cache/record/record.h"
#include "cache/roster/known.h"
#include "cache/roster/presence.h"
#include "cache/roster/publish.h"
#include "vendors/base/log.h"
#include "vendors/json/exact_print.h"
#include "vendors/rest/collection.h"

#include <stdint.h>
#include <stdlib.h>

void creation_keep(struct creation *creation, json_t *record)
{
	if (!record)
		return;
	json_decref(creation->made);
	creation->made = json_incref(record);
}

void creation_show(struct creation *creation)
{
	struct record *record = NULL, *held;
	struct timespec when;
	double seconds;

	clock_gettime(CLOCK_REALTIME, &when);
	known_peek(creation->roster, creation->id, &held, &seconds);
	if (creation->made && !creation->settled)
		record = record_new(creation->collection, creation->id, creation->made, when);
	if (record) {
		record->row = true; /* a GET may show more */
		publish_record(creation->roster, record);
	}
	if (record || held)
		presence_note_made(creation->roster, record ? record : held);
	record_put(record);
	record_put(held);
}

void creation_log_normalised(const struct creation *creation)
{
	const char *name;
	json_t *value;

	json_object_foreach(creation->wanted, name, value) {
		const json_t *made = json_object_get(creation->made, name);
		char *path = (char *)(uintptr_t)name, *text;

		if (!made || collection_hides(creation->collection, NULL, &path, 1) ||
		    merge_same(value, made) || !alike(value, made))
			continue;
		text = exact_print_text(made, 0);
		log_call(creation->call, "the vendor made %.100s of \"%s\"", text ? text : "?",
			 name);
		free(text);
	}
}

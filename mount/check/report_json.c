/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report_json.c - see report_json.h.
 *
 * rosterfs(1) documents the members. All are always there; null means that it is not known.
 */
#include "mount/check/report_json.h"

#include "vendors/ini/faults.h"
#include "vendors/json/exact_print.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

#include <stdlib.h>
#include <string.h>

/* Return TEXT as a string. What is not ASCII becomes question marks if it is not UTF-8. */
static json_t *words_of(const char *text)
{
	json_t *string = json_string(text);
	char *copy = string ? NULL : strdup(text);

	if (!copy)
		return string;
	for (char *at = copy; *at; at++) {
		if ((unsigned char)*at >= 0x80)
			*at = '?';
	}
	string = json_string(copy);
	free(copy);
	return string;
}

static json_t *lines_of(const struct facts_lines *lines)
{
	json_t *array = json_array();

	for (size_t i = 0; i < lines->count; i++)
		(void)json_array_append_new(array, words_of(lines->list[i]));
	return array;
}

static json_t *users_of(const struct facts *facts)
{
	if (!facts->counted)
		return json_null();
	return json_pack("{s:I, s:I, s:I, s:I, s:I}", "total", (json_int_t)facts->total, "active",
			 (json_int_t)facts->active, "inactive", (json_int_t)facts->inactive,
			 "others", (json_int_t)facts->others, "none", (json_int_t)facts->none);
}

static json_t *abilities_of(const struct facts *facts)
{
	json_t *object = json_object();

	for (enum ability_kind kind = 0; kind < ABILITIES; kind++) {
		const struct ability *ability = &facts->abilities[kind];

		(void)json_object_set_new(object, ability_name(kind),
					  json_pack("{s:b, s:o}", "value", ability->can, "reason",
						    ability->can ? json_null()
								 : words_of(ability->why)));
	}
	return object;
}

/* Return the names of the fields that are never shown. */
static json_t *hidden_of(const struct facts *facts)
{
	const struct collection *users = facts->account->vendor->users;
	json_t *array = json_array();

	for (const struct field *field = users ? users->fields : NULL; field && field->name;
	     field++) {
		if (field->flags & (FIELD_CONFIDENTIAL | FIELD_WRITE_ONLY))
			(void)json_array_append_new(array, words_of(field->name));
	}
	return array;
}

static void end(struct report *report, const struct facts *facts)
{
	struct report_json *json = (struct report_json *)report;
	json_t *vendor = json_pack("{s:o, s:s, s:b, s:b, s:o, s:o, s:o, s:o, s:b, s:o, s:o, s:o}",
				   "vendor", words_of(facts->account->name), "type",
				   facts->account->vendor->type, "ok", !facts->failed, "by_hand",
				   facts->by_hand, "errors", lines_of(&facts->errors), "warnings",
				   lines_of(&facts->warnings), "self",
				   facts->self ? words_of(facts->self) : json_null(), "pages",
				   facts->listed && facts->pages ? json_integer(facts->pages)
								 : json_null(),
				   "whole", facts->listed && !facts->quick, "users",
				   users_of(facts), "can", abilities_of(facts), "hidden",
				   hidden_of(facts));

	json->failed = json_array_append_new(json->vendors, vendor) || json->failed;
}

void report_json_init(struct report_json *json)
{
	*json = (struct report_json){.report.end = end,
				     .vendors = json_array(),
				     .errors = json_array()};
}

static void add_error(struct report_json *json, json_t *file, json_t *line, const char *words)
{
	json_t *error = json_pack("{s:o, s:o, s:o}", "file", file, "line", line, "words",
				  words_of(words));

	json->failed = json_array_append_new(json->errors, error) || json->failed;
}

void report_json_error(struct report_json *json, const char *words)
{
	add_error(json, json_null(), json_null(), words);
}

void report_json_faults(struct report_json *json, const struct faults *faults)
{
	for (size_t i = 0; i < faults->count; i++) {
		const struct fault *fault = &faults->list[i];

		add_error(json, words_of(fault->file),
			  fault->line ? json_integer(fault->line) : json_null(), fault->words);
	}
	if (faults->more)
		report_json_error(json, "there are more errors");
	if (faults->no_memory)
		report_json_error(json, "out of memory");
}

void report_json_shared(struct report_json *json, bool ok, const char *words)
{
	json->shared = json_pack("{s:b, s:o}", "ok", ok, "words",
				 words ? words_of(words) : json_null());
	json->failed = !json->shared || json->failed;
}

bool report_json_print(struct report_json *json, bool ok, FILE *out)
{
	json_t *document = json_pack("{s:b, s:o, s:o, s:o}", "ok", ok, "errors", json->errors,
				     "shared", json->shared ? json->shared : json_null(), "vendors",
				     json->vendors);
	char *text = document && !json->failed
			 ? exact_print_text(document, EXACT_PRINT_INDENT | EXACT_PRINT_NEWLINE)
			 : NULL;

	if (text)
		fputs(text, out);
	free(text);
	json_decref(document);
	return text != NULL;
}

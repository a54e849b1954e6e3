/* SPDX-License-Identifier: Apache-2.0 */
/*
 * input.c - see input.h.
 */
#include "cache/update/input.h"

#include "cache/document/document.h"
#include "cache/document/merge.h"
#include "cache/document/restore.h"
#include "cache/history/history.h"
#include "vendors/base/call.h"
#include "vendors/base/limits.h"
#include "vendors/base/log.h"
#include "vendors/json/exact.h"
#include "vendors/json/exact_parse.h"
#include "vendors/json/exact_print.h"
#include "vendors/rest/collection.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

json_t *input_parse(struct call *call, const char *text, size_t length)
{
	struct document scanner;
	struct exact_parse_error error;
	json_t *document;

	/* a rename refuses what a write() refuses */
	document_init(&scanner);
	document_feed(&scanner, text, length);
	document = exact_parse(text, length, EXACT_PARSE_NO_REPEATS, &error);
	if (document && scanner.state == DOCUMENT_WHOLE)
		return document;
	if (scanner.why)
		call_fail(call, CALL_INVALID, "%s", scanner.why);
	else if (!document && error.no_memory)
		call_no_memory(call);
	else if (document)
		call_fail(call, CALL_INVALID, "not a JSON object");
	else
		call_fail(call, CALL_INVALID,
			  "not a complete JSON document: line %zu, column %zu: %s", error.line,
			  error.column, error.words);
	json_decref(document);
	return NULL;
}

/* Return true if a text in VALUE names a version of the history. */
static bool names_history(const json_t *value)
{
	json_t *below;
	const char *name;
	size_t i;

	if (json_is_string(value) && exact_string(value))
		return history_names(exact_string(value));
	json_object_foreach((json_t *)(uintptr_t)value, name, below) {
		if (names_history(below))
			return true;
	}
	json_array_foreach(value, i, below) {
		if (names_history(below))
			return true;
	}
	return false;
}

int input_check_stamps(struct call *call, const json_t *document)
{
	if (!names_history(document))
		return 0;
	return call_fail(call, CALL_CONFLICT,
			 "the document undoes a write to another kind of record; nothing was sent");
}

static void log_restored(struct call *call, const struct restored *restored)
{
	log_call(call,
		 "\"%s\" in the document (%zu such in all) is the vendor's value as a tool rounds "
		 "it, or with U+FFFD in place of half a surrogate pair: taken as unchanged%s",
		 restored->path ? restored->path : "?", restored->count,
		 restored->nulls ? "; so is null for a number that is too large for a tool: to "
				   "clear that, save 0 there first, and then null"
				 : "");
}

static int fail_doubtful(struct call *call, const char *name)
{
	return call_fail(
	    call, CALL_CONFLICT,
	    "an element of \"%s\" was rounded, as jq and JavaScript do, and it is not certain "
	    "which of the vendor's it is; nothing was sent; edit the file with a tool "
	    "that keeps all digits, or save [] there first, and then the new list",
	    name);
}

int input_restore(struct call *call, const json_t *base, json_t *document, bool *told)
{
	struct restored restored = {0};
	int error = restore_document(base, document, &restored);

	if (error == -EINVAL)
		error = fail_doubtful(call, restored.doubt ? restored.doubt : "?");
	else if (error)
		call_no_memory(call);
	if (!error && restored.count && !*told) {
		*told = true;
		log_restored(call, &restored);
	}
	restore_clear(&restored);
	return error;
}

static int fail_unpaired(struct call *call, const char *name)
{
	return call_fail(call, CALL_INVALID,
			 "\"%s\" has half a surrogate pair (\\udXXX) that the vendor's record "
			 "does not have there",
			 name);
}

int input_check_edits(struct call *call, const struct merge *merge)
{
	const struct edit *edit = restore_find_unpaired(merge);
	char *path;

	if (!edit)
		return 0;
	path = merge_path(edit);
	fail_unpaired(call, path ? path : "?");
	free(path);
	return -EINVAL;
}

int input_check_text(struct call *call, const json_t *document)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)document, name, value) {
		if (exact_is_unpaired_key(name) || restore_brings_unpaired(value, NULL))
			return fail_unpaired(call, exact_key_words(name));
	}
	return 0;
}

int input_check_size(struct call *call, const json_t *record)
{
	if (exact_print_fits(record, EXACT_PRINT_INDENT | EXACT_PRINT_NEWLINE, LIMITS_TEXT_MAX))
		return 0;
	return call_fail(call, CALL_TOO_LARGE,
			 "the record would take more than " LIMITS_TEXT_WORDS
			 " as a file: nothing was sent");
}

int input_check_required(struct call *call, const struct collection *collection,
			 const json_t *document)
{
	const struct field *field = collection->fields;
	const unsigned hidden = FIELD_REQUIRED | FIELD_WRITE_ONLY;

	for (; field->name; field++) {
		const json_t *value = collection_value(document, field->name);
		unsigned flags = collection_field_flags(field);
		char words[COLLECTION_WORDS_MAX];

		if ((flags & hidden) == hidden && json_is_null(value))
			return call_fail(call, CALL_INVALID,
					 "\"%s\" is required: it cannot be cleared",
					 collection_words(field->name, words));
		if ((flags & FIELD_EACH_TIME) && (flags & FIELD_WRITE_ONLY) && !value)
			return call_fail(call, CALL_INVALID,
					 "the document must always have \"%s\": the vendor never "
					 "shows it, and would forget it",
					 collection_words(field->name, words));
	}
	return 0;
}

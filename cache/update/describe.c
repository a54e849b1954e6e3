/* SPDX-License-Identifier: Apache-2.0 */
/*
 * describe.c - see describe.h.
 */
#include "cache/update/describe.h"

#include "cache/document/merge.h"
#include "cache/history/attempt.h"
#include "cache/update/change.h"
#include "vendors/base/call.h"
#include "vendors/base/log.h"
#include "vendors/base/status_words.h"
#include "vendors/json/exact_print.h"
#include "vendors/rest/account.h"
#include "vendors/rest/collection.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Return VALUE, which stands where EDIT is, without what must not be shown: a new reference, or
 * NULL. */
static json_t *shown_value(const struct change *change, const struct edit *edit,
			   const json_t *value)
{
	const unsigned hidden = FIELD_WRITE_ONLY | FIELD_CONFIDENTIAL;
	json_t *shown;

	if (!value || !collection_has_below(change->collection, edit->path, edit->depth, hidden))
		return json_incref((json_t *)(uintptr_t)value);
	shown = json_deep_copy(value);
	collection_hide_below(change->collection, edit->path, edit->depth, shown);
	return shown;
}

char *describe_value(const struct change *change, const struct edit *edit, const json_t *value)
{
	json_t *shown;
	char *text;

	if (change_flags(change, edit) & (FIELD_WRITE_ONLY | FIELD_CONFIDENTIAL) ||
	    attempt_tells(change_account(change), value))
		return strdup("(set)");
	shown = shown_value(change, edit, value);
	text = exact_print_brief(shown);
	json_decref(shown);
	return text;
}

char *describe_change(const struct change *change)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (size_t i = 0; i < change->merge.count; i++) {
		const struct edit *edit = &change->merge.edits[i];
		char *path = merge_path(edit);
		char *before = describe_value(change, edit,
					      merge_value(edit, change_before(change)));
		char *after = describe_value(change, edit, edit->after);

		fprintf(out, "%s%s: %s -> %s", i ? ", " : "", path ? path : "?",
			before ? before : "?", after ? after : "?");
		free(path);
		free(before);
		free(after);
	}
	fclose(out);
	return text;
}

void describe_remains(const struct change *change, const json_t *record)
{
	const char *remains = change_account(change)->vendor->remains;
	char before_word[STATUS_MAP_MAX], after_word[STATUS_MAP_MAX];
	const char *before = change_status(change, change_before(change), before_word);
	const char *after = change_status(change, record, after_word);

	if (remains && after && strcmp(after, STATUS_INACTIVE) == 0 &&
	    (!before || strcmp(before, after) != 0))
		log_call(change->call, "what remains to be done: %s", remains);
}

bool describe_is_news(const struct change *change, const struct edit *edit)
{
	return (change_flags(change, edit) & FIELD_WRITE_ONLY) ||
	       merge_state(edit, change_before(change)) != MERGE_NEW;
}

json_t *describe_fields(const struct change *change)
{
	json_t *fields = change->merge.count ? json_array() : NULL;

	for (size_t i = 0; fields && i < change->merge.count; i++) {
		const struct edit *edit = &change->merge.edits[i];
		unsigned flags = change_flags(change, edit);
		const json_t *before = merge_value(edit, change_before(change));
		json_t *after = shown_value(change, edit, edit->after);
		char *path = merge_path(edit);

		/* a field that is never shown may have had a value */
		if (flags & FIELD_WRITE_ONLY)
			before = edit->after;
		if (describe_is_news(change, edit))
			attempt_field(fields, path ? path : "?", flags, before, after);
		json_decref(after);
		free(path);
	}
	for (size_t i = 0; fields && i < change->lost.count; i++) {
		const struct edit *edit = &change->lost.edits[i];
		char *path = merge_path(edit);

		attempt_field(fields, path ? path : "?", change_flags(change, edit), edit->before,
			      edit->after);
		free(path);
	}
	return fields;
}

/* Set the member at EDIT's path in DOCUMENT to VALUE, which is taken. */
static void set_member(json_t *document, const struct edit *edit, json_t *value)
{
	for (size_t i = 0; i + 1 < edit->depth; i++) {
		json_t *below = json_object_get(document, edit->path[i]);

		if (!below) {
			below = json_object();
			json_object_set_new(document, edit->path[i], below);
		}
		document = below;
	}
	json_object_set_new(document, edit->path[edit->depth - 1], value);
}

/* Return true if a request has deleted the record, or ended a status that no word restores, and no
 * document may. */
static bool is_final(const struct change *change)
{
	char buffer[STATUS_MAP_MAX];
	const char *before = change->request ? change_status(change, change_before(change), buffer)
					     : NULL;

	return change->gone || (before && strcmp(before, STATUS_ACTIVE) != 0 &&
				strcmp(before, STATUS_INACTIVE) != 0);
}

json_t *describe_undo(const struct change *change)
{
	json_t *undo = json_object();

	for (size_t i = 0; i < change->merge.count; i++) {
		const struct edit *edit = &change->merge.edits[i];
		json_t *before = merge_value(edit, change_before(change));

		if (change_is_hidden(change, edit) || !describe_is_news(change, edit) ||
		    is_final(change))
			continue;
		set_member(undo, edit, before ? json_deep_copy(before) : json_null());
	}
	for (size_t i = 0; i < change->lost.count; i++)
		set_member(undo, &change->lost.edits[i],
			   json_deep_copy(change->lost.edits[i].before));
	if (json_object_size(undo))
		return undo;
	json_decref(undo);
	return NULL;
}

/* Return a copy of what EDIT wants, without what must not be shown. */
static json_t *shown_copy(const struct change *change, const struct edit *edit)
{
	json_t *shown = shown_value(change, edit, edit->after), *copy = json_deep_copy(shown);

	json_decref(shown);
	return copy;
}

json_t *describe_accepted(const struct change *change)
{
	json_t *accepted = json_object();

	for (size_t i = 0; i < change->merge.count; i++) {
		const struct edit *edit = &change->merge.edits[i];

		if (!change_is_hidden(change, edit))
			set_member(accepted, edit, shown_copy(change, edit));
	}
	return accepted;
}

int describe_conflict(struct change *change, const struct edit *edit)
{
	char *path = merge_path(edit);
	char *theirs = describe_value(change, edit, merge_value(edit, change->fresh));
	char *ours = describe_value(change, edit, edit->after);
	int error =
	    call_fail(change->call, CALL_CONFLICT,
		      "\"%s\" was changed on both sides: %s at the vendor, %s in the document; "
		      "nothing %s sent; read the file again and repeat the edit",
		      path ? path : "?", theirs ? theirs : "?", ours ? ours : "?",
		      change->first ? "else was" : "was");

	free(path);
	free(theirs);
	free(ours);
	return error;
}

void describe_emptied(const struct change *change)
{
	for (size_t i = 0; i < change->lost.count; i++) {
		char *path = merge_path(&change->lost.edits[i]);

		log_call(
		    change->call,
		    "\"%s\" was not edited, and the vendor shows it empty since the change; if "
		    "that is wrong, put the value back",
		    path ? path : "?");
		free(path);
	}
}

int describe_lost(struct change *change)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return call_no_memory(change->call);
	for (size_t i = 0; i < change->lost.count; i++) {
		char *path = merge_path(&change->lost.edits[i]);

		fprintf(out, "%s\"%s\"", i ? ", " : "", path ? path : "?");
		free(path);
	}
	fclose(out);
	call_fail(
	    change->call, CALL_OVERDONE,
	    "the change was made, and the vendor has emptied what it left out: %s; [update] of "
	    "the description must send {record} in place of {changes}",
	    text);
	free(text);
	return -change->call->error;
}

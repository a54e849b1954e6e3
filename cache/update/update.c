/* SPDX-License-Identifier: Apache-2.0 */
/*
 * update.c - see update.h.
 *
 * Finds the edits that a document means, and checks that they are allowed. apply.c sends them;
 * edit_base.c knows which version the document was read from.
 */
#include "cache/update/update.h"

#include "cache/document/content.h"
#include "cache/document/merge.h"
#include "cache/history/attempt.h"
#include "cache/history/guard.h"
#include "cache/history/history.h"
#include "cache/history/trust.h"
#include "cache/record/record.h"
#include "cache/record/versions.h"
#include "cache/roster/known.h"
#include "cache/roster/roster.h"
#include "cache/update/apply.h"
#include "cache/update/change.h"
#include "cache/update/edit_base.h"
#include "cache/update/edit_check.h"
#include "cache/update/input.h"
#include "cache/update/self_guard.h"
#include "cache/update/setback.h"
#include "cache/update/status_field.h"
#include "vendors/base/call.h"
#include "vendors/base/limits.h"
#include "vendors/base/process.h"
#include "vendors/base/status_words.h"
#include "vendors/json/exact.h"
#include "vendors/json/json_heap.h"
#include "vendors/rest/account.h"
#include "vendors/rest/collection.h"
#include "vendors/rest/status_map.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct document_plan {
	json_t *document; /* without its stamp */
	char *stamp;      /* or NULL */
	struct versions_process process;
	bool restored; /* the log says that a tool had rounded something */
	json_t *left;  /* the base with the document's edits, for the process's next save */
};

/*
 * Return the word for the status that the record has with the edits, in BUFFER, or NULL: it has
 * none.
 */
static const char *wanted_status(const struct change *change, char buffer[STATUS_MAP_MAX])
{
	json_t *record = json_deep_copy(change->fresh);
	const struct edit *conflict;
	const char *word = NULL;

	if (record && !merge_apply(&change->merge, record, true, &conflict))
		word = change_status(change, record, buffer);
	if (word && word != buffer)
		snprintf(buffer, STATUS_MAP_MAX, "%s", word);
	json_decref(record);
	return word ? buffer : NULL;
}

/*
 * Check that a document does not reactivate a leaver unless it is certainly newer than the
 * deactivation. Returns 0 or -ESTALE.
 */
static int check_reactivation(struct change *change, const struct edit_base *base)
{
	char now_word[STATUS_MAP_MAX], wanted_word[STATUS_MAP_MAX];
	const char *now = change_status(change, change->fresh, now_word);
	const char *wanted = wanted_status(change, wanted_word);

	if (!now || !wanted || strcmp(now, wanted) == 0 || strcmp(wanted, STATUS_ACTIVE) != 0)
		return 0;
	if (!status_map_may_activate(change->collection, change->fresh))
		return change_fail_other(change, now);
	for (size_t i = 0; i < change->merge.count; i++) {
		if (change_is_of_status(change, &change->merge.edits[i]) && !base->is_newest)
			return call_fail(
			    change->call, CALL_CONFLICT,
			    "the user is %s at the vendor, and the document, which says "
			    "active, may have been read before that; write active to the status "
			    "file if that is what you want",
			    now);
	}
	return 0;
}

/*
 * Return the word for the status that DOCUMENT states, or NULL: it leaves the status out, which is
 * no word even if records without it have one.
 */
static const char *stated_status(const struct change *change, const json_t *document,
				 char buffer[STATUS_MAP_MAX])
{
	const char *key = change->collection->status_key;

	return key && collection_value(document, key) ? change_status(change, document, buffer)
						      : NULL;
}

/*
 * Refuse a document whose status is no edit, but differs from the vendor's: the user may want it,
 * or have an old copy. Returns 0 or -ESTALE.
 */
static int check_stated_status(struct change *change)
{
	const struct document_plan *plan = change->arg;
	const char *key = change->collection->status_key;
	char now_word[STATUS_MAP_MAX], stated_word[STATUS_MAP_MAX], words[COLLECTION_WORDS_MAX];
	const char *now = change_status(change, change->fresh, now_word);
	const char *stated = stated_status(change, plan->document, stated_word);

	if (!now || !stated || strcmp(now, stated) == 0)
		return 0;
	for (size_t i = 0; i < change->merge.count; i++) {
		if (change_is_of_status(change, &change->merge.edits[i]))
			return 0;
	}
	return call_fail(
	    change->call, CALL_CONFLICT,
	    "\"%s\" in the document is %s, as in the version that it is based on, but the "
	    "user is %s at the vendor now; nothing was sent; read the file again, or write the "
	    "status to the status file",
	    collection_words(key, words), stated, now);
}

/* Keep what the process's next save will be compared with. */
static int keep_left(struct change *change, const struct edit_base *base)
{
	struct document_plan *plan = change->arg;
	const struct edit *conflict;

	json_decref(plan->left);
	plan->left = json_deep_copy(base->record);
	if (!plan->left || merge_apply(&change->merge, plan->left, true, &conflict))
		return call_no_memory(change->call);
	collection_hide(change->collection, plan->left);
	return 0;
}

/*
 * Find the base of a document that names a version in the history, as those do that undo a write.
 */
static int edit_base_in_history(struct change *change, const char *stamp, struct edit_base *base)
{
	struct history *history = guard_history(change->guard);
	json_t *version = NULL;

	if (history)
		version = history_version(history, stamp, roster_name(change->roster), change->id,
					  HISTORY_AFTER);
	if (!version)
		return call_fail(change->call, CALL_CONFLICT,
				 "the document undoes a write that is not in this mount's "
				 "history (any more), or that changed another record; nothing "
				 "was sent");
	edit_base_take(change->roster, version, change->fresh, base);
	return 0;
}

/*
 * Restore in the document what a tool has rounded. It has read BASE, or the document in the
 * history, which may differ from its base by no more than rounding does.
 */
static int restore_plan(struct change *change, const json_t *base)
{
	struct document_plan *plan = change->arg;
	struct history *history = guard_history(change->guard);
	json_t *undo = NULL;
	int error;

	if (history && plan->stamp)
		undo = history_version(history, plan->stamp, roster_name(change->roster),
				       change->id, HISTORY_UNDO);
	error = input_restore(change->call, undo ? undo : base, plan->document, &plan->restored);
	json_decref(undo);
	return error;
}

/*
 * Refuse a document with the id of another record, such as a copy of its file, whatever version it
 * names.
 */
static int check_id(const struct change *change, const json_t *document)
{
	const struct collection *collection = change->collection;
	const char *key = collection->id_keys[0], *id;
	char buffer[COLLECTION_ID_MAX], words[COLLECTION_WORDS_MAX];
	json_t *fields;

	id = collection->single ? NULL : collection_id(collection, document, buffer);
	if (!id || strcmp(id, change->id) == 0)
		return 0;
	fields = json_array();
	if (fields)
		attempt_field(fields, collection_words(key, words), 0,
			      collection_value(change->fresh, key),
			      collection_value(document, key));
	attempt_set_fields(change->attempt, fields);
	return edit_check_fail_assigned(change->call, collection_words(key, words));
}

static int plan_document(struct change *change)
{
	struct document_plan *plan = change->arg;
	struct edit_base base = {0};
	int error = check_id(change, plan->document);

	if (error)
		return error;
	if (plan->stamp && history_names(plan->stamp))
		error = edit_base_in_history(change, plan->stamp, &base);
	else
		error = edit_base_find(change->call, change->roster, change->id, &plan->process,
				       plan->stamp, plan->document, change->fresh, &base);
	if (error)
		return error;
	error = restore_plan(change, base.record);
	if (!error && merge_diff(base.record, plan->document, &change->merge))
		error = call_no_memory(change->call);
	/* a document that undoes a write has what the vendor had before it */
	if (!error && !(plan->stamp && history_names(plan->stamp)))
		error = input_check_edits(change->call, &change->merge);
	for (size_t i = 0; !error && i < change->merge.count; i++)
		error = edit_check(change, &change->merge.edits[i]);
	if (!error)
		error = edit_base_check_doubts(change->call, &base, &change->merge);
	if (!error)
		error = check_reactivation(change, &base);
	if (!error)
		error = check_stated_status(change);
	/* a document that repeats a save of its process is allowed as that was */
	if (!error && !plan->stamp && !base.saved_before)
		error = setback_check(change, plan->document);
	if (!error)
		error = keep_left(change, &base);
	edit_base_clear(&base);
	return error;
}

/*
 * Check a stamp that is neither a text nor a number: it names no version, and must be what the
 * record shows. Returns 0 or -EPERM.
 */
static int check_stamp(const struct attempt *attempt, const json_t *document)
{
	const char *key = roster_collection(attempt->roster)->stamp_key;
	const json_t *stamp = key ? collection_value(document, key) : NULL;
	char words[COLLECTION_WORDS_MAX];
	struct record *held;
	double seconds;
	json_t *shown;
	bool same;

	if (!stamp || exact_is_string(stamp) || exact_is_number(stamp))
		return 0;
	known_peek(attempt->roster, attempt->id, &held, &seconds);
	shown = held ? record_json(held) : NULL;
	same = shown && merge_same(collection_value(shown, key), stamp);
	json_decref(shown);
	record_put(held);
	return same ? 0 : edit_check_fail_assigned(attempt->call, collection_words(key, words));
}

/* Remove the stamp at KEY from DOCUMENT, and objects that are empty then. */
static void remove_stamp(json_t *document, const char *key)
{
	char *above = strdup(key), *end;

	collection_remove(document, key);
	while (above && (end = strrchr(above, '/')) && end != above) {
		const json_t *value;

		*end = '\0';
		value = collection_value(document, above);
		if (!json_is_object(value) || json_object_size(value))
			break;
		collection_remove(document, above);
	}
	free(above);
}

/* Check that the vendor's table has an update of records, and that it may be used. */
static int check_update(const struct attempt *attempt)
{
	const struct collection *collection = roster_collection(attempt->roster);
	const struct rule_update *update = collection->update;

	if (update)
		return trust_check(attempt->call, attempt->account, &update->request);
	if (!collection->listing || collection->put)
		return 0;
	return call_fail(attempt->call, CALL_UNSUPPORTED,
			 "the vendor's description has no update of %s: documents are read-only",
			 collection->name);
}

/*
 * Name the version in the history that TEXT undoes, if the vendor's records have no place for such
 * a name: a copy of an undo.json is known by its text. A status is restored by its file.
 */
static void name_undo(const struct attempt *attempt, const char *text, size_t length,
		      struct document_plan *plan)
{
	const struct collection *collection = roster_collection(attempt->roster);
	struct history *history = guard_history(attempt->guard);

	if (history && !plan->stamp && !collection->stamp_key &&
	    !(collection->status_key && collection_value(plan->document, collection->status_key)))
		plan->stamp = history_name_of_undo(history, roster_name(attempt->roster),
						   attempt->id, text, length);
}

/* Parse and check TEXT, and fill PLAN. Returns 0 or a negative errno. */
static int read_document(struct attempt *attempt, const char *text, size_t length,
			 struct document_plan *plan)
{
	struct call *call = attempt->call;
	const char *key = roster_collection(attempt->roster)->stamp_key, *stamp;
	char buffer[CONTENT_STAMP_MAX];
	int error = guard_writable(attempt->guard, call, attempt->account);

	if (!error)
		error = check_update(attempt);
	if (error)
		return error;
	if (length > LIMITS_TEXT_MAX)
		return call_fail(call, CALL_TOO_LARGE,
				 "a document may have at most " LIMITS_TEXT_WORDS);
	plan->document = input_parse(call, text, length);
	if (!plan->document)
		return -call->error;
	error = check_stamp(attempt, plan->document);
	if (!error)
		error = input_check_required(call, roster_collection(attempt->roster),
					     plan->document);
	if (error)
		return error;
	stamp = content_stamp(roster_collection(attempt->roster), plan->document, buffer);
	if (stamp)
		plan->stamp = strdup(stamp);
	if (stamp && !plan->stamp)
		return call_no_memory(call);
	if (key)
		remove_stamp(plan->document, key);
	name_undo(attempt, text, length, plan);
	plan->process.pid = call->pid;
	plan->process.started = process_start(call->pid);
	return input_check_stamps(call, plan->document);
}

/* Remember this save: the next one of PLAN's process from the same version is compared with it. */
static void keep_save(struct change *change, const struct document_plan *plan)
{
	struct earlier_save save = {.collection = change->collection,
				    .merge = &change->merge,
				    .document = plan->left,
				    .left = change->result,
				    .number = change->attempt->number};

	edit_base_keep(change->roster, change->id, &plan->process, plan->stamp, &save,
		       !change->sent);
}

/* Return true if DOCUMENT changes the status, as far as is known before the GET. */
static bool changes_status(const struct change *change, const json_t *document)
{
	char word[STATUS_MAP_MAX];
	const char *stated = stated_status(change, document, word);
	struct record *held;
	double seconds;
	bool differs;

	known_peek(change->roster, change->id, &held, &seconds);
	differs = stated && held && strcmp(record_status(held), stated) != 0;
	record_put(held);
	return differs;
}

static int save_document(struct attempt *attempt, struct document_plan *plan)
{
	struct change change;
	int error;

	change_begin(&change, attempt);
	change.plan = plan_document;
	change.reapply = status_field_reapply;
	change.arg = plan;
	if (changes_status(&change, plan->document))
		self_guard_learn(change.call, change.roster);
	error = apply_finish(&change, apply_change(&change));
	if (!error && (change.sent || attempt->idle) && plan->left && change.merge.count)
		keep_save(&change, plan);
	change_clear(&change);
	return error;
}

int update_document(struct call *call, struct roster *roster, struct guard *guard, const char *id,
		    const char *text, size_t length)
{
	struct document_plan plan = {0};
	struct attempt attempt;
	int error;

	/* the document may have a password */
	json_heap_wipe(true);
	attempt_begin(&attempt, call, guard, roster, "update", id);
	error = read_document(&attempt, text, length, &plan);
	if (!error)
		error = save_document(&attempt, &plan);
	attempt_end(&attempt, error);
	json_decref(plan.document);
	json_decref(plan.left);
	free(plan.stamp);
	json_heap_wipe(false);
	return error;
}

void update_refused(struct call *call, struct roster *roster, struct guard *guard,
		    const char *action, const char *id, int error)
{
	struct attempt attempt;

	attempt_begin(&attempt, call, guard, roster, action, id);
	attempt_end(&attempt, error);
}

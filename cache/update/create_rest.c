/* SPDX-License-Identifier: Apache-2.0 */
/*
 * create_rest.c - see create_rest.h.
 *
 * The response to the POST is proof. A GET is sent for what it lacks, and one PUT, like any other
 * change, for what that does not show either. A field that can be given only at creation, and was
 * not taken, is an error.
 */
#include "cache/update/create_rest.h"

#include "cache/document/alike.h"
#include "cache/document/merge.h"
#include "cache/history/attempt.h"
#include "cache/update/apply.h"
#include "cache/update/change.h"
#include "cache/update/create_match.h"
#include "cache/update/creation.h"
#include "cache/update/late.h"
#include "cache/update/looks.h"
#include "cache/update/status_field.h"
#include "vendors/base/call.h"
#include "vendors/base/log.h"
#include "vendors/json/pointer.h"
#include "vendors/rest/account.h"
#include "vendors/rest/collection.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Return what FRESH does not show of WANTED (a new reference; NULL: no memory), apart from fields
 * that the vendor never shows: these were in the POST.
 */
static json_t *rest_of(const struct collection *collection, const json_t *wanted,
		       const json_t *fresh)
{
	json_t *rest = json_deep_copy(wanted);
	const char *name;
	json_t *value;
	void *next;

	collection_strip(collection, rest, FIELD_SYSTEM | FIELD_IMMUTABLE | FIELD_ONCE);
	for (const struct field *field = collection->fields; rest && field->name; field++) {
		if (collection_hides_field(field, fresh))
			collection_remove(rest, field->name);
	}
	json_object_foreach_safe(rest, next, name, value) {
		if (json_is_null(value))
			json_object_del(rest, name);
	}
	alike_remove(rest, fresh);
	return rest;
}

/* Copy to REST from WANTED the fields that the vendor wants with every PUT, and does not show. */
static void add_each_time(const struct collection *collection, const json_t *wanted,
			  const json_t *fresh, json_t *rest)
{
	for (const struct field *field = collection->fields; field->name; field++) {
		json_t *value = collection_value(wanted, field->name);

		if ((field->flags & FIELD_EACH_TIME) && value &&
		    collection_hides_field(field, fresh))
			pointer_set(rest, field->name, json_incref(value));
	}
}

/* Plan what the record does not show of what was wanted. */
static int plan_rest(struct change *change)
{
	struct creation *creation = change->arg;
	struct merge *merge = &change->merge;
	json_t *rest;
	int error;

	if (creation->unproven && !change->stands_in) {
		error = create_match_check(creation, change->id, change->fresh);
		creation->stranger = error;
		if (error)
			return error;
	}
	rest = rest_of(change->collection, creation->wanted, change->fresh);
	error = rest ? merge_diff(change->fresh, rest, merge) : -ENOMEM;
	if (!error && merge->count) {
		merge_clear(merge);
		add_each_time(change->collection, creation->wanted, change->fresh, rest);
		error = merge_diff(change->fresh, rest, merge);
	}
	json_decref(rest);
	return error ? call_no_memory(change->call) : 0;
}

/* Log whether the new record is there when `lag` has ended. */
static void tell_there(const struct late_sight *sight)
{
	if (sight->record)
		log_call(sight->call,
			 "looked once more: record %s is there by now: the reads lagged",
			 sight->id);
	else
		log_call(sight->call, "looked once more: record %s cannot be read: %s", sight->id,
			 sight->words);
}

/* Return true if RECORD shows what DOCUMENT has at the path of ONCE. */
static bool create_rest_is_kept(const struct once *once, const json_t *document,
				const json_t *record)
{
	const json_t *wanted = collection_value(document, once->path);

	if (!wanted || alike(wanted, collection_value(record, once->path)))
		return true;
	return once->shown && alike(wanted, collection_value(record, once->shown));
}

/*
 * Return the name (static) of a field that RECORD, the new one, does not show although it was
 * wanted and no PUT can set it, or although each record must have it. NULL: there is none.
 */
static const char *lacks(const struct creation *creation, const json_t *record)
{
	const struct collection *collection = creation->collection;

	for (const struct once *once = collection->once; once && once->path; once++) {
		if (!create_rest_is_kept(once, creation->wanted, record))
			return once->path;
	}
	for (const struct field *field = collection->fields; field->name; field++) {
		const json_t *wanted = collection_value(creation->wanted, field->name);
		const json_t *shown = collection_value(record, field->name);

		if ((field->flags & FIELD_EACH_TIME) && wanted && !alike(wanted, shown) &&
		    alike(NULL, shown) && !collection_hides_field(field, record))
			return field->name;
	}
	return NULL;
}

/*
 * Return true if the response to the POST shows all that was wanted, so that no request is needed.
 */
static bool create_rest_is_proved(const struct creation *creation)
{
	struct merge missing = {0};
	json_t *rest;
	bool proved;

	/* a row of a list, which has settled a lost response, may show less */
	if (!creation->made || creation->settled || creation->unproven ||
	    creation->collection->posts_part)
		return false;
	rest = rest_of(creation->collection, creation->wanted, creation->made);
	proved = rest && merge_diff(creation->made, rest, &missing) == 0 && !missing.count &&
		 !lacks(creation, creation->made);
	merge_clear(&missing);
	json_decref(rest);
	return proved;
}

/* Read the record by GET, and send by PUT what it does not show. Returns 0 or a negative errno. */
static int run_rest(struct creation *creation)
{
	struct change change;
	int error;

	change_begin(&change, creation->attempt);
	change.id = creation->id;
	change.plan = plan_rest;
	change.arg = creation;
	change.reapply = status_field_reapply;
	change.made = creation->made;
	change.part = true;
	/* after a crash, the audit log tells which record may be incomplete */
	if (!creation->unproven)
		creation->attempt->id = creation->id;
	/* the first status of a user that is certainly new is no change of a status */
	change.status_checked = change.counted = !creation->settled;
	error = apply_once(&change);
	change_log(&change);
	if (!creation->stranger)
		creation_keep(creation, error || !change.result ? change.fresh : change.result);
	change_clear(&change);
	return error;
}

int create_rest_set(struct creation *creation)
{
	char words[COLLECTION_WORDS_MAX];
	const char *lacking;
	struct looks looks;
	int error;

	if (create_rest_is_proved(creation))
		return 0;
	looks_begin(&looks, creation->call, looks_seconds(creation_account(creation)));
	do {
		/* the list is older than the record */
		if (creation->collection->listed_only)
			roster_refresh(creation->roster);
		error = run_rest(creation);
	} while (error == -ENOENT && !creation->made && looks_again(&looks));
	if (creation->stranger)
		return error;
	if (error == -ENOENT) {
		creation_show(creation); /* a read would not find the record */
		late_look(creation->call, creation->roster, creation->id, NULL, tell_there);
		error = call_fail(creation->call, CALL_NOT_APPLIED,
				  "accepted but not applied: the vendor does not show the record%s",
				  creation_account(creation)->lag
				      ? "; its reads may lag behind its writes (lag)"
				      : "");
	}
	lacking = creation->made ? lacks(creation, creation->made) : NULL;
	if (lacking && !error)
		error = call_fail(creation->call, CALL_NOT_APPLIED, "accepted but not applied");
	if (lacking && error && call_is_inconclusive(creation->call))
		call_add_words(creation->call, ": the vendor does not show \"%s\" as it was given",
			       collection_words(lacking, words));
	if (error)
		call_add_words(creation->call, " (the record has been made, with id %s)",
			       creation->id);
	return error;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * create.c - see create.h.
 *
 * A POST is sent once. create_match.c finds out whether the record in the response, or the one that
 * has the email if there was no response, is the new one: any other record is left alone.
 * create_rest.c then sets what the POST has left out.
 */
#include "cache/update/create.h"

#include "cache/history/attempt.h"
#include "cache/history/attempt_undo.h"
#include "cache/history/guard.h"
#include "cache/history/trust.h"
#include "cache/record/snapshot.h"
#include "cache/record/write_lock.h"
#include "cache/roster/figures.h"
#include "cache/roster/roster.h"
#include "cache/roster/store.h"
#include "cache/roster/wait.h"
#include "cache/roster/whole.h"
#include "cache/update/create_match.h"
#include "cache/update/create_rest.h"
#include "cache/update/creation.h"
#include "cache/update/edit_check.h"
#include "cache/update/input.h"
#include "vendors/base/address.h"
#include "vendors/base/call.h"
#include "vendors/base/limits.h"
#include "vendors/base/log.h"
#include "vendors/base/status_words.h"
#include "vendors/json/json_heap.h"
#include "vendors/json/pointer.h"
#include "vendors/rest/account.h"
#include "vendors/rest/collection.h"
#include "vendors/rest/item.h"
#include "vendors/rest/status_map.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Return a copy of DOCUMENT without what the vendor assigns, for all that the request does not
 * take. NULL: no memory. */
static json_t *wanted_of(const struct collection *collection, const json_t *document)
{
	json_t *wanted = json_deep_copy(document);

	collection_strip(collection, wanted, FIELD_SYSTEM);
	for (const struct field *field = collection->fields; wanted && field->name; field++) {
		json_t *given = item_create_takes(collection, field->name)
				    ? pointer_get(document, field->name)
				    : NULL;

		if (given && pointer_set(wanted, field->name, json_deep_copy(given))) {
			json_decref(wanted);
			wanted = NULL;
		}
	}
	if (wanted && status_map_has_requests(collection))
		collection_remove(wanted, collection->status_key);
	if (wanted && collection->stamp_key)
		collection_remove(wanted, collection->stamp_key);
	return wanted;
}

/*
 * Take the record in the response to a POST that the vendor has accepted: ANSWER (NULL: none).
 * Returns 0 or a negative errno with a message in the call.
 */
static int create_take_answer(struct creation *creation, json_t *answer)
{
	char buffer[COLLECTION_ID_MAX];
	const char *id = answer ? collection_id(creation->collection, answer, buffer) : NULL;
	char said[CALL_WORDS_MAX];
	int error;

	snprintf(said, sizeof(said), "%s", id ? "" : creation->call->words);
	if (!id)
		return call_fail(creation->call, CALL_MALFORMED,
				 "the vendor accepted it, but its response has no id%s%s",
				 said[0] ? "; it says: " : "", said);
	error = create_match_check(creation, id, answer);
	if (error)
		return error;
	creation->id = strdup(id);
	if (!creation->id)
		return call_no_memory(creation->call);
	creation->unproven = create_match_is_open(creation, answer);
	creation_keep(creation, answer);
	return 0;
}

/* Look at the vendor for the record with ID. Returns 0, -ENOENT, or another negative errno with
 * words. */
static int create_look_up(struct creation *creation, const char *id)
{
	struct wait wait = {.kind = WAIT_RECORD, .id = id, .call = creation->call};
	json_t *record = NULL;
	int error;

	if (creation->collection->listed_only) {
		roster_refresh(creation->roster);
		error = wait_sync(creation->roster, &wait);
		wait_clear(&wait);
		return error;
	}
	error = item_get(creation->call, creation_account(creation), creation->collection,
			 roster_parent(creation->roster), id, &record, NULL);
	json_decref(record);
	return error && creation->call->verdict == CALL_MISSING ? -ENOENT : error;
}

/*
 * Fail unless the id that the document gives to the new record is free: a PUT would change whoever
 * has it. A document that gives none is a no-op.
 */
static int create_check_vacant(struct creation *creation)
{
	const struct collection *collection = creation->collection;
	const char *key = collection->id_keys[0];
	char words[COLLECTION_WORDS_MAX], buffer[COLLECTION_ID_MAX];
	const char *id;
	int error;

	if (!item_create_takes(collection, key))
		return 0;
	id = collection_id(collection, creation->wanted, buffer);
	if (!id)
		return call_fail(creation->call, CALL_INVALID,
				 "\"%s\" is required: the vendor assigns none",
				 collection_words(key, words));
	error = create_look_up(creation, id);
	if (!error)
		return call_fail(creation->call, CALL_TAKEN,
				 "there is a record with this \"%s\"; nothing was sent",
				 collection_words(key, words));
	if (error != -ENOENT) {
		call_add_words(creation->call, "; nothing was sent");
		return error;
	}
	call_clear(creation->call);
	call_forget_request(creation->call);
	return 0;
}

/* ---- other hosts ---- */

/*
 * Let this be the only host that creates a record with this email: the next one then knows of it.
 * Without an email only the store must be there, as for all that is written. Returns 0 or a
 * negative errno with words in the call.
 */
static int create_lock(struct creation *creation)
{
	const json_t *email = collection_email_value(creation->collection, creation->wanted);
	char *key = email ? address_key(json_string_value(email)) : NULL;
	int error;

	if (roster_store(creation->roster) == store_local()) {
		free(key);
		return 0;
	}
	/* no id has a newline */
	if (asprintf(&creation->name, "new\n%s", key ? key : creation->call->path) < 0)
		creation->name = NULL;
	free(key);
	if (!creation->name)
		return call_no_memory(creation->call);
	error = write_lock_take(roster_write_lock(creation->roster), creation->call,
				creation->name);
	if (error) {
		free(creation->name);
		creation->name = NULL;
	}
	return error;
}

/* Check that no other host can create it, just before it is sent. */
static int create_check_lock(struct creation *creation)
{
	int error = creation->name ? write_lock_check(roster_write_lock(creation->roster),
						      creation->call, creation->name)
				   : 0;

	/* nothing was sent yet, and what another host has made is known or refused */
	return error == -EAGAIN ? 0 : error;
}

static void create_unlock(struct creation *creation)
{
	if (creation->name)
		write_lock_release(roster_write_lock(creation->roster), creation->name);
	free(creation->name);
	creation->name = NULL;
}

/* ---- the request ---- */

static int create_send(struct creation *creation)
{
	struct account *account = creation_account(creation);
	json_t *answer = NULL;
	int error = create_check_vacant(creation);
	double seconds;

	if (!error)
		error = create_match_prepare(creation);
	if (!error)
		error = create_check_lock(creation);
	if (!error)
		error = attempt_send(creation->attempt);
	if (error)
		return error;
	creation->generation = whole_generation(creation->roster, &seconds);
	creation->before = whole_snapshot(creation->roster, &seconds);
	creation->all_known = creation->before && seconds > 0;
	creation->began = time(NULL);
	switch (item_post(creation->call, account, creation->collection,
			  roster_parent(creation->roster), creation->wanted, &answer)) {
	case VENDOR_DONE:
		error = create_take_answer(creation, answer);
		if (error && creation->call->verdict == CALL_MALFORMED)
			error = create_match_settle(creation);
		break;
	case VENDOR_UNKNOWN:
		error = create_match_settle(creation);
		break;
	case VENDOR_REFUSED:
	case VENDOR_STALE:
		error = -creation->call->error;
		break;
	case VENDOR_CHANGED:
		/* 409: the vendor says that the record exists, whatever the list shows. 412: a
		 * condition failed, and none was sent. */
		error = creation->call->verdict == CALL_PRECONDITION
			    ? -creation->call->error
			    : call_decide(creation->call, CALL_TAKEN);
		break;
	}
	json_decref(answer);
	return error;
}

/* Add the record to the history. If users have a status, inactive undoes the creation. */
static void create_note_history(struct creation *creation)
{
	creation->attempt->id = creation->id;
	if (status_map_can_set(creation->collection, STATUS_INACTIVE) ||
	    status_map_has_request(creation->collection, STATUS_INACTIVE))
		attempt_undo_add_status(creation->attempt, creation->id);
	attempt_accepted(creation->attempt, NULL, creation->made, NULL);
}

/* Log that the record was created, as the last line. */
static void create_log(struct creation *creation)
{
	const struct vendor *vendor = creation_account(creation)->vendor;

	creation_log_normalised(creation);
	if (creation->collection == vendor->users && vendor->creation)
		log_call(creation->call, "%s", vendor->creation);
	log_call(creation->call, "made, with id %s%s", creation->id,
		 attempt_note(creation->attempt));
}

/*
 * Forget the record in the response, because it is another one: ERROR, with a message. Nothing of
 * it was changed. Find out whether the POST took. Returns 0 or a negative errno.
 */
static int leave_alone(struct creation *creation, int error)
{
	free(creation->id);
	json_decref(creation->made);
	creation->id = NULL;
	creation->made = NULL;
	creation->stranger = creation->unproven = false;
	return creation->call->verdict == CALL_MALFORMED ? create_match_settle(creation) : error;
}

/*
 * Complete the record. If the response does not show whether it is the new one, a GET must show
 * that first. Returns 0 or a negative errno.
 */
static int complete(struct creation *creation)
{
	int error;

	if (creation->unproven) {
		error = create_rest_set(creation);
		if (!creation->stranger) {
			creation_show(creation);
			return error;
		}
		error = leave_alone(creation, error);
		if (error)
			return error;
	}
	creation_show(creation);
	return create_rest_set(creation);
}

static int create(struct creation *creation)
{
	int error;

	if (guard_dry_run(creation->guard))
		return attempt_dry_run(creation->attempt, "POST", NULL);
	error = create_lock(creation);
	if (error)
		return error;
	error = create_send(creation);
	if (!error)
		error = complete(creation);
	create_unlock(creation);
	if (!creation->id)
		return error;
	create_note_history(creation);
	create_log(creation);
	return error;
}

/* Set what is to be created, for the audit log. */
static void create_note_fields(struct creation *creation)
{
	json_t *fields = json_array(), *value;
	const char *name;

	json_object_foreach(creation->wanted, name, value) {
		char *path = (char *)(uintptr_t)name;
		json_t *shown = json_deep_copy(value);

		collection_hide_below(creation->collection, &path, 1, shown);
		attempt_field(fields, name, collection_flags(creation->collection, name), NULL,
			      shown);
		json_decref(shown);
	}
	attempt_set_fields(creation->attempt, fields);
}

/* Create a record from TEXT. Returns 0 or a negative errno. */
static int read_and_create(struct creation *creation, const char *text, size_t length)
{
	struct call *call = creation->call;
	json_t *document;
	int error = guard_writable(creation->guard, call, creation_account(creation));

	if (error)
		return error;
	if (length > LIMITS_TEXT_MAX)
		return call_fail(call, CALL_TOO_LARGE,
				 "a document may have at most " LIMITS_TEXT_WORDS);
	if (!creation->collection->creates ||
	    !creation->collection->creates(creation_account(creation)))
		return call_fail(call, CALL_UNSUPPORTED,
				 "the vendor's API creates no %s; see MANUAL",
				 creation->collection->name);
	error = trust_check(call, creation_account(creation), creation->collection->create);
	if (error)
		return error;
	document = input_parse(call, text, length);
	if (!document)
		return -call->error;
	creation->wanted = wanted_of(creation->collection, document);
	json_decref(document);
	if (!creation->wanted)
		return call_no_memory(call);
	create_note_fields(creation);
	error = input_check_required(call, creation->collection, creation->wanted);
	if (!error)
		error = input_check_stamps(call, creation->wanted);
	if (!error)
		error = input_check_text(call, creation->wanted);
	if (!error)
		error = input_check_size(call, creation->wanted);
	if (!error)
		error = edit_check_masks(call, creation->collection, creation->wanted);
	if (!error)
		error = edit_check_names(call, creation->collection, creation->wanted);
	if (!error)
		error = create(creation);
	if (error)
		figures_note_error(creation->roster, call, error);
	return error;
}

int create_record(struct call *call, struct roster *roster, struct guard *guard, const char *text,
		  size_t length, char **id)
{
	struct attempt attempt;
	struct creation creation = {.attempt = &attempt,
				    .call = call,
				    .roster = roster,
				    .guard = guard,
				    .collection = roster_collection(roster)};
	int error;

	/* the document may have a password */
	json_heap_wipe(true);
	attempt_begin(&attempt, call, guard, roster, "create", NULL);
	error = read_and_create(&creation, text, length);
	attempt_end(&attempt, error);
	*id = creation.id;
	snapshot_put(creation.before);
	json_decref(creation.wanted);
	json_decref(creation.made);
	json_heap_wipe(false);
	return error;
}

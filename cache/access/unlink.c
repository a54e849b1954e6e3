/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unlink.c - see unlink.h.
 *
 * Each is one DELETE. The guards count it before it is sent, and before a link is ended the log
 * says how to make it again. The vendor must then show that it is gone, also after a lost answer.
 * What a link means to the vendor is known from its table.
 */
#include "cache/access/unlink.h"

#include "cache/access/link_lock.h"
#include "cache/history/attempt.h"
#include "cache/history/attempt_undo.h"
#include "cache/history/guard.h"
#include "cache/history/overtaken.h"
#include "cache/history/takeback.h"
#include "cache/history/trust.h"
#include "cache/history/undo.h"
#include "cache/record/record.h"
#include "cache/roster/figures.h"
#include "cache/roster/known.h"
#include "cache/roster/presence.h"
#include "cache/roster/publish.h"
#include "cache/roster/roster.h"
#include "cache/roster/wait.h"
#include "cache/update/looks.h"
#include "vendors/base/call.h"
#include "vendors/base/log.h"
#include "vendors/json/id_text.h"
#include "vendors/json/pointer.h"
#include "vendors/rest/account.h"
#include "vendors/rest/collection.h"
#include "vendors/rest/item.h"
#include "vendors/list/list.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int check_allowed(struct call *call, struct roster *roster)
{
	const struct collection *collection = roster_collection(roster);

	if (!collection->deletes && !collection->remove)
		return call_fail(call, CALL_FORBIDDEN, "%s are not deleted here: see MANUAL",
				 collection->name);
	if (!roster_account(roster)->allow_delete)
		return call_fail(call, CALL_FORBIDDEN,
				 "%s are deleted only with allow_delete = yes in section [%s]",
				 collection->name, roster_account(roster)->name);
	return 0;
}

/*
 * Return the id that the vendor itself has for record ID, for item paths; the caller frees. NULL:
 * *ERROR is negative, with a message in CALL, or there is no memory.
 */
static char *find_own_id(struct call *call, struct roster *roster, const char *id, int *error)
{
	const struct collection *collection = roster_collection(roster);
	struct wait wait = {.kind = WAIT_RECORD, .id = id, .call = call};
	const char *own = NULL;
	char buffer[COLLECTION_ID_MAX], words[COLLECTION_WORDS_MAX], *copy;
	json_t *object;

	if (!collection->path_id_key)
		return strdup(id);
	*error = wait_sync(roster, &wait);
	object = wait.record ? record_json(wait.record) : NULL;
	own = object ? collection_path_id(collection, object, buffer) : NULL;
	copy = own ? strdup(own) : NULL;
	if (*error == -ENOENT)
		call_fail(call, CALL_MISSING, "there is no such record");
	else if (!*error && !own)
		*error = call_fail(call, CALL_MALFORMED, "the vendor shows it without \"%s\"",
				   collection_words(collection->path_id_key, words));
	json_decref(object);
	wait_clear(&wait);
	return copy;
}

/* Return the record as far as it is known without a request: a new reference, or NULL. */
static json_t *record_held(const struct attempt *attempt)
{
	struct record *record;
	double seconds;
	json_t *object;

	known_peek(attempt->roster, attempt->id, &record, &seconds);
	object = record && record->id[0] ? record_json(record) : NULL;
	record_put(record);
	if (object)
		return object;
	object = json_object();
	if (object)
		pointer_set(object, roster_collection(attempt->roster)->id_keys[0],
			    id_text_json(attempt->id));
	return object;
}

/* Note that the record BEFORE is gone. OWN is the id that the vendor had for it. */
static void note_gone(struct attempt *attempt, const char *own, const json_t *before)
{
	const struct collection *collection = roster_collection(attempt->roster);
	json_t *link = json_object();

	if (!collection->link) {
		presence_note_deleted(attempt->roster, attempt->id, before);
	} else if (collection->remember && link &&
		   !pointer_set(link, collection->path_id_key, id_text_json(own)) &&
		   !pointer_set(link, collection->id_keys[0], id_text_json(attempt->id))) {
		collection->remember(attempt->account, roster_parent(attempt->roster), link, NULL);
	}
	json_decref(link);
}

/* Return true if this may take back a link or a record that this mount has made. */
static bool may_take_back(struct attempt *attempt)
{
	return roster_collection(attempt->roster)->link ? takeback_link(attempt, "")
							: takeback_creation(attempt, NULL);
}

/*
 * Find out whether it does. For a record that this mount has made, this takes a GET; if that fails,
 * it does not.
 */
static void look_back(struct attempt *attempt, const char *own)
{
	struct roster *roster = attempt->roster;
	json_t *fresh = NULL;
	struct call again;

	if (roster_collection(roster)->link) {
		takeback_link(attempt, own);
		return;
	}
	if (!takeback_creation(attempt, NULL))
		return;
	call_continue(&again, attempt->call);
	if (item_get(&again, attempt->account, roster_collection(roster), roster_parent(roster),
		     own, &fresh, NULL))
		attempt->takes_back = 0;
	else
		takeback_creation(attempt, fresh);
	json_decref(fresh);
	call_destroy(&again);
}

/* Finds a row in a list as the vendor shows it, regardless of what its file remembers. */
struct search {
	struct list_sink sink;
	const struct collection *collection;
	const char *own; /* the id that the vendor has for it */
	bool found;
};

static int unlink_search_add(struct list_sink *sink, const char *id, json_t *record)
{
	struct search *search = (struct search *)sink;
	char buffer[COLLECTION_ID_MAX];
	const char *own = collection_path_id(search->collection, record, buffer);

	(void)id;
	if (own && strcmp(own, search->own) == 0)
		search->found = true;
	return 0;
}

static void unlink_search_reset(struct list_sink *sink)
{
	((struct search *)sink)->found = false;
}

/* Return 1 if the vendor shows the record OWN, by GET or in its list, 0, or a negative errno. */
static int look_for(struct call *call, struct attempt *attempt, const char *own)
{
	const char *parent = roster_parent(attempt->roster);
	const struct collection *collection = roster_collection(attempt->roster);
	struct search search = {.sink = {.add = unlink_search_add,
					 .unreadable = unlink_search_add,
					 .reset = unlink_search_reset},
				.collection = collection,
				.own = own};
	struct list_part part = {.parent = parent, .sink = &search.sink};
	json_t *record = NULL;
	int error = collection->link
			? -ENOENT
			: item_get(call, attempt->account, collection, parent, own, &record, NULL);

	json_decref(record);
	if (error != -ENOENT)
		return error ? error : 1;
	call_clear(call);
	/* not the collection's own list: that may lay on it what this mount has made or ended */
	error = list_walk_all(call, attempt->account, collection, &part, 1);
	return error ? error : search.found;
}

/*
 * Find out whether record OWN is gone. SAID: the vendor has answered that it is; else the answer
 * was lost. Reads until it is gone, or until a writer should not wait any longer for reads that
 * lag. Returns 0 or a negative errno.
 */
static int prove_gone(struct attempt *attempt, const char *own, bool said)
{
	struct call *call = attempt->call, again;
	int error = -call->error, there;
	bool absent = call->verdict == CALL_MISSING;
	struct looks looks;

	call_continue(&again, call);
	looks_begin(&looks, call, looks_seconds(attempt->account));
	do {
		there = look_for(&again, attempt, own);
	} while (there > 0 && looks_again(&looks));
	attempt->unknown = there < 0;
	if (there < 0 && said) {
		error = there;
		call_copy_error(call, &again);
	}
	call_destroy(&again);
	if (!there)
		return 0;
	roster_refresh(attempt->roster);
	if (there < 0)
		call_add_words(call, "; looking it up failed too: the outcome is unknown");
	else if (said)
		error = call_fail(
		    call, CALL_NOT_APPLIED,
		    "accepted but not applied: the vendor answered %s and still shows it%s",
		    absent ? "404" : "success",
		    attempt->account->lag ? "; its reads may lag behind its writes (lag)" : "");
	else if (call->unanswered)
		call_add_words(call, "; it was still there when looked up");
	return error;
}

/* Log the command that makes the link again. */
static void log_link_again(const struct attempt *attempt, const struct undo *undo)
{
	char *command = attempt_undo_command(attempt, undo);

	if (command)
		log_call(attempt->call,
			 "about to be ended; made again in the vendor's directory by: %s", command);
	free(command);
}

/* Delete the record, for which the vendor has the id OWN. */
static int send_delete(struct attempt *attempt, const char *own)
{
	struct roster *roster = attempt->roster;
	const struct collection *collection = roster_collection(roster);
	struct call *call = attempt->call;
	const struct undo undo = {.what = UNDO_LINK, .path = call->path};
	struct overtaken overtaken = {0};
	enum vendor_outcome outcome;
	json_t *before;
	int error;

	if (collection->link)
		attempt_undo_add(attempt, &undo);
	look_back(attempt, own);
	error = attempt_send_counted(attempt);
	if (error)
		return error;
	error = link_lock_check(roster, call, attempt->id);
	/* -EAGAIN: it rests on no read, since the vendor uses no id of a record again */
	if (error && error != -EAGAIN) {
		attempt_uncount(attempt);
		return error;
	}
	if (collection->link)
		log_link_again(attempt, &undo);
	before = record_held(attempt);
	outcome = item_delete(call, attempt->account, collection, roster_parent(roster), own);
	if (outcome == VENDOR_DONE || outcome == VENDOR_UNKNOWN) {
		overtaken_look(&overtaken, call, roster, attempt->id);
		error = prove_gone(attempt, own, outcome == VENDOR_DONE);
		overtaken_judge(&overtaken, call, roster,
				&(struct overtaken_records){.deleted = true});
		overtaken_clear(&overtaken);
	} else {
		error = -call->error;
	}
	if (error && outcome != VENDOR_DONE)
		attempt_uncount(attempt);
	if (!error) {
		note_gone(attempt, own, before);
		publish_deleted(roster, attempt->id);
		attempt_accepted(attempt, before, NULL, NULL);
		log_call(call, "%s%s", collection->link ? "ended" : "deleted: this can't be undone",
			 attempt_note(attempt));
	}
	json_decref(before);
	return error;
}

static int check_and_delete(struct attempt *attempt)
{
	struct call *call = attempt->call;
	struct roster *roster = attempt->roster;
	int error = guard_writable(attempt->guard, call, attempt->account);
	char *own = NULL;

	if (!error)
		error = check_allowed(call, roster);
	if (!error)
		error = trust_check(call, attempt->account, roster_collection(roster)->remove);
	if (!error && !may_take_back(attempt))
		error = guard_has_room(attempt->guard, call);
	if (!error)
		error = link_lock(roster, call, attempt->id);
	if (error)
		return error;
	own = find_own_id(call, roster, attempt->id, &error);
	if (!error && !own)
		error = call_no_memory(call);
	if (!error && guard_dry_run(attempt->guard)) {
		error = attempt_dry_run(attempt, "DELETE", own);
	} else if (!error) {
		error = send_delete(attempt, own);
	}
	if (!error)
		link_lock_tell(roster, attempt->id, false);
	link_unlock(roster, attempt->id);
	if (error)
		figures_note_error(roster, call, error);
	free(own);
	return error;
}

int unlink_record(struct call *call, struct roster *roster, struct guard *guard, const char *id)
{
	struct attempt attempt;
	int error;

	attempt_begin(&attempt, call, guard, roster,
		      roster_collection(roster)->link ? "unlink" : "delete", id);
	error = check_and_delete(&attempt);
	attempt_end(&attempt, error);
	return error;
}

/*
 * remove.c - links that are made and ended, and records that are deleted: the rest of update.h.
 *
 * Each is one request that cannot be merged, so the guards count it before it is sent, and the log
 * says before a link is ended how to make it again. A lost answer is settled by looking. It must
 * not know what a link means to a vendor: its table does.
 */
#include "cache/update.h"

#include "cache/change.h"
#include "cache/guard.h"
#include "cache/roster.h"
#include "vendors/call.h"
#include "vendors/log.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Is record ID there, says the vendor now? 1, 0, or a negative errno with words in CALL. */
static int look(struct call *call, struct roster *roster, const char *id)
{
	struct wait wait = {.kind = WAIT_RECORD, .id = id, .call = call};
	int error;

	roster_refresh(roster);
	error = roster_ask_sync(roster, &wait);
	wait_clear(&wait);
	return error == -ENOENT ? 0 : error ? error : 1;
}

/* The same after an answer that was lost, or that may mean two things. The caller may be gone. */
static int look_again(struct call *call, struct roster *roster, const char *id)
{
	struct call again;
	int there;

	call_continue(&again, call);
	there = look(&again, roster, id);
	if (there < 0)
		call_add_words(call, ": nor could it be looked up, so that nobody knows");
	call_destroy(&again);
	return there;
}

/* ---- links ---- */

/* The vendor answered RECORD, or nothing: the link is there. */
static void publish_link(struct roster *roster, const char *id, const json_t *answer)
{
	const struct collection *collection = roster_collection(roster);
	struct record *record = NULL;
	struct timespec when;
	char buffer[24];

	clock_gettime(CLOCK_REALTIME, &when);
	/* without the vendor's own id for it, it could not be ended */
	if (answer && collection_path_id(collection, answer, buffer))
		record = record_new(collection, id, answer, when);
	if (record)
		roster_publish(roster, record);
	else
		roster_refresh(roster);
	record_put(record);
}

static int post_link(struct call *call, struct roster *roster, struct guard *guard, const char *id)
{
	const struct collection *collection = roster_collection(roster);
	json_t *body = collection->link(id), *answer = NULL;
	enum vendor_outcome outcome = VENDOR_REFUSED;
	int error = guard_take(guard, call), there;

	if (error)
		goto out;
	if (!body)
		call_fail(call, ENOMEM, "no memory");
	else
		outcome = vendor_post(call, roster_account(roster), collection,
				      roster_parent(roster), body, &answer);
	if (outcome == VENDOR_DONE) {
		log_call(call, "made");
		publish_link(roster, id, answer);
		goto out;
	}
	error = -call->error;
	if (outcome == VENDOR_REFUSED) {
		guard_give_back(guard);
		goto out;
	}
	/* 409 is "already", or two writers that met; else the answer was lost */
	there = look_again(call, roster, id);
	if (there > 0) {
		log_call(call, outcome == VENDOR_CHANGED ? "it was there already" : "made");
		error = 0;
	}
	if (outcome == VENDOR_CHANGED || !there)
		guard_give_back(guard);
out:
	json_decref(body);
	json_decref(answer);
	return error;
}

int update_link(struct call *call, struct roster *roster, struct guard *guard, const char *id)
{
	int error = guard_writable(guard, call);

	if (error)
		return error;
	if (!roster_collection(roster)->link)
		return call_fail(call, EPERM, "links can't be made here");
	if (guard_dry_run(guard)) {
		error = guard_has_room(guard, call);
		if (!error)
			change_log_unsent(call, roster, "POST", NULL);
		return error;
	}
	error = roster_lock(roster, call, id);
	if (error)
		return error;
	error = post_link(call, roster, guard, id);
	roster_unlock(roster, id);
	if (error)
		roster_note_error(roster, call, error);
	return error;
}

/* ---- deleting ---- */

static int check_allowed(struct call *call, struct roster *roster)
{
	const struct collection *collection = roster_collection(roster);

	if (!collection->deletes)
		return call_fail(call, EPERM, "%s are not deleted here: see MANUAL",
				 collection->name);
	if (!roster_account(roster)->allow_delete)
		return call_fail(call, EPERM,
				 "%s are deleted only with allow_delete = yes in section [%s]",
				 collection->name, roster_account(roster)->name);
	return 0;
}

/* The id in the path of record ID, which the vendor may call otherwise; the caller frees. */
static char *path_id(struct call *call, struct roster *roster, const char *id, int *error)
{
	const struct collection *collection = roster_collection(roster);
	struct wait wait = {.kind = WAIT_RECORD, .id = id, .call = call};
	const char *own = NULL;
	char buffer[24], *copy;
	json_t *object;

	if (!collection->path_id_key)
		return strdup(id);
	*error = roster_ask_sync(roster, &wait);
	object = wait.record ? record_json(wait.record) : NULL;
	own = object ? collection_path_id(collection, object, buffer) : NULL;
	copy = own ? strdup(own) : NULL;
	if (*error == -ENOENT)
		call_fail(call, ENOENT, "there is no such record");
	else if (!*error && !own)
		*error = call_fail(call, EREMOTEIO, "the vendor names no \"%s\" of it",
				   collection->path_id_key);
	json_decref(object);
	wait_clear(&wait);
	return copy;
}

/* "acme/accounts/1/members/7.json" is made again by: ln -s ../../../7.json accounts/1/members/ */
static void log_undo(struct call *call)
{
	const char *below = strchr(call->path, '/');
	const char *name = strrchr(call->path, '/');

	if (below && name > below)
		log_call(call, "about to be ended; made again by: ln -s ../../..%s %.*s/", name,
			 (int)(name - below - 1), below + 1);
}

/* Delete record ID, which the vendor calls OWN. */
static int send_delete(struct call *call, struct roster *roster, struct guard *guard,
		       const char *id, const char *own)
{
	const struct collection *collection = roster_collection(roster);
	enum vendor_outcome outcome;
	int error = guard_take(guard, call);

	if (error)
		return error;
	if (collection->link)
		log_undo(call);
	outcome = vendor_delete(call, roster_account(roster), collection, roster_parent(roster),
				own);
	if (outcome != VENDOR_DONE)
		error = -call->error;
	if (outcome == VENDOR_UNKNOWN && look_again(call, roster, id) == 0)
		error = 0;
	if (outcome == VENDOR_REFUSED)
		guard_give_back(guard);
	if (error)
		return error;
	log_call(call, collection->link ? "ended" : "deleted: there is no way back");
	roster_publish_deleted(roster, id);
	return 0;
}

int update_delete(struct call *call, struct roster *roster, struct guard *guard, const char *id)
{
	int error = guard_writable(guard, call);
	char *own = NULL;

	if (!error)
		error = check_allowed(call, roster);
	if (!error)
		error = guard_has_room(guard, call);
	if (!error)
		error = roster_lock(roster, call, id);
	if (error)
		return error;
	own = path_id(call, roster, id, &error);
	if (!error && !own)
		error = call_fail(call, ENOMEM, "no memory");
	if (!error && guard_dry_run(guard))
		change_log_unsent(call, roster, "DELETE", own);
	else if (!error)
		error = send_delete(call, roster, guard, id, own);
	roster_unlock(roster, id);
	if (error)
		roster_note_error(roster, call, error);
	free(own);
	return error;
}

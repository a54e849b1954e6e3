/* SPDX-License-Identifier: Apache-2.0 */
/*
 * change.c - see change.h.
 */
#include "cache/update/change.h"

#include "cache/document/content.h"
#include "cache/document/merge.h"
#include "cache/history/attempt.h"
#include "cache/record/lag.h"
#include "cache/record/record.h"
#include "cache/record/versions.h"
#include "cache/record/write_lock.h"
#include "cache/roster/absence.h"
#include "cache/roster/known.h"
#include "cache/roster/presence.h"
#include "cache/roster/publish.h"
#include "cache/roster/roster.h"
#include "vendors/base/call.h"
#include "vendors/base/clock.h"
#include "vendors/base/log.h"
#include "vendors/base/status_words.h"
#include "vendors/rest/account.h"
#include "vendors/json/pointer.h"
#include "vendors/rest/collection.h"
#include "vendors/rest/item.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void change_begin(struct change *change, struct attempt *attempt)
{
	memset(change, 0, sizeof(*change));
	change->call = attempt->call;
	change->roster = attempt->roster;
	change->guard = attempt->guard;
	change->attempt = attempt;
	change->collection = roster_collection(attempt->roster);
	change->id = attempt->id;
}

static void forget_read_status(struct change *change)
{
	free(change->read_status);
	json_decref(change->read_value);
	change->read_status = NULL;
	change->read_value = NULL;
}

static void start_over(struct change *change)
{
	json_decref(change->fresh);
	json_decref(change->target);
	forget_read_status(change);
	free(change->etag);
	merge_clear(&change->merge);
	change->fresh = change->target = NULL;
	change->etag = NULL;
}

void change_clear(struct change *change)
{
	start_over(change);
	merge_clear(&change->lost);
	json_decref(change->first);
	json_decref(change->result);
	json_decref(change->unanswered);
	change->first = change->result = change->unanswered = NULL;
	overtaken_clear(&change->overtaken);
	free(change->told_more);
	change->told_more = NULL;
}

void change_tell(struct change *change, const char *what, char *more)
{
	free(change->told_more);
	change->told = what;
	change->told_more = more;
}

void change_log(struct change *change)
{
	const char *more = change->told_more;

	if (change->told)
		log_call(change->call, "%s%s%s%s", change->told, attempt_note(change->attempt),
			 more ? ": " : "", more ? more : "");
	change->told = NULL;
}

const char *change_status(const struct change *change, const json_t *record,
			  char buffer[STATUS_MAP_MAX])
{
	return status_map_word(change->collection, record, buffer);
}

const char *change_wanted(const struct change *change, char buffer[STATUS_MAP_MAX])
{
	return change->word ? change->word : change_status(change, change->target, buffer);
}

bool change_is_of_status(const struct change *change, const struct edit *edit)
{
	const char *key = change->collection->status_key;

	return key && pointer_relate(key, edit->path, edit->depth) != POINTER_APART;
}

int change_fail_other(struct change *change, const char *now)
{
	return call_fail(change->call, CALL_UNSUPPORTED,
			 "the user is \"%s\" at the vendor, which writing active does not change; "
			 "see MANUAL",
			 now);
}

struct account *change_account(const struct change *change)
{
	return roster_account(change->roster);
}

unsigned change_flags(const struct change *change, const struct edit *edit)
{
	return collection_flags_at(change->collection, edit->path, edit->depth);
}

bool change_is_hidden(const struct change *change, const struct edit *edit)
{
	return collection_hides(change->collection, change->fresh, edit->path, edit->depth);
}

const json_t *change_before(const struct change *change)
{
	return change->first ? change->first : change->fresh;
}

struct resets_change change_resets(const struct change *change)
{
	bool leaves_out = !change->request &&
			  item_leaves_out(change_account(change), change->collection);

	return (struct resets_change){.collection = change->collection,
				      .before = change->fresh,
				      .wanted = change->target,
				      .leaves_out = leaves_out};
}

void change_hide_target(struct change *change, const json_t *answer)
{
	for (const struct field *field = change->collection->fields; field->name; field++) {
		json_t *shown = answer ? collection_value(answer, field->name) : NULL;

		if (!collection_hides_field(field, change->fresh) ||
		    !collection_hides_field(field, answer))
			continue;
		if (json_is_string(shown) && !(collection_field_flags(field) & FIELD_WRITE_ONLY))
			pointer_set(change->target, field->name, json_incref(shown));
		else
			collection_remove(change->target, field->name);
	}
}

/* ---- publishing ---- */

/*
 * Keep the version from before the change, because the response brought no new stamp: two versions
 * have the old one now, and a document that names it may be from before the change.
 */
static void keep_namesake(struct change *change, struct timespec when)
{
	struct record *old = record_new(change->collection, change->id, change->fresh, when);

	if (!old)
		return;
	old->namesake = true;
	versions_retire(roster_versions(change->roster), old);
	record_put(old);
}

void change_publish(struct change *change, const json_t *record)
{
	char buffer[CONTENT_STAMP_MAX], old[CONTENT_STAMP_MAX];
	const char *stamp = content_stamp(change->collection, record, buffer);
	const char *before = content_stamp(change->collection, change->fresh, old);
	struct record *made, *held;
	struct timespec when;
	double seconds;

	clock_gettime(CLOCK_REALTIME, &when);
	if (change->sent && stamp && before && strcmp(stamp, before) == 0)
		keep_namesake(change, when);
	made = record_new(change->collection, change->id, record, when);
	if (!made) {
		publish_doubt(change->roster, change->id);
		return;
	}
	/* the old stamp stays in the record, but is not the time of this version */
	if (change->sent && stamp && before && strcmp(stamp, before) == 0) {
		record_set_time(made, when);
		made->saved = true;
	}
	/* a tool that wrote another file and renamed it expects that file's time */
	if (change->sent && change->call->written.tv_sec) {
		record_set_time(made, change->call->written);
		made->saved = true;
	}
	known_peek(change->roster, change->id, &held, &seconds);
	if (held)
		record_keep_time(change->collection, made, held);
	record_put(held);
	publish_record(change->roster, made);
	record_put(made);
}

/* ---- reading ---- */

int change_get(struct change *change, struct call *call, enum lag_reading reading, json_t **record,
	       char **etag)
{
	struct lag_found found;
	/* the response to the POST shows as much of a new record as a row of the list does, if
	 * there is anything else that could show it */
	bool made = change->made && !change->sent && !change->collection->listed_only;
	int error = made ? item_get(call, change_account(change), change->collection,
				    roster_parent(change->roster), change->id, record, etag)
			 : absence_get(change->roster, call, change->id, record, etag, NULL);

	if (!error && presence_was_deleted(change->roster, call, change->id, *record)) {
		json_decref(*record);
		*record = NULL;
		publish_absent(change->roster, change->id);
		error = call_fail(call, CALL_MISSING, "it was deleted through this mount just now");
	}
	if (error)
		return error;
	lag_correct(roster_lag(change->roster), change->id, *record, reading,
		    reading == LAG_READ ? NULL : &change->merge, &found);
	if (etag) {
		forget_read_status(change);
		change->read_status = found.status;
		change->read_value = found.value;
	} else {
		lag_found_clear(&found);
	}
	return 0;
}

int change_fail_limited(struct change *change)
{
	if (change->call->verdict != CALL_TIMED_OUT)
		return -change->call->error;
	return call_fail(
	    change->call, CALL_LIMITED,
	    "too many requests (429) until retry_budget (%u s) was over; try again later",
	    change_account(change)->endpoint.retry_budget);
}

/*
 * Use what the vendor has shown of a record that it has just created, because ASKER's GET of it was
 * answered with 404. The PUT then rests on no GET, so that its age does not count. Returns 0 or
 * -ENOMEM.
 */
static int take_made(struct change *change, struct call *asker)
{
	log_call(change->call, "%s answered %d: the record in the response to the creation is used",
		 asker->request, asker->status);
	call_clear(asker);
	change->basis.ageless = change->stands_in = true;
	change->fresh = json_deep_copy(change->made);
	return change->fresh ? 0 : call_no_memory(asker);
}

/* Milliseconds after the end of the budget in which a read for what became of a PUT may begin. */
#define READ_MIN_MS 1000

void change_allow_reads(struct change *change)
{
	int64_t least = clock_milliseconds() + READ_MIN_MS;

	change->basis.end = (int64_t)(change->end * 1000);
	if (change->basis.end < least)
		change->basis.end = least;
}

int change_read(struct change *change)
{
	struct call *asker;
	int error;

	start_over(change);
	/* a read that is made because of a 429 ends with the budget */
	change->basis.end = change->limited ? (int64_t)(change->end * 1000) : 0;
	change->basis.ageless = change->stands_in = false;
	/* a change that was made in part is settled even if the caller has gone */
	asker = change->part ? change->alone : change->call;
	error = change_get(change, asker, LAG_READ, &change->fresh, &change->etag);
	if (error == -ENOENT && change->made)
		error = take_made(change, asker);
	if (error && change->part)
		call_copy_error(change->call, asker);
	if (!error)
		change->reads++;
	else if (change->limited)
		error = change_fail_limited(change);
	return error;
}

/* ---- the lock ---- */

int change_check_lock(struct change *change)
{
	int error = write_lock_check(roster_write_lock(change->roster), change->call, change->id);

	if (error == -EAGAIN)
		change->next = CHANGE_READ;
	return error;
}

enum vendor_outcome change_settle_lock(struct change *change, enum vendor_outcome outcome,
				       json_t **answer)
{
	if (outcome != VENDOR_DONE && outcome != VENDOR_UNKNOWN)
		return outcome;
	if (!overtaken_look(&change->overtaken, change->call, change->roster, change->id))
		return outcome;
	if (outcome == VENDOR_DONE)
		call_fail(change->call, CALL_LOST,
			  "this mount lost its lock while the change was under way");
	json_decref(*answer);
	*answer = NULL;
	return VENDOR_UNKNOWN;
}

bool change_makes_active(const struct change *change)
{
	char word[STATUS_MAP_MAX];
	const char *wanted = change->target ? change_wanted(change, word) : NULL;
	bool any = false;

	if (!wanted || strcmp(wanted, STATUS_ACTIVE) != 0)
		return false;
	for (size_t i = 0; i < change->merge.count; i++)
		any = any || change_is_of_status(change, &change->merge.edits[i]);
	return any;
}

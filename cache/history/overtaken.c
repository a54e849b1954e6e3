/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overtaken.c - see overtaken.h.
 *
 * Three records are compared: what another host told last, what this mount sent, and what the
 * vendor shows now. A field was overwritten if the vendor shows what was sent, and the other host
 * something else. This file sends nothing itself.
 */
#include "cache/history/overtaken.h"

#include "cache/document/merge.h"
#include "cache/record/lag.h"
#include "cache/record/record.h"
#include "cache/record/write_lock.h"
#include "cache/roster/publish.h"
#include "cache/roster/roster.h"
#include "vendors/base/call.h"
#include "vendors/base/log.h"
#include "vendors/base/status_words.h"
#include "vendors/json/exact_print.h"
#include "vendors/rest/collection.h"
#include "vendors/rest/status_map.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Fields that are not both sent and shown. */
#define NOT_SENT (FIELD_SYSTEM | FIELD_CONFIDENTIAL | FIELD_WRITE_ONLY | FIELD_ONCE)

/* Lock record ID again. Returns 0 if it was not lost in the end, or as write_lock_check. */
static int lock_again(struct overtaken *overtaken, struct call *call, struct roster *roster,
		      const char *id)
{
	struct write_lock *lock = roster_write_lock(roster);
	struct call saved;
	int error;

	call_init(&saved, call->path);
	call_copy_error(&saved, call);
	error = write_lock_check(lock, call, id);
	overtaken->count = -1;
	if (error == -EAGAIN) {
		record_put(overtaken->newest);
		overtaken->newest = NULL;
		overtaken->count = write_lock_since(lock, id, &overtaken->newest, overtaken->host);
	} else if (error) {
		log_call(call,
			 "the lock of the record was lost while the change was under way, "
			 "and this mount could not lock it again: %s",
			 call->words);
	}
	call_copy_error(call, &saved);
	call_destroy(&saved);
	return error;
}

bool overtaken_look(struct overtaken *overtaken, struct call *call, struct roster *roster,
		    const char *id)
{
	if (!write_lock_lost(roster_write_lock(roster), id) ||
	    !lock_again(overtaken, call, roster, id))
		return false;
	overtaken->pending = true;
	return true;
}

static char *overtaken_text(const json_t *value)
{
	return value ? exact_print_text(value, 0) : strdup("(none)");
}

/* Log that what another host made of a field, as EDIT says, was overwritten by SENT. CERTAIN: the
 * vendor shows that. */
static void log_field(const struct overtaken *overtaken, struct call *call, const struct edit *edit,
		      const json_t *sent, bool certain)
{
	char *path = merge_path(edit), *before = overtaken_text(edit->after),
	     *after = overtaken_text(sent);

	log_call(call,
		 "this mount lost its lock while it wrote, and has overwritten what %s wrote%s: "
		 "\"%s\" was %.100s and %s %.100s",
		 overtaken->host, certain ? "" : ", or may have", path ? path : "?",
		 before ? before : "?", certain ? "is" : "was sent as", after ? after : "?");
	free(path);
	free(before);
	free(after);
}

/*
 * Log each field that another host changed from BASE to THEIRS, and that was sent otherwise, if it
 * is NOW as it was sent. While reads may lag, a read that shows what the other host has
 * acknowledged may be corrected by that, and proves nothing. Returns how many.
 */
static size_t log_fields(const struct overtaken *overtaken, struct call *call,
			 struct roster *roster, const struct overtaken_records *records,
			 const json_t *theirs)
{
	const struct collection *collection = roster_collection(roster);
	bool lags = lag_covers(roster_lag(roster), overtaken->newest->id);
	struct merge merge = {0};
	size_t count = 0;

	if (merge_diff(records->base, theirs, &merge))
		return 0;
	for (size_t i = 0; i < merge.count; i++) {
		const struct edit *edit = &merge.edits[i];
		const json_t *sent = merge_value(edit, records->sent);
		bool certain = merge_alike(sent, merge_value(edit, records->now));

		if ((collection_flags_at(collection, edit->path, edit->depth) & NOT_SENT) ||
		    merge_alike(edit->after, sent) || !(certain || lags))
			continue;
		log_field(overtaken, call, edit, sent, certain);
		count++;
	}
	merge_clear(&merge);
	return count;
}

static bool overtaken_has_status(struct roster *roster, const json_t *record, const char *word)
{
	char buffer[STATUS_MAP_MAX];
	const char *status = status_map_word(roster_collection(roster), record, buffer);

	return status && strcmp(status, word) == 0;
}

/* As overtaken_has_status, for a record that knows its status itself: of memberships, for example.
 */
static bool is_inactive(struct roster *roster, const struct record *record, const json_t *object)
{
	const char *status = record_status(record);

	return (status && strcmp(status, STATUS_INACTIVE) == 0) ||
	       overtaken_has_status(roster, object, STATUS_INACTIVE);
}

/* Log that nothing is known of what another host wrote. */
static void log_unknown(const struct overtaken *overtaken, struct call *call)
{
	log_call(call, "the lock of the record was lost while the change was under way; %s",
		 !overtaken->count ? "no other host has told of a write meanwhile"
		 : overtaken->count < 0
		     ? "it is not known whether another host wrote it meanwhile, and whether this "
		       "has overwritten that"
		     : "another host wrote it meanwhile, and this may have overwritten it");
}

/* Log what was overwritten of THEIRS. */
static void log_overwritten(const struct overtaken *overtaken, struct call *call,
			    struct roster *roster, const struct overtaken_records *records,
			    const json_t *theirs)
{
	bool all = records->base && records->now && records->sent;

	if (!all)
		log_call(call,
			 "this mount lost its lock while it wrote; %s wrote the record meanwhile",
			 overtaken->host);
	if (all && !log_fields(overtaken, call, roster, records, theirs) && !overtaken->reapply)
		log_call(
		    call,
		    "this mount lost its lock while it wrote; nothing that %s wrote meanwhile was "
		    "overwritten",
		    overtaken->host);
}

void overtaken_judge(struct overtaken *overtaken, struct call *call, struct roster *roster,
		     const struct overtaken_records *records)
{
	json_t *theirs;

	if (!overtaken->pending)
		return;
	overtaken->pending = false;
	if (overtaken->count <= 0 || !overtaken->newest) {
		log_unknown(overtaken, call);
		return;
	}
	theirs = record_json(overtaken->newest);
	if (is_inactive(roster, overtaken->newest, theirs) && !records->deleted &&
	    (!records->now || !overtaken_has_status(roster, records->now, STATUS_INACTIVE) ||
	     (records->sent && overtaken_has_status(roster, records->sent, STATUS_ACTIVE))))
		overtaken->reapply = true;
	log_overwritten(overtaken, call, roster, records, theirs);
	json_decref(theirs);
}

int overtaken_finish(struct overtaken *overtaken, struct call *call, struct roster *roster,
		     struct guard *guard, const char *id, bool active,
		     int (*reapply)(struct call *call, struct roster *roster, struct guard *guard,
				    const char *id),
		     int error)
{
	struct call again;
	int failed;

	if (!overtaken->reapply)
		return error;
	overtaken->reapply = false;
	log_call(
	    call,
	    "%s made the user inactive while this mount had lost its lock: inactive is written once more, "
	    "in case that what this mount sent has made the user active again",
	    overtaken->host);
	call_continue(&again, call);
	failed = reapply(&again, roster, guard, id);
	if (failed) {
		log_error(&again, failed);
		publish_doubt(roster, id);
	}
	call_destroy(&again);
	if (error || !active)
		return error;
	return call_fail(
	    call, CALL_CONFLICT,
	    "%s made the user inactive while this mount had lost its lock: inactive was sent "
	    "again%s",
	    overtaken->host, failed ? ", which failed" : "");
}

void overtaken_clear(struct overtaken *overtaken)
{
	record_put(overtaken->newest);
	*overtaken = (struct overtaken){0};
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * late.c - see late.h.
 *
 * A read compares three records: the body that got no response, the record as the vendor shows it,
 * and the record as this mount knew it last. No lock is held while the vendor is asked. This file
 * changes nothing itself. Records are kept as text, because each read runs on another thread.
 */
#include "cache/update/late.h"

#include "cache/document/merge.h"
#include "cache/record/lag.h"
#include "cache/record/record.h"
#include "cache/roster/absence.h"
#include "cache/roster/inactive.h"
#include "cache/roster/known.h"
#include "cache/roster/publish.h"
#include "cache/roster/roster.h"
#include "cache/update/change.h"
#include "cache/update/describe.h"
#include "vendors/base/call.h"
#include "vendors/base/clock.h"
#include "vendors/base/log.h"
#include "vendors/base/pool.h"
#include "vendors/base/status_words.h"
#include "vendors/json/exact_parse.h"
#include "vendors/json/exact_print.h"
#include "vendors/rest/account.h"
#include "vendors/rest/collection.h"
#include "vendors/rest/status_map.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WATCH_MAX 300.0 /* seconds */
#define STEP_FIRST 1.0
#define LAG_STEP 4.0 /* seconds between reads after the end, while a later write may lag */

struct late {
	struct roster *roster;
	struct guard *guard;
	/* as change->reapply */
	int (*reapply)(struct call *call, struct roster *roster, struct guard *guard,
		       const char *id);
	struct call call; /* the writer's, for the log */
	char *id;
	char *text;  /* JSON: the body that got no response, or late_sight.wanted; or NULL */
	char *known; /* JSON: the record as this mount knew it last, or NULL */
	void (*tell)(const struct late_sight *sight); /* of late_look; NULL: this is a late_watch */
	bool doubt;  /* the last read may have lagged: KNOWN stays */
	double step; /* seconds until the next read */
	double end;  /* of the last read, monotonic seconds */
	double last; /* the latest that END may become */
};

static void late_free(struct late *late)
{
	call_destroy(&late->call);
	free(late->id);
	free(late->text);
	free(late->known);
	free(late);
}

static void late_run(void *arg, bool ending);

/* Read after late->step seconds. If that is not possible, log it and free LATE. */
static void late_schedule(struct late *late)
{
	if (!pool_after(roster_pool(late->roster), late->step, late_run, late))
		return;
	log_call(&late->call,
		 "the record cannot be read again: it is not known whether a change shows late");
	late_free(late);
}

static struct late *late_new(const struct call *call, struct roster *roster, const char *id,
			     const json_t *wanted)
{
	struct late *late = calloc(1, sizeof(*late));

	if (!late)
		return NULL;
	late->roster = roster;
	call_continue(&late->call, call);
	late->id = strdup(id);
	late->text = wanted ? exact_print_text(wanted, 0) : NULL;
	if (late->id && (late->text || !wanted))
		return late;
	late_free(late);
	return NULL;
}

/* ---- a read ---- */

/*
 * Return the record as the vendor shows it, a new reference, or NULL, *ERROR and a message in CALL.
 */
static json_t *late_get(struct late *late, struct call *call, int *error)
{
	json_t *record = NULL;

	*error = absence_get(late->roster, call, late->id, &record, NULL, NULL);
	return *error ? NULL : record;
}

/* Fields that are not both sent and shown. */
#define ONE_WAY (FIELD_SYSTEM | FIELD_CONFIDENTIAL | FIELD_WRITE_ONLY | FIELD_ONCE)

/* Return RECORD without what is not both sent and shown, a new reference. NULL: no memory. */
static json_t *plain_part(const struct collection *collection, const json_t *record,
			  const json_t *shown)
{
	json_t *part = json_deep_copy(record);

	collection_strip(collection, part, ONE_WAY);
	for (const struct field *field = collection->fields; part && field->name; field++) {
		if (collection_hides_field(field, shown))
			collection_remove(part, field->name);
	}
	return part;
}

/* Return true if A and B show the same status, or none. */
static bool same_status(const struct collection *collection, const json_t *a, const json_t *b)
{
	char a_word[STATUS_MAP_MAX], b_word[STATUS_MAP_MAX];
	const char *of_a = status_map_word(collection, a, a_word);
	const char *of_b = status_map_word(collection, b, b_word);

	return of_a && of_b ? strcmp(of_a, of_b) == 0 : of_a == of_b;
}

/*
 * Return true if RECORD shows BODY in each field that the vendor does not assign, and its status,
 * which a request of its own may have set.
 */
static bool late_shows(const struct collection *collection, const json_t *record,
		       const json_t *body)
{
	json_t *shown = plain_part(collection, record, record);
	json_t *sent = plain_part(collection, body, record);
	bool same = shown && sent && merge_alike(shown, sent) &&
		    same_status(collection, record, body);

	json_decref(shown);
	json_decref(sent);
	return same;
}

/*
 * Return true, and WRITER, if RECORD, which shows the late body, undoes the `inactive` that this
 * mount wrote last.
 */
static bool undoes_inactive(struct late *late, const json_t *record, struct inactive_writer *writer)
{
	const struct collection *collection = roster_collection(late->roster);
	char word[STATUS_MAP_MAX];
	const char *status = status_map_word(collection, record, word);
	struct timespec time;

	if (!status || strcmp(status, STATUS_ACTIVE) != 0 ||
	    !inactive_writer(late->roster, late->id, writer))
		return false;
	return !collection_updated(collection, record, &time) || !writer->timed ||
	       clock_compare(time, writer->time) > 0;
}

static void reapply(struct late *late, const struct inactive_writer *writer)
{
	struct call call;

	call_init(&call, writer->path);
	call.uid = writer->uid;
	call.gid = writer->gid;
	call.pid = writer->pid;
	memcpy(call.command, writer->command, sizeof(call.command));
	log_call(&call, "a change that got no response was applied late and made the user active "
			"again: inactive is sent once more");
	if (late->reapply(&call, late->roster, late->guard, late->id)) {
		log_error(&call, -call.error);
		publish_doubt(late->roster, late->id);
	}
	call_destroy(&call);
}

static char *text_of(const json_t *value)
{
	return value ? exact_print_text(value, 0) : strdup("(none)");
}

/* Return true if the record after EDIT has what BODY has there. */
static bool is_from(const struct collection *collection, const struct edit *edit,
		    const json_t *body)
{
	return !(collection_flags_at(collection, edit->path, edit->depth) & ONE_WAY) &&
	       merge_value(edit, body) && merge_alike(merge_value(edit, body), edit->after);
}

/* Log in which fields RECORD differs from HELD and is as in BODY. Returns true if there are any. */
static bool log_differences(struct late *late, const json_t *held, const json_t *record,
			    const json_t *body)
{
	struct merge merge = {0};
	bool any;

	if (merge_diff(held, record, &merge))
		return false;
	any = false;
	for (size_t i = 0; i < merge.count; i++) {
		const struct edit *edit = &merge.edits[i];
		char *path, *before, *after;

		if (!is_from(roster_collection(late->roster), edit, body))
			continue;
		any = true;
		path = merge_path(edit);
		before = text_of(edit->before);
		after = text_of(edit->after);
		log_call(&late->call,
			 "a change that got no response was applied late: \"%s\" was %.100s and is "
			 "now %.100s",
			 path ? path : "?", before ? before : "?", after ? after : "?");
		free(path);
		free(before);
		free(after);
	}
	merge_clear(&merge);
	return any;
}

/* Keep RECORD as what this mount knows now. */
static void know(struct late *late, const json_t *record)
{
	char *text = exact_print_text(record, 0);

	if (!text)
		return;
	free(late->known);
	late->known = text;
}

/* Return what this mount knew last, a new reference, or NULL. */
static json_t *held_record(struct late *late)
{
	struct record *held;
	double seconds;
	bool fresh = known_peek(late->roster, late->id, &held, &seconds) == KNOWN_FRESH;

	/* what is shown in place of a record in doubt may be from before the last writes */
	if (fresh && held && held->id[0] && !late->doubt) {
		free(late->known);
		late->known = strdup(record_text(held));
	}
	record_put(held);
	return late->known ? exact_parse(late->known, strlen(late->known), 0, NULL) : NULL;
}

/*
 * Return true if both have a time of update and RECORD's is the earlier one. Equal times prove
 * nothing: they may be too coarse, or never change.
 */
static bool is_no_news(struct late *late, const json_t *held, const json_t *record)
{
	const struct collection *collection = roster_collection(late->roster);
	struct timespec a, b;

	return collection_updated(collection, record, &a) &&
	       collection_updated(collection, held, &b) && clock_compare(b, a) > 0;
}

/*
 * Return RECORD with what this mount has written since, a new reference. Sets *STALE if RECORD may
 * be from before that.
 */
static json_t *correct(struct late *late, const json_t *record, bool *stale)
{
	json_t *copy = json_deep_copy(record);
	struct lag_found found;

	lag_correct(roster_lag(late->roster), late->id, copy, LAG_PROOF, NULL, &found);
	*stale = found.corrected;
	lag_found_clear(&found);
	return copy;
}

/*
 * Return true if RECORD differs from HELD (or NULL) in a field, and is as in BODY there. A change
 * that takes two requests may be applied late in a part, and the vendor or another user may have
 * changed other fields since.
 */
static bool takes_from(const struct collection *collection, const json_t *held,
		       const json_t *record, const json_t *body)
{
	struct merge merge = {0};
	bool any = false;

	if (!held || merge_diff(held, record, &merge))
		return false;
	for (size_t i = 0; i < merge.count; i++)
		any = any || is_from(collection, &merge.edits[i], body);
	merge_clear(&merge);
	return any;
}

/*
 * Find out whether BODY was applied late, in RECORD, and do what follows from that. Returns true if
 * it was.
 */
static bool late_judge(struct late *late, const json_t *record, const json_t *body)
{
	const struct collection *collection = roster_collection(late->roster);
	json_t *held = held_record(late);
	bool whole = late_shows(collection, record, body), stale, found = false;
	bool shown = whole || takes_from(collection, held, record, body);
	json_t *now = correct(late, record, &stale);
	struct inactive_writer writer;

	late->doubt = shown && stale;
	if (whole && undoes_inactive(late, record, &writer)) {
		if (held)
			log_differences(late, held, record, body);
		reapply(late, &writer);
		found = true;
	} else if (!shown || stale) {
		/*
		 * when the lag ends, other readers have read it too, and what it undid is no longer
		 * held
		 */
		know(late, now);
	} else if (held && !is_no_news(late, held, record)) {
		found = log_differences(late, held, record, body);
		if (found)
			publish_doubt(late->roster, late->id);
	}
	json_decref(held);
	json_decref(now);
	return found;
}

/* Read once. Returns true if no further read is needed. */
static bool late_read(struct late *late)
{
	json_t *wanted = late->text ? exact_parse(late->text, strlen(late->text), 0, NULL) : NULL,
	       *record;
	struct late_sight sight;
	struct call call;
	bool done = true;

	call_continue(&call, &late->call);
	sight = (struct late_sight){.call = &late->call,
				    .roster = late->roster,
				    .id = late->id,
				    .wanted = wanted,
				    .words = call.words};
	record = late_get(late, &call, &sight.error);
	sight.record = record;
	if (late->tell) {
		late->tell(&sight);
		publish_doubt(late->roster, late->id);
	} else {
		done = record && wanted && late_judge(late, record, wanted);
	}
	json_decref(record);
	json_decref(wanted);
	call_destroy(&call);
	return done;
}

static void late_run(void *arg, bool ending)
{
	struct late *late = arg;
	double left;

	if (ending) {
		log_call(
		    &late->call,
		    !late->tell
			? "the mount ends: a change that got no response is no longer watched for"
			: "the mount ends: an accepted change that did not show is not read again");
		late_free(late);
		return;
	}
	if (late_read(late)) {
		late_free(late);
		return;
	}
	/* a read within the lag of a later write may show the record from before that write */
	if (!late->tell && late->end < late->last && lag_covers(roster_lag(late->roster), late->id))
		late->end = clock_seconds() + LAG_STEP;
	left = late->end - clock_seconds();
	if (left <= 0) {
		late_free(late);
		return;
	}
	late->step *= 2;
	if (late->step > left)
		late->step = left;
	late_schedule(late);
}

/* ---- beginning ---- */

void late_watch(struct change *change)
{
	struct account *account = roster_account(change->roster);
	double seconds = 4.0 * account->endpoint.timeout;
	struct late *late = late_new(change->call, change->roster, change->id, change->unanswered);

	if (!late)
		return;
	late->guard = change->guard;
	late->reapply = change->reapply;
	if (seconds < account->lag)
		seconds = account->lag;
	if (seconds > WATCH_MAX)
		seconds = WATCH_MAX;
	late->known = exact_print_text(change->result ? change->result : change->fresh, 0);
	late->step = STEP_FIRST;
	late->end = clock_seconds() + seconds;
	late->last = clock_seconds() + WATCH_MAX;
	late_schedule(late);
}

void late_look(const struct call *call, struct roster *roster, const char *id, const json_t *wanted,
	       void (*tell)(const struct late_sight *sight))
{
	unsigned lag = roster_account(roster)->lag;
	struct late *late = lag ? late_new(call, roster, id, wanted) : NULL;

	if (!late)
		return;
	late->tell = tell;
	late->step = lag;
	late_schedule(late);
}

/* Log whether the record shows the accepted fields when `lag` has ended. */
static void tell_accepted(const struct late_sight *sight)
{
	unsigned lag = roster_account(sight->roster)->lag;
	struct merge missing = {0};

	if (!sight->record)
		log_call(
		    sight->call,
		    "looked once more after %u s: whether the accepted change is applied is not "
		    "known, because the record cannot be read: %s",
		    lag, sight->words);
	else if (!merge_diff(sight->record, sight->wanted, &missing))
		log_call(sight->call, "looked once more after %u s: the accepted change is %s", lag,
			 missing.count ? "still not applied" : "applied: the reads lagged");
	merge_clear(&missing);
}

void late_look_accepted(const struct change *change)
{
	json_t *accepted = describe_accepted(change);

	late_look(change->call, change->roster, change->id, accepted, tell_accepted);
	json_decref(accepted);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proof.c - see proof.h.
 */
#include "cache/update/proof.h"

#include "cache/document/merge.h"
#include "cache/history/attempt.h"
#include "cache/record/lag.h"
#include "cache/record/resets.h"
#include "cache/roster/ack.h"
#include "cache/roster/inactive.h"
#include "cache/roster/presence.h"
#include "cache/roster/publish.h"
#include "cache/roster/roster.h"
#include "cache/update/change.h"
#include "cache/update/describe.h"
#include "cache/update/late.h"
#include "cache/update/looks.h"
#include "vendors/base/call.h"
#include "vendors/base/clock.h"
#include "vendors/base/log.h"
#include "vendors/base/status_words.h"
#include "vendors/json/pointer.h"
#include "vendors/json/exact.h"
#include "vendors/rest/account.h"
#include "vendors/rest/collection.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- comparing ---- */

enum proof {
	PROOF_TOOK,    /* each edit is there, or normalised */
	PROOF_OLD,     /* an edit still shows its old value */
	PROOF_MISSING, /* RECORD does not show an edited field */
};

/*
 * Return true if the word for the status proves EDIT, not the value that was sent: a request of its
 * own may lead to another value for the same word, and no other status may pass for the wanted one.
 */
static bool is_proved_by_word(const struct change *change, const struct edit *edit)
{
	char word[STATUS_MAP_MAX];
	const char *wanted;

	if (status_map_is_plain(change->collection) || !change_is_of_status(change, edit))
		return false;
	wanted = change_wanted(change, word);
	return wanted &&
	       (strcmp(wanted, STATUS_ACTIVE) == 0 || strcmp(wanted, STATUS_INACTIVE) == 0);
}

/* Compare the status that RECORD (or, if PARTIAL, a part of it) shows with the wanted one. */
static enum proof compare_status(const struct change *change, const json_t *record, bool partial)
{
	char wanted_word[STATUS_MAP_MAX], shown_word[STATUS_MAP_MAX];
	const char *wanted = change_wanted(change, wanted_word);
	const char *shown = change_status(change, record, shown_word);

	/* a part without the field proves nothing, even if its absence stands for a status */
	if (!shown || (partial && !collection_value(record, change->collection->status_key)))
		return PROOF_MISSING;
	return wanted && strcmp(wanted, shown) == 0 ? PROOF_TOOK : PROOF_OLD;
}

static enum proof proof_compare(struct change *change, const json_t *record, bool partial)
{
	enum proof proof = PROOF_TOOK;

	for (size_t i = 0; i < change->merge.count; i++) {
		const struct edit *edit = &change->merge.edits[i];
		enum merge_state state;

		if (change_is_hidden(change, edit) &&
		    collection_hides(change->collection, record, edit->path, edit->depth))
			continue;
		if (merge_state(edit, change->fresh) == MERGE_NEW)
			continue; /* it was there before */
		if (is_proved_by_word(change, edit)) {
			enum proof word = compare_status(change, record, partial);

			if (word == PROOF_OLD)
				return PROOF_OLD;
			if (word == PROOF_MISSING)
				proof = word;
			continue;
		}
		if (partial && !merge_value(edit, record)) {
			proof = PROOF_MISSING;
			continue;
		}
		state = merge_state(edit, record);
		if (state == MERGE_OLD)
			return PROOF_OLD;
		if (state == MERGE_MISSING) {
			/* the vendor dropped a field that it does not know */
			return PROOF_OLD;
		}
	}
	return proof;
}

/* Log each value that the vendor has made something else of. */
static void log_normalised(struct change *change, const json_t *record)
{
	for (size_t i = 0; i < change->merge.count; i++) {
		const struct edit *edit = &change->merge.edits[i];
		char *path, *value;

		if ((change_flags(change, edit) & FIELD_WRITE_ONLY) ||
		    is_proved_by_word(change, edit) || merge_state(edit, record) != MERGE_OTHER)
			continue;
		path = merge_path(edit);
		value = describe_value(change, edit, merge_value(edit, record));
		log_call(change->call, "the vendor made %s of \"%s\"", value ? value : "?",
			 path ? path : "?");
		free(path);
		free(value);
	}
}

/*
 * Note a status that this mount has written, before RECORD is published: an active user is not
 * taken for one that another client has reactivated.
 */
static void note_status(struct change *change, const json_t *record, const json_t *seen)
{
	char before_word[STATUS_MAP_MAX], after_word[STATUS_MAP_MAX];
	const char *before = change_status(change, change_before(change), before_word);
	const char *after = change_status(change, record, after_word);
	bool inactive = after && strcmp(after, STATUS_INACTIVE) == 0;

	if (!after || (before && strcmp(before, after) == 0))
		return;
	publish_status(change->roster, change->id, inactive);
	if (inactive)
		inactive_note_writer(change->roster, change->id, change->call, seen);
}

/*
 * Make reads recognisable that lag behind the change. SEEN is the record in which the vendor has
 * shown it.
 */
static void acknowledge(struct change *change, const json_t *record, const json_t *seen)
{
	const json_t *before = change_before(change);
	struct merge shown = {.edits = calloc(change->merge.count, sizeof(*shown.edits))};

	for (size_t i = 0; shown.edits && i < change->merge.count; i++) {
		const struct edit *edit = &change->merge.edits[i];

		if (!change_is_hidden(change, edit) && describe_is_news(change, edit))
			shown.edits[shown.count++] = *edit; /* borrowed */
	}
	ack_note(change->roster, change->id, &shown, before, record, seen);
	free(shown.edits);
}

/* As resets_find, of CHANGE. */
static bool find_lost(const struct change *change, struct resets *resets, const json_t *record,
		      struct merge *lost)
{
	struct resets_change sent = change_resets(change);

	*lost = (struct merge){0};
	return change->target && !change->stands_in && resets_find(resets, &sent, record, lost);
}

int proof_took(struct change *change, json_t *record, const json_t *seen)
{
	char *words = describe_change(change);

	note_status(change, record, seen);
	acknowledge(change, record, seen);
	log_normalised(change, record);
	if (!change->lost.count) {
		find_lost(change, NULL, record, &change->lost);
		describe_emptied(change);
		merge_clear(&change->lost);
	}
	describe_remains(change, record);
	change_tell(change, "changed", words);
	change->result = json_incref(record);
	change_publish(change, record);
	return 0;
}

/* ---- reading it back ---- */

/*
 * A response that cannot be read may be followed by one that can: number of reads, and the first
 * pause between them.
 */
#define BAD_LOOKS 3
#define BAD_PAUSE_MS 250u

/*
 * Read the record as change_get does, also for a caller that has gone, and repeat that if a
 * response cannot be read.
 */
static int proof_read(struct change *change, enum lag_reading reading, json_t **record, char **etag)
{
	unsigned pause = BAD_PAUSE_MS;
	int error;

	for (unsigned bad = 1;; bad++) {
		error = change_get(change, change->alone, reading, record, etag);
		if (!error || !call_is_inconclusive(change->alone) || bad == BAD_LOOKS)
			return error;
		call_pause(change->alone, pause);
		pause *= 2;
	}
}

/* Fail because RECORD shows the old value, LOOKED seconds after the change was accepted. */
static int not_applied(struct change *change, const json_t *record, double looked)
{
	struct account *account = change_account(change);

	change_publish(change, record);
	call_fail(change->call, CALL_NOT_APPLIED,
		  "accepted but not applied: the vendor answered success and still shows the old "
		  "value");
	if (change->call->said[0])
		call_add_words(change->call, "; its response has an error: %s", change->call->said);
	if (!account->lag)
		return -EREMOTEIO;
	late_look_accepted(change);
	change->attempt->unknown = true; /* until then */
	if (call_cancelled(change->call)) {
		call_add_words(change->call, ", and the caller has gone");
	} else {
		call_add_words(change->call, " after %.3g s", looked);
	}
	call_add_words(change->call, "; its reads may lag, so the record is read once more in %u s",
		       account->lag);
	return -EREMOTEIO;
}

/*
 * Note that it is not known whether the change was made. Returns ERROR; its message is in the call.
 */
static int not_known(struct change *change, int error)
{
	publish_doubt(change->roster, change->id);
	change->attempt->unknown = true;
	collection_hide(change->collection, change->target);
	change_hide_target(change, NULL);
	change->result = json_incref(change->target);
	return error;
}

/* Fail because the vendor accepted the change, and reading it back failed with ERROR. */
static int not_read_back(struct change *change, int error)
{
	call_copy_error(change->call, change->alone);
	call_add_words(change->call,
		       ": the vendor accepted the change, but the record could not be read back, "
		       "so that it is not known whether it was made");
	return not_known(change, error);
}

/*
 * Fail because the vendor answered success with an error in it, and no GET shows the fields of the
 * change.
 */
static int not_shown(struct change *change)
{
	return not_known(change,
			 call_fail(change->call, CALL_MALFORMED,
				   "the vendor answered success, but with an error in it: %s: the "
				   "record does not show whether the change was made",
				   change->call->said));
}

/*
 * Finish a change whose request for `inactive` really deletes: the user is gone. Returns 0.
 */
static int proof_gone(struct change *change)
{
	describe_remains(change, change->target);
	change_tell(change,
		    change->request->deletes ? "deleted: this can't be undone"
					     : "inactive: the vendor no longer shows the record",
		    NULL);
	change->gone = true;
	change->result = json_incref(change->target);
	presence_note_deleted(change->roster, change->id, change_before(change));
	publish_deleted(change->roster, change->id);
	return 0;
}

/* Return true if ERROR, of a GET after the request of CHANGE, shows that the request was carried
 * out: whatever is said of a DELETE, who is gone is not active. */
static bool is_gone(const struct change *change, int error)
{
	return error == -ENOENT && change->request &&
	       strcmp(change->request->request.method, "DELETE") == 0;
}

/* ---- what the change has emptied ---- */

/*
 * Finish a change that took, as RECORD shows, which was read since then. Returns 0, or -EREMOTEIO
 * with a message if the vendor has emptied what the change left out.
 */
static int took_as_read(struct change *change, json_t *record)
{
	if (!find_lost(change, roster_resets(change->roster), record, &change->lost))
		merge_clear(&change->lost);
	proof_took(change, record, record);
	return change->lost.count ? describe_lost(change) : 0;
}

/*
 * Return the record (a new reference), read now, if ANSWER, which proves the change, lacks members
 * that were there: the vendor may have emptied them, or its response is not the whole record. NULL:
 * ANSWER shows enough, or reads lag behind it.
 */
static json_t *read_whole(struct change *change, const json_t *answer)
{
	struct resets *resets = roster_resets(change->roster);
	json_t *shown = resets_is_partial(resets) ? json_deep_copy(change->fresh) : json_object();
	json_t *record = NULL;
	struct merge lost;
	bool suspect;

	json_object_update_recursive(shown, (json_t *)(uintptr_t)answer);
	find_lost(change, NULL, shown, &lost);
	json_decref(shown);
	suspect = lost.count && change_resets(change).leaves_out;
	merge_clear(&lost);
	if (!suspect || proof_read(change, LAG_PROOF, &record, NULL))
		return NULL;
	if (proof_compare(change, record, false) != PROOF_TOOK) {
		json_decref(record);
		return NULL;
	}
	find_lost(change, NULL, record, &lost);
	if (!lost.count)
		resets_note_partial(resets);
	merge_clear(&lost);
	return record;
}

/*
 * Find out by reads whether a change took that the vendor has accepted, and that its response does
 * not show.
 */
static int look_for_it(struct change *change)
{
	double began = clock_seconds();
	json_t *record = NULL;
	struct looks looks;
	int error;

	looks_begin(&looks, change->call, looks_seconds(change_account(change)));
	do {
		json_decref(record);
		record = NULL;
		error = proof_read(change, LAG_PROOF, &record, NULL);
		if (is_gone(change, error))
			return proof_gone(change);
		if (!error && proof_compare(change, record, false) == PROOF_TOOK) {
			error = took_as_read(change, record);
			json_decref(record);
			return error;
		}
	} while ((!error || error == -ENOENT) && looks_again(&looks));
	if (error)
		error = not_read_back(change, error);
	else
		error = not_applied(change, record, clock_seconds() - began);
	json_decref(record);
	return error;
}

int proof_settle_done(struct change *change, json_t *answer)
{
	enum proof proof = answer ? proof_compare(change, answer, true) : PROOF_MISSING;
	json_t *whole = proof == PROOF_TOOK ? read_whole(change, answer) : NULL;
	int error;

	change->sent = true;
	if (whole) {
		error = took_as_read(change, whole);
		json_decref(whole);
		return error;
	}
	if (proof == PROOF_TOOK) {
		json_object_update_recursive(change->target, answer);
		collection_hide(change->collection, change->target);
		change_hide_target(change, answer);
		return proof_took(change, change->target, answer);
	}
	if (change->call->said[0] && change->write_only)
		return not_shown(change);
	/* a response with an old value may have been read before the change was applied */
	return look_for_it(change);
}

/* Return true if RECORD shows neither the status from before nor the wanted one. */
static bool is_third_word(const struct change *change, const json_t *record)
{
	char before_word[STATUS_MAP_MAX], shown_word[STATUS_MAP_MAX];
	const char *before = change_status(change, change->fresh, before_word);
	const char *shown = change_status(change, record, shown_word);

	return compare_status(change, record, false) == PROOF_OLD &&
	       !(before && shown && strcmp(before, shown) == 0);
}

/* Return the first edit whose field now shows neither the old value nor the new one, or NULL. */
static const struct edit *third_value(const struct change *change, const json_t *record)
{
	for (size_t i = 0; i < change->merge.count; i++) {
		const struct edit *edit = &change->merge.edits[i];
		enum merge_state state = merge_state(edit, record);

		if (is_proved_by_word(change, edit)) {
			if (is_third_word(change, record))
				return edit;
			continue;
		}
		if (!(change_flags(change, edit) & FIELD_WRITE_ONLY) &&
		    (state == MERGE_OTHER || state == MERGE_MISSING))
			return edit;
	}
	return NULL;
}

/*
 * Fail because a field has a third value: without a response it is not certain whether the vendor
 * made that of the new value, or another client wrote it.
 */
static int fail_third(struct change *change, const struct edit *edit, const json_t *record)
{
	char *path = merge_path(edit);
	char *value = describe_value(change, edit, merge_value(edit, record));

	change->attempt->unknown = true;
	change_publish(change, record);
	call_fail(change->call, CALL_CONFLICT,
		  "%s, and \"%s\" is now neither the old value nor the new one, but %s; read the "
		  "file again",
		  change->call->status / 100 == 2 ? "another client wrote at the same time"
						  : "the response to the change was lost",
		  path ? path : "?", value ? value : "?");
	free(path);
	free(value);
	return -ESTALE;
}

int proof_settle_unknown(struct change *change)
{
	const struct edit *third;
	json_t *record = NULL;
	char *etag = NULL;
	int error;

	change->sent = true; /* it may have been */
	error = proof_read(change, LAG_SETTLE, &record, &etag);
	if (is_gone(change, error)) {
		free(etag);
		return proof_gone(change);
	}
	if (error) {
		free(etag);
		publish_doubt(change->roster, change->id);
		change->attempt->unknown = true;
		call_add_words(change->call,
			       ": whether the change was made is not known, because reading the "
			       "record failed too: %s",
			       change->alone->words);
		return error;
	}
	third = third_value(change, record);
	if (third || (proof_compare(change, record, false) == PROOF_TOOK && !change->write_only)) {
		error = third ? fail_third(change, third, record) : took_as_read(change, record);
		json_decref(record);
		free(etag);
		return error;
	}
	json_decref(change->fresh);
	free(change->etag);
	change->fresh = record;
	change->etag = etag;
	change->sent = change->first != NULL;
	return -EAGAIN;
}

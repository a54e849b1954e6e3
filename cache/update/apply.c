/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply.c - see apply.h.
 *
 * A change that was sent is proved before any reader sees the new record. This file does not know
 * which caller wants the change, nor why.
 */
#include "cache/update/apply.h"

#include "cache/document/merge.h"
#include "cache/history/attempt.h"
#include "cache/history/attempt_undo.h"
#include "cache/history/guard.h"
#include "cache/history/request_words.h"
#include "cache/history/takeback.h"
#include "cache/history/undo.h"
#include "cache/record/lag.h"
#include "cache/record/resets.h"
#include "cache/record/versions.h"
#include "cache/record/write_lock.h"
#include "cache/roster/figures.h"
#include "cache/roster/presence.h"
#include "cache/roster/roster.h"
#include "cache/update/change.h"
#include "cache/update/describe.h"
#include "cache/update/input.h"
#include "cache/update/late.h"
#include "cache/update/looks.h"
#include "cache/update/part.h"
#include "cache/update/response.h"
#include "cache/update/self_guard.h"
#include "vendors/base/call.h"
#include "vendors/base/clock.h"
#include "vendors/base/log.h"
#include "vendors/base/status_words.h"
#include "vendors/http/basis.h"
#include "vendors/json/pointer.h"
#include "vendors/rest/account.h"
#include "vendors/rest/collection.h"
#include "vendors/rest/item.h"
#include "vendors/rest/status_request.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Seconds for which reads are repeated if they disagree with this mount's own writes about a
 * status.
 */
#define LOOK_SECONDS 5.0

/*
 * Seconds for which a change is repeated if reads do not find a record that was just created here.
 */
#define MADE_SECONDS 5.0

/* ---- guards ---- */

/*
 * If the target changes the status, check that against the guards, and count it unless it takes
 * back what the vendor still shows.
 */
static int check_status(struct change *change)
{
	char before_word[STATUS_MAP_MAX], after_word[STATUS_MAP_MAX];
	const char *before = change_status(change, change->fresh, before_word);
	const char *after = change_wanted(change, after_word);
	int error;

	if (!after || (before && strcmp(before, after) == 0))
		return 0;
	if (strcmp(after, STATUS_ACTIVE) == 0 &&
	    !status_map_may_activate(change->collection, change->fresh))
		return change_fail_other(change, before ? before : STATUS_UNKNOWN);
	if (!change->status_checked) {
		error = self_guard_check(change->call, change->roster, change->id, after);
		if (error)
			return error;
		change->status_checked = true;
	}
	if (!change->counted && takeback_status(change->attempt, change->fresh, after))
		return 0;
	if (guard_dry_run(change->guard))
		return guard_has_room(change->guard, change->call);
	if (change->counted)
		return 0;
	error = guard_take(change->guard, change->call, &change->attempt->ticket);
	change->counted = !error;
	return error;
}

/* ---- sending ---- */

/*
 * Check that the target has each field that the vendor wants with every PUT. Returns 0 or -EINVAL
 * with a message.
 */
static int check_whole(struct change *change)
{
	const char *lacks = collection_lacks(change->collection, change->target);
	char words[COLLECTION_WORDS_MAX];

	/* a request for a status sends none of the record's fields */
	if (!lacks || change->request)
		return 0;
	return call_fail(change->call, CALL_INVALID,
			 "the document must have \"%s\": the vendor wants it with each change, "
			 "and does not show it; nothing was sent",
			 collection_words(lacks, words));
}

/*
 * Apply the edits to a copy of fresh. Returns 0, or a negative errno with a message: -ESTALE is a
 * conflict.
 */
static int apply_edits(struct change *change)
{
	const struct edit *conflict;
	int error;

	json_decref(change->target);
	change->target = json_deep_copy(change->fresh);
	if (!change->target)
		return call_no_memory(change->call);
	error = merge_apply(&change->merge, change->target, false, &conflict);
	if (error == -ESTALE)
		return describe_conflict(change, conflict);
	error = error ? call_no_memory(change->call) : check_whole(change);
	/* a status can always be written */
	return error || change->word ? error : input_check_size(change->call, change->target);
}

/* Return the body to send: the target without what the vendor assigns, or takes only once. */
static json_t *apply_body(const struct change *change)
{
	const char *key = change->collection->status_key;
	json_t *body = json_deep_copy(change->target);
	json_t *status = change->word && body ? json_incref(collection_value(body, key)) : NULL;

	collection_strip(change->collection, body, FIELD_SYSTEM | FIELD_ONCE);
	/* the table may say that no document changes it, because the other word has a request */
	if (status)
		pointer_set(body, key, status);
	return body;
}

static void apply_note_fields(struct change *change)
{
	if (!change->part)
		attempt_set_fields(change->attempt, describe_fields(change));
}

/* Announce in the audit log what is sent now or, in a dry run, would be. */
static int apply_announce(struct change *change)
{
	apply_note_fields(change);
	return attempt_send(change->attempt);
}

/* Send the request for the status, or the PUT of BODY. Returns as item_put. */
static enum vendor_outcome apply_put(struct change *change, const json_t *body, json_t **answer)
{
	const char *parent = roster_parent(change->roster);

	if (change->request)
		return status_request_send(change->call, change_account(change), change->collection,
					   parent, change->id, change->fresh, change->request,
					   answer);
	return item_put(change->call, change_account(change), change->collection, parent,
			change->id, body, change->etag, answer);
}

/*
 * Send the PUT, and find out what became of it. Returns 0, -EAGAIN (the next step) or a
 * negative errno.
 */
static int apply_send(struct change *change)
{
	struct overtaken_records records = {0};
	json_t *answer = NULL, *body, *acknowledged, *base;
	enum vendor_outcome outcome;
	int error = apply_announce(change);

	if (error)
		return error;
	body = apply_body(change);
	if (!body)
		return call_no_memory(change->call);
	error = change_check_lock(change);
	if (error) {
		json_decref(body);
		return error;
	}
	base = json_incref(change->fresh);
	records.base = base;
	acknowledged = lag_acknowledged(roster_lag(change->roster), change->id);
	change->basis.record = change->fresh;
	change->basis.acknowledged = acknowledged;
	change->basis.end = change->basis.ageless && !change->stands_in
				? (int64_t)(change->end * 1000)
				: 0;
	change->call->said[0] = '\0';
	outcome = apply_put(change, body, &answer);
	change->basis.record = change->basis.acknowledged = NULL;
	json_decref(acknowledged);
	outcome = change_settle_lock(change, outcome, &answer);
	error = response_judge(change, outcome, body, answer);
	records.sent = body;
	if (!error || error == -EAGAIN)
		records.now = change->result ? change->result : change->fresh;
	overtaken_judge(&change->overtaken, change->call, change->roster, &records);
	json_decref(base);
	json_decref(body);
	json_decref(answer);
	return error;
}

/*
 * Refuse a change that leaves out what this vendor is known to empty then. Returns 0, or
 * -EOPNOTSUPP with a message.
 */
static int check_resets(struct change *change)
{
	struct resets_change sent = change_resets(change);
	char *risk = resets_risk(roster_resets(change->roster), &sent);

	if (!risk)
		return 0;
	call_fail(change->call, CALL_UNSUPPORTED,
		  "the vendor resets what a change leaves out, as an earlier change has shown, and "
		  "this one would leave out \"%s\"; nothing was sent: let [update] of the "
		  "description send {record} in place of {changes}, and mount again",
		  risk);
	free(risk);
	return -change->call->error;
}

static int dry_run(struct change *change)
{
	const struct rule_update *update = change->collection->update;
	const struct rule_request *rule = update ? &update->request : NULL;
	char *words, *request;
	int error = apply_announce(change);

	if (error)
		return error;
	words = describe_change(change);
	if (change->request)
		rule = &change->request->request;
	request = request_words(change->collection, rule, "PUT", roster_parent(change->roster),
				change->id, change->fresh);
	log_call(change->call, "dry run: nothing sent; it would be %s with %s",
		 request ? request : "?", words ? words : "?");
	free(request);
	free(words);
	change_publish(change, change->fresh);
	return 0;
}

/* Return true if the vendor's record does not show an edit yet. Sets write_only. */
static bool anything_to_do(struct change *change)
{
	bool any = false;

	change->write_only = change->merge.count > 0;
	for (size_t i = 0; i < change->merge.count; i++) {
		const struct edit *edit = &change->merge.edits[i];
		bool hidden = change_is_hidden(change, edit);

		if (hidden || merge_state(edit, change->fresh) != MERGE_NEW)
			any = true;
		change->write_only &= hidden;
	}
	return any;
}

/* ---- steps: each returns 0 (done), -EAGAIN (the next step) or a negative errno ---- */

static int fail_lagging(struct change *change)
{
	char word[STATUS_MAP_MAX];
	const char *status = change_status(change, change->fresh, word);

	return call_fail(
	    change->call, CALL_CONFLICT,
	    "the vendor shows the status %s, although this mount made it %s just now: its reads "
	    "may lag, or somebody has changed it back; nothing was sent; try again, or write the "
	    "status to the status file",
	    change->read_status, status ? status : "another one");
}

/*
 * Settle the status before a document, which carries one, is sent: while the vendor shows another
 * status than this mount has written, neither is sent, and the record is read again for some
 * seconds.
 */
static int settle_status(struct change *change)
{
	struct looks looks;
	int error = 0;

	looks_begin(&looks, change->call, LOOK_SECONDS);
	while (!error && change->read_status && !change->absolute) {
		basis_release(change->call);
		if (looks_again(&looks))
			error = change_read(change);
		else if (call_cancelled(change->call))
			error = call_interrupted(change->call);
		else
			error = fail_lagging(change);
	}
	return error;
}

/* Find the edits, and check them. */
static int plan(struct change *change)
{
	int error = settle_status(change);

	if (error)
		return error;
	/*
	 * until something is sent, it is rosterfs that refuses, not the vendor in response to the
	 * GET
	 */
	call_forget_request(change->call);
	merge_clear(&change->merge);
	error = change->plan(change);
	return error ? error : -EAGAIN;
}

/* Log that there is nothing to change, because the log's last line about a path is the outcome. */
static void log_idle(const struct change *change)
{
	char word[STATUS_MAP_MAX];
	const char *status = change->absolute ? change_status(change, change->fresh, word) : NULL;

	describe_remains(change, change->fresh);
	if (change->reads > 1)
		log_call(change->call, "nothing is left to change: the vendor shows it by now");
	else if (change->attempt->idle && status)
		log_call(change->call, "already %s: nothing was sent", status);
	else if (change->attempt->idle && !versions_was_refused(roster_versions(change->roster),
								change->id, change->call->pid))
		log_call(change->call, "nothing in it is to be changed: nothing was sent");
}

/* Send what is not at the vendor yet. */
static int carry_out(struct change *change)
{
	int error;

	if (!anything_to_do(change)) {
		change->attempt->idle = !change->part && !change->first;
		log_idle(change);
		change->result = json_incref(change->fresh);
		change_publish(change, change->fresh);
		return 0;
	}
	error = apply_edits(change);
	if (!error)
		error = check_resets(change);
	if (!error)
		error = check_status(change);
	if (error)
		return error;
	return guard_dry_run(change->guard) ? dry_run(change) : apply_send(change);
}

static int apply_step(struct change *change)
{
	int error;

	switch (change->next) {
	case CHANGE_READ:
		change->next = CHANGE_PLAN;
		error = change_read(change);
		return error ? error : -EAGAIN;
	case CHANGE_PLAN:
		change->next = CHANGE_SEND;
		return plan(change);
	case CHANGE_SEND:
		break;
	}
	return carry_out(change);
}

static int apply_run(struct change *change)
{
	int error;

	change->end = clock_seconds() + change_account(change)->endpoint.retry_budget;
	basis_begin(&change->basis, 0);
	change->call->basis = change->alone->basis = &change->basis;
	do {
		error = apply_step(change);
	} while (error == -EAGAIN);
	basis_release(change->call);
	change->call->basis = NULL;
	return error;
}

int apply_once(struct change *change)
{
	struct call alone;
	int error = write_lock_take(roster_write_lock(change->roster), change->call, change->id);

	if (error)
		return error;
	call_continue(&alone, change->call);
	change->alone = &alone;
	error = apply_run(change);
	/* the message says "read the file again": it must then show the newest record */
	if (error == -ESTALE && change->fresh && !change->sent)
		change_publish(change, change->fresh);
	apply_note_fields(change);
	if (error) {
		versions_note_refused(roster_versions(change->roster), change->id,
				      change->call->pid);
		part_settle(change);
	}
	json_decref(change->basis.part_fields);
	change->basis.part_fields = NULL;
	json_decref(change->basis.raw);
	change->basis.raw = NULL;
	if (error && !change->sent)
		attempt_uncount(change->attempt);
	if (error && !change->call->words[0] && alone.words[0])
		call_copy_error(change->call, &alone);
	if (change->unanswered)
		late_watch(change);
	write_lock_release(roster_write_lock(change->roster), change->id);
	call_destroy(&alone);
	change->alone = NULL;
	if (!change->overtaken.reapply)
		return error;
	return overtaken_finish(&change->overtaken, change->call, change->roster, change->guard,
				change->id, change_makes_active(change), change->reapply, error);
}

int apply_change(struct change *change)
{
	struct looks looks;
	int error;

	looks_begin(&looks, change->call, MADE_SECONDS);
	do {
		change->next = CHANGE_READ;
		error = apply_once(change);
	} while (error == -ENOENT && !change->fresh &&
		 presence_was_made(change->roster, change->id) && looks_again(&looks));
	return error;
}

static void apply_note_history(struct change *change)
{
	json_t *undo = describe_undo(change);

	attempt_accepted(change->attempt, change_before(change), change->result, undo);
	json_decref(undo);
}

/* Append to the error how to restore what the vendor has emptied. */
static void add_restoration(const struct change *change)
{
	const struct undo undo = {.what = UNDO_DOCUMENT,
				  .path = change->call->path,
				  .number = change->attempt->number};
	char *command = undo.number ? attempt_undo_command(change->attempt, &undo) : NULL;

	if (command)
		call_add_words(change->call, "; to undo it: %s", command);
	free(command);
}

int apply_finish(struct change *change, int error)
{
	if (error)
		figures_note_error(change->roster, change->call, error);
	if (change->result && !change->attempt->idle)
		apply_note_history(change);
	change_log(change);
	if (error && change->lost.count)
		add_restoration(change);
	return error;
}

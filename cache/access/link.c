/* SPDX-License-Identifier: Apache-2.0 */
/*
 * link.c - see link.h.
 *
 * A link is one POST. The guards count it before it is sent. The answer is proof if it shows the
 * link; if it does not, or was lost, the link is read back. What a link means to the vendor is
 * known from its table.
 */
#include "cache/access/link.h"

#include "cache/access/link_lock.h"
#include "cache/history/attempt.h"
#include "cache/history/attempt_undo.h"
#include "cache/history/guard.h"
#include "cache/history/overtaken.h"
#include "cache/history/takeback.h"
#include "cache/history/undo.h"
#include "cache/history/trust.h"
#include "cache/record/record.h"
#include "cache/roster/figures.h"
#include "cache/roster/known.h"
#include "cache/roster/publish.h"
#include "cache/roster/roster.h"
#include "cache/roster/wait.h"
#include "cache/update/looks.h"
#include "vendors/base/call.h"
#include "vendors/base/log.h"
#include "vendors/json/id_text.h"
#include "vendors/rest/collection.h"
#include "vendors/rest/item.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

/* Ask the vendor for link ID. Returns 1, 0 if there is none, or a negative errno. */
static int link_look(struct call *call, struct roster *roster, const char *id)
{
	struct wait wait = {.kind = WAIT_RECORD, .id = id, .call = call};
	int error;

	roster_refresh(roster);
	error = wait_sync(roster, &wait);
	wait_clear(&wait);
	return error == -ENOENT ? 0 : error ? error : 1;
}

/*
 * Ask until link ID is there, or until a writer should not wait any longer for reads that lag. The
 * answer to CALL was lost, has two meanings, or (SAID) was success without the link. CALL's caller
 * may be gone. Returns as link_look, with a message in CALL.
 */
static int look_again(struct call *call, struct roster *roster, const char *id, bool said)
{
	struct looks looks;
	struct call again;
	int there;

	call_continue(&again, call);
	looks_begin(&looks, call, looks_seconds(roster_account(roster)));
	do {
		there = link_look(&again, roster, id);
	} while (!there && looks_again(&looks));
	if (there < 0 && said)
		call_copy_error(call, &again);
	if (there < 0)
		call_add_words(call, "; looking it up failed too: the outcome is unknown");
	call_destroy(&again);
	return there;
}

/* Have the vendor's file remember LINK, which has been made, while reads may lag. */
static void link_remember(struct roster *roster, const json_t *link)
{
	const struct collection *collection = roster_collection(roster);

	if (link && collection->remember)
		collection->remember(roster_account(roster), roster_parent(roster), NULL, link);
}

/*
 * As link_remember, for link ID as the roster has it. The other hosts are told of it: one that has
 * just ended it would not know which of the two was later. Returns it, a new reference, or NULL.
 */
static json_t *remember_held(struct roster *roster, const char *id)
{
	struct record *held;
	double seconds;
	json_t *link;

	known_peek(roster, id, &held, &seconds);
	link = held ? record_json(held) : NULL;
	link_remember(roster, link);
	if (held)
		publish_record(roster, held);
	record_put(held);
	return link;
}

/* Publish link ID, which is there. ANSWER is the vendor's record of it, or NULL. */
static void publish_link(struct roster *roster, const char *id, const json_t *answer)
{
	const struct collection *collection = roster_collection(roster);
	struct record *record = NULL;
	struct timespec when;
	char buffer[COLLECTION_ID_MAX];

	clock_gettime(CLOCK_REALTIME, &when);
	/* without the vendor's own id the link could not be ended */
	if (answer && collection_path_id(collection, answer, buffer))
		record = record_new(collection, id, answer, when);
	if (record)
		link_remember(roster, answer);
	if (record)
		publish_record(roster, record);
	else
		roster_refresh(roster);
	record_put(record);
}

/* Report the link, which has been made. ANSWER is the vendor's record of it, or NULL. */
static void tell_link(struct attempt *attempt, const json_t *answer)
{
	json_t *after = answer ? json_deep_copy(answer)
			       : json_pack("{s:o}", "id", id_text_json(attempt->id));

	attempt_accepted(attempt, NULL, after, NULL);
	json_decref(after);
}

/* Find out whether the link is there, after an answer of success without it. */
static int prove_link(struct attempt *attempt)
{
	struct call *call = attempt->call;
	char said[CALL_WORDS_MAX];
	json_t *held;
	int there;

	snprintf(said, sizeof(said), "%s", call->words);
	there = look_again(call, attempt->roster, attempt->id, true);
	attempt->unknown = there < 0;
	if (there < 0)
		return there;
	if (!there)
		return call_fail(call, CALL_NOT_APPLIED,
				 "accepted but not applied: the vendor does not show the link%s%s",
				 said[0] ? "; its answer: " : "", said);
	held = remember_held(attempt->roster, attempt->id);
	tell_link(attempt, held);
	json_decref(held);
	log_call(call, "made%s", attempt_note(attempt));
	return 0;
}

/* Settle a POST that ended with OUTCOME and ANSWER. Returns 0 if the link is there, or a negative
 * errno. */
static int settle_link(struct attempt *attempt, enum vendor_outcome outcome, const json_t *answer)
{
	struct call *call = attempt->call;
	char buffer[COLLECTION_ID_MAX];
	int error = -call->error, there;
	json_t *held;

	if (outcome == VENDOR_DONE &&
	    !(answer && collection_path_id(roster_collection(attempt->roster), answer, buffer)))
		return prove_link(attempt);
	if (outcome == VENDOR_DONE) {
		publish_link(attempt->roster, attempt->id, answer);
		tell_link(attempt, answer);
		log_call(call, "made%s", attempt_note(attempt));
		return 0;
	}
	if (outcome == VENDOR_REFUSED) {
		attempt_uncount(attempt);
		return error;
	}
	/* a 409 means that the link is there, or that two writers met; else the answer was lost */
	there = look_again(call, attempt->roster, attempt->id, false);
	attempt->unknown = there < 0 && outcome != VENDOR_CHANGED;
	if (there > 0) {
		held = remember_held(attempt->roster, attempt->id);
		attempt->idle = outcome == VENDOR_CHANGED;
		if (outcome == VENDOR_UNKNOWN)
			tell_link(attempt, held);
		json_decref(held);
		log_call(call, "%s%s", outcome == VENDOR_CHANGED ? "it was there already" : "made",
			 attempt_note(attempt));
		error = 0;
	} else if (!there && call->unanswered) {
		call_add_words(call, "; it was not there when looked up");
	}
	if (outcome == VENDOR_CHANGED || !there)
		attempt_uncount(attempt);
	return error;
}

static int link_post(struct attempt *attempt)
{
	struct roster *roster = attempt->roster;
	const struct collection *collection = roster_collection(roster);
	const struct undo undo = {.what = UNDO_UNLINK, .path = attempt->call->path};
	json_t *body = collection->link(collection, attempt->id), *answer = NULL;
	struct overtaken overtaken = {0};
	enum vendor_outcome outcome;
	int error;

	attempt_undo_add(attempt, &undo);
	takeback_link(attempt, NULL);
	error = body ? attempt_send_counted(attempt) : call_no_memory(attempt->call);
	if (error)
		goto out;
	error = link_lock_check(roster, attempt->call, attempt->id);
	/* -EAGAIN: it rests on no read */
	if (error && error != -EAGAIN) {
		attempt_uncount(attempt);
		goto out;
	}
	outcome = item_post(attempt->call, attempt->account, collection, roster_parent(roster),
			    body, &answer);
	if ((outcome == VENDOR_DONE || outcome == VENDOR_UNKNOWN) &&
	    overtaken_look(&overtaken, attempt->call, roster, attempt->id)) {
		/* another host may have ended it since the vendor answered: look */
		json_decref(answer);
		answer = NULL;
	}
	error = settle_link(attempt, outcome, answer);
	overtaken_judge(&overtaken, attempt->call, roster,
			&(struct overtaken_records){.deleted = true});
	overtaken_clear(&overtaken);
out:
	json_decref(body);
	json_decref(answer);
	return error;
}

static int make_link(struct attempt *attempt)
{
	struct call *call = attempt->call;
	int error = guard_writable(attempt->guard, call, attempt->account);

	if (error)
		return error;
	if (!roster_collection(attempt->roster)->link)
		return call_fail(call, CALL_FORBIDDEN, "links can't be made here");
	error = trust_check(call, attempt->account, roster_collection(attempt->roster)->create);
	if (error)
		return error;
	if (guard_dry_run(attempt->guard)) {
		error = guard_has_room(attempt->guard, call);
		return error ? error : attempt_dry_run(attempt, "POST", NULL);
	}
	error = link_lock(attempt->roster, call, attempt->id);
	if (error)
		return error;
	error = link_post(attempt);
	if (!error)
		link_lock_tell(attempt->roster, attempt->id, true);
	link_unlock(attempt->roster, attempt->id);
	if (error)
		figures_note_error(attempt->roster, call, error);
	return error;
}

int link_create(struct call *call, struct roster *roster, struct guard *guard, const char *id)
{
	struct attempt attempt;
	int error;

	attempt_begin(&attempt, call, guard, roster, "link", id);
	error = make_link(&attempt);
	attempt_end(&attempt, error);
	return error;
}

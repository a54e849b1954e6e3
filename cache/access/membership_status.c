/* SPDX-License-Identifier: Apache-2.0 */
/*
 * membership_status.c - see membership_status.h.
 *
 * GET, say what will be undone how, make the steps, and have it proved (membership_proof.c). The
 * guards are the same as for any status; which steps there are is the vendor's file's business.
 */
#include "cache/access/membership_status.h"

#include "cache/record/write_lock.h"
#include "cache/roster/figures.h"
#include "cache/roster/inactive.h"
#include "cache/roster/known.h"
#include "cache/history/attempt.h"
#include "cache/history/guard.h"
#include "cache/record/record.h"
#include "cache/roster/roster.h"
#include "cache/access/membership_state.h"
#include "cache/history/takeback.h"
#include "vendors/base/call.h"
#include "vendors/json/exact.h"
#include "vendors/base/log.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Say in the log, after WHAT, the command that makes each step again. */
static void log_undo(const struct steps *steps, const char *what)
{
	char words[CALL_WORDS_MAX];

	for (size_t i = 0; steps->collection->undo_words(steps->fresh, i, words, sizeof(words));
	     i++)
		log_call(steps->call, "%s: %s", what,
			 words[0] ? words : "a link to the member in the account's members/");
}

/* The commands that undo what will be done. */
static void tell_undo(const struct steps *steps)
{
	char words[CALL_WORDS_MAX];

	if (!steps_is_inactive(steps)) {
		attempt_undone_by_status(steps->attempt, steps->id);
		return;
	}
	for (size_t i = 0; steps->collection->undo_words(steps->fresh, i, words, sizeof(words));
	     i++) {
		if (words[0])
			attempt_undone_by(steps->attempt, words);
	}
}

/* RECORD (a new reference) with the steps of LIST too, each once. NULL: no memory. */
static json_t *join(const struct steps *steps, const json_t *record, const json_t *list)
{
	json_t *joined = json_deep_copy(record);
	json_t *all = steps_of(steps, joined);
	json_t *step;
	size_t i;

	json_array_foreach(list, i, step) {
		if (!steps_has(steps, all, step))
			json_array_append(all, step);
	}
	return joined;
}

/* What this mount has ended and not yet restored: into undo, or NULL. */
static void find_undo(struct steps *steps)
{
	char *text = inactive_undo(steps->roster, steps->id);

	steps->undo = text ? exact_parse(text, strlen(text), 0, NULL) : NULL;
	free(text);
}

/* Before the first step: what may be ended is kept, with what was ended before. */
static void keep_undo(struct steps *steps)
{
	json_t *all = join(steps, steps->undo ? steps->undo : steps->fresh,
			   steps_of(steps, steps->fresh));
	char *text = all ? exact_dump(all, 0) : NULL;

	if (text)
		inactive_keep_undo(steps->roster, steps->id, text);
	free(text);
	json_decref(steps->undo);
	steps->undo = all;
}

/* Nobody knows what to restore: say how the user can do it. */
static int fail_unknown(struct steps *steps)
{
	char words[CALL_WORDS_MAX / 2];

	steps->collection->restore_words(steps->fresh, words, sizeof(words));
	return call_fail(
	    steps->call, EOPNOTSUPP,
	    "this mount has not ended anything of the user, so that it can't know what "
	    "to restore; to do it: %s",
	    words);
}

/* Nothing is sent: say what would be. Such a mount has ended nothing, so it restores nothing. */
static int dry_run(struct steps *steps)
{
	int error = guard_has_room(steps->guard, steps->call);

	if (!error)
		error = attempt_send(steps->attempt);
	if (!error)
		log_undo(
		    steps,
		    "dry run: nothing sent; what would be ended is made again in the vendor's directory by");
	return error;
}

/* What is to be made or ended: also what the vendor still shows otherwise than it was acknowledged.
 */
static int choose(struct steps *steps)
{
	const json_t *now = steps_of(steps, steps->fresh);
	const char *id_key = steps->collection->step_id_key;
	const json_t *base = steps_is_inactive(steps) || !steps->undo ? steps->fresh : steps->undo;
	json_t *list, *step;
	size_t i;

	steps->sent = json_deep_copy(base);
	list = steps_of(steps, steps->sent);
	if (base == steps->fresh && !steps_is_inactive(steps))
		json_array_clear(list);
	json_array_foreach(steps->unconfirmed, i, step) {
		/* in the record: made, and not shown; else ended, and still shown */
		if (steps_has_same(now, step, id_key) != steps_is_inactive(steps) &&
		    !steps_has_same(list, step,
				    steps_is_inactive(steps) ? id_key
							     : steps->collection->step_key))
			json_array_append(list, step);
	}
	if (steps->sent)
		steps->outcomes = calloc(json_array_size(list) + 1, sizeof(*steps->outcomes));
	return steps->outcomes ? 0 : call_fail(steps->call, ENOMEM, "no memory");
}

/* That a step was made is no longer to be read into what the vendor shows, once it is ended. */
static void forget_ended(const struct steps *steps)
{
	json_t *ended = json_deep_copy(steps->sent);
	json_t *list = steps_of(steps, ended);

	for (size_t i = json_array_size(list); i-- > 0;) {
		if (steps->outcomes[i] != VENDOR_DONE)
			json_array_remove(list, i);
	}
	steps->collection->forget(steps->attempt->account, ended);
	json_decref(ended);
}

static int send(struct steps *steps)
{
	struct account *account = steps->attempt->account;
	size_t count = json_array_size(steps_of(steps, steps->sent));
	bool made = false;
	uint64_t ticket;
	int error = attempt_send_counted(steps->attempt, &ticket);

	if (error)
		return error;
	if (steps_is_inactive(steps)) {
		log_undo(steps, "about to be ended; made again in the vendor's directory by");
		keep_undo(steps);
	}
	error = steps->collection->set_status(steps->call, account, steps->sent,
					      !steps_is_inactive(steps), steps->outcomes);
	if (steps_is_inactive(steps))
		forget_ended(steps);
	error = steps_prove(steps, error);
	for (size_t i = 0; i < count; i++)
		made = made || steps_was_made(steps, i);
	if (!made)
		guard_give_back(steps->guard, ticket);
	return error;
}

static int make_steps(struct steps *steps)
{
	const char *remains = steps->attempt->account->vendor->remains;
	int error = choose(steps);

	if (error)
		return error;
	if (!steps_is_inactive(steps) && !json_array_size(steps_of(steps, steps->sent)))
		return fail_unknown(steps);
	tell_undo(steps);
	takeback_steps(steps->attempt, steps->fresh, steps_is_inactive(steps) ? NULL : steps->sent);
	if (guard_dry_run(steps->guard))
		return dry_run(steps);
	error = send(steps);
	if (error)
		return error;
	if (steps_is_inactive(steps))
		log_call(steps->call, "what remains to be done: %s", remains);
	log_call(steps->call, "now %s%s", steps->word, attempt_alone(steps->attempt));
	return 0;
}

/*
 * May the vendor show what it will not show for long? By its id something that was ended, but has
 * not been proved to be: for `inactive` that is no doubt, as it will be ended again.
 */
static bool is_doubtful(const struct steps *steps)
{
	const char *id_key = steps->collection->step_id_key;
	const json_t *now = steps_of(steps, steps->fresh);
	json_t *step;
	size_t i;

	if (steps_is_inactive(steps))
		return json_array_size(steps->unconfirmed);
	json_array_foreach(steps->unconfirmed, i, step) {
		if (steps_has_same(now, step, id_key))
			return true;
	}
	json_array_foreach(steps_of(steps, steps->undo), i, step) {
		if (steps_has_same(now, step, id_key))
			return true;
	}
	return false;
}

/* Is there nothing to do, by what the vendor showed and by what this mount remembers? */
static bool is_idle(const struct steps *steps)
{
	return steps_is_done(steps, steps->fresh) && !is_doubtful(steps);
}

/* What fresh is by now: what the vendor did not show is known apart from it. */
static void take_unconfirmed(struct steps *steps)
{
	const char *key = steps->collection->unconfirmed_key;

	json_decref(steps->unconfirmed);
	steps->unconfirmed = json_incref(json_object_get(steps->fresh, key));
	if (steps->unconfirmed)
		json_object_del(steps->fresh, key);
}

/* The record is locked: make it so. FRESH (taken) is what was read just now, or NULL. */
static int run(struct steps *steps, json_t *fresh)
{
	struct call *call = steps->call;
	int error = 0;

	find_undo(steps);
	steps->fresh = fresh;
	take_unconfirmed(steps);
	/* That there is nothing to do is only said of what the vendor shows now; nor is it acted on
	   what it may show by now. */
	if (!steps->fresh || steps->unconfirmed || is_idle(steps)) {
		json_decref(steps->fresh);
		steps->fresh = NULL;
		error = steps_get(steps, call, &steps->fresh);
		take_unconfirmed(steps);
	}
	if (error)
		return error;
	/* What is refused from here on until something is sent is our refusal, not that GET's. */
	call->request[0] = '\0';
	call->status = 0;
	steps->attempt->idle = is_idle(steps);
	if (!steps->attempt->idle)
		return make_steps(steps);
	steps_settle_idle(steps);
	steps_publish(steps, call, steps->fresh);
	log_call(call, "already %s: nothing was sent", steps->word);
	return 0;
}

int steps_status(struct attempt *attempt, const char *word)
{
	struct call *call = attempt->call;
	struct roster *roster = attempt->roster;
	struct steps steps = {
	    .attempt = attempt,
	    .call = call,
	    .roster = roster,
	    .guard = attempt->guard,
	    .collection = roster_collection(roster),
	    .id = attempt->id,
	    .word = word,
	};
	enum known knows;
	struct record *held;
	double seconds;
	bool just_now;
	json_t *fresh;
	int error = 0;

	/* What is refused in any case costs no request. */
	knows = known_peek(roster, steps.id, &held, &seconds);
	if ((!held || strcmp(record_status(held), word) != 0) && !takeback_may_be(attempt, word))
		error = guard_has_room(steps.guard, call);
	/*
	 * The open has just asked for this user alone, to tell the size: that is new enough,
	 * because what the steps leave is asked for after the last one.
	 */
	just_now = held && knows == KNOWN_FRESH && held->id[0] &&
		   seconds > (double)attempt->account->ttl - 1;
	if (!error)
		error = write_lock_take(roster_write_lock(roster), call, steps.id);
	fresh = !error && just_now ? record_json(held) : NULL;
	record_put(held);
	if (error)
		return error;
	error = run(&steps, fresh);
	write_lock_release(roster_write_lock(roster), steps.id);
	if (error)
		figures_note_error(roster, call, error);
	json_decref(steps.fresh);
	json_decref(steps.unconfirmed);
	json_decref(steps.undo);
	json_decref(steps.sent);
	free(steps.outcomes);
	return error;
}

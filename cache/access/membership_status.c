/* SPDX-License-Identifier: Apache-2.0 */
/*
 * membership_status.c - see membership_status.h.
 *
 * GET, log how each step is taken back, send the steps, and find out what became of them
 * (membership_proof.c). The guards are those of any status. Which steps there are is known from the
 * vendor's table.
 */
#include "cache/access/membership_status.h"

#include "cache/access/membership.h"
#include "cache/access/membership_past.h"
#include "cache/access/membership_proof.h"
#include "cache/history/attempt.h"
#include "cache/history/attempt_undo.h"
#include "cache/history/guard.h"
#include "cache/history/overtaken.h"
#include "cache/history/takeback.h"
#include "cache/history/undo.h"
#include "cache/record/record.h"
#include "cache/record/write_lock.h"
#include "cache/roster/figures.h"
#include "cache/roster/inactive.h"
#include "cache/roster/known.h"
#include "cache/roster/roster.h"
#include "cache/roster/store.h"
#include "cache/update/status_field.h"
#include "vendors/base/call.h"
#include "vendors/base/log.h"
#include "vendors/base/status_words.h"
#include "vendors/json/exact_parse.h"
#include "vendors/json/exact_print.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Return what makes STEP again; with STEP NULL, a step below a parent that is not known. */
static struct undo undo_of(const struct membership *membership, const json_t *step)
{
	const json_t *parent = json_object_get(step, membership->collection->step_key);

	return (struct undo){.what = UNDO_LINK,
			     .id = membership->id,
			     .links = membership->collection->step_links,
			     .parent = json_string_value(parent)};
}

/* Log, after the words WHAT, the command that makes each step again. */
static void log_undo(const struct membership *membership, const char *what)
{
	json_t *step;
	size_t i;

	json_array_foreach(membership_steps(membership, membership->fresh), i, step) {
		const struct undo undo = undo_of(membership, step);
		char *command = attempt_undo_command(membership->attempt, &undo);

		log_call(membership->call, "%s: %s", what,
			 command ? command : membership->collection->step_words);
		free(command);
	}
}

/* Give the attempt the commands that take back what is about to be sent. */
static void note_undo(const struct membership *membership)
{
	json_t *step;
	size_t i;

	if (!membership_is_inactive(membership)) {
		attempt_undo_add_status(membership->attempt, membership->id);
		return;
	}
	json_array_foreach(membership_steps(membership, membership->fresh), i, step) {
		const struct undo undo = undo_of(membership, step);

		attempt_undo_add(membership->attempt, &undo);
	}
}

/* Return a copy of RECORD that has the steps of LIST too, each once, or NULL: no memory. */
static json_t *join_steps(const struct membership *membership, const json_t *record,
			  const json_t *list)
{
	json_t *joined = json_deep_copy(record);
	json_t *all = membership_steps(membership, joined);
	json_t *step;
	size_t i;

	json_array_foreach(list, i, step) {
		if (!membership_has(membership, all, step))
			json_array_append(all, step);
	}
	return joined;
}

/* Keep all steps, and those ended earlier, for a later `active`, before the first one is ended. */
static void membership_status_keep_undo(struct membership *membership)
{
	bool any = json_array_size(membership_steps(membership, membership->undo));
	json_t *all = join_steps(membership, any ? membership->undo : membership->fresh,
				 membership_steps(membership, membership->fresh));

	if (!all)
		return;
	json_decref(membership->undo);
	membership->undo = all;
	membership_past_keep(membership, false);
}

/* Fail because this mount knows no step to restore. The message says how the user can do it. */
static int fail_nothing_known(struct membership *membership)
{
	const struct undo undo = undo_of(membership, NULL);
	char *command = attempt_undo_command(membership->attempt, &undo);
	int error = call_fail(
	    membership->call, CALL_UNSUPPORTED,
	    "this mount has ended no %s of the user, so it does not know what to restore; "
	    "in the vendor's directory run: %s",
	    membership->collection->name, command ? command : "");

	free(command);
	return error;
}

/* Log what would be sent. */
static int membership_status_dry_run(struct membership *membership)
{
	int error = guard_has_room(membership->guard, membership->call);

	if (!error)
		error = attempt_send(membership->attempt);
	if (error)
		return error;
	if (membership_is_inactive(membership))
		log_undo(
		    membership,
		    "dry run: nothing sent; what would be ended is made again in the vendor's directory by");
	else /* what an earlier mount has ended: a dry run has ended nothing */
		log_call(membership->call, "dry run: nothing sent; %zu %s would be made again",
			 json_array_size(membership_steps(membership, membership->sent)),
			 membership->collection->name);
	return 0;
}

/*
 * Choose the steps to send. This includes those that the vendor has acknowledged and does not show
 * yet. Returns 0 or -ENOMEM.
 */
static int membership_status_choose(struct membership *membership)
{
	const json_t *now = membership_steps(membership, membership->fresh);
	const char *id_key = membership->collection->step_id_key;
	const json_t *base = membership_is_inactive(membership) || !membership->undo
				 ? membership->fresh
				 : membership->undo;
	json_t *list, *step;
	size_t i;

	membership->sent = json_deep_copy(base);
	list = membership_steps(membership, membership->sent);
	if (base == membership->fresh && !membership_is_inactive(membership))
		json_array_clear(list);
	json_array_foreach(membership->unconfirmed, i, step) {
		/* a step that the record has was made and is not shown; any other was ended and
		   is still shown */
		if (membership_has_same(now, step, id_key) != membership_is_inactive(membership) &&
		    !membership_has_same(list, step,
					 membership_is_inactive(membership)
					     ? id_key
					     : membership->collection->step_key))
			json_array_append(list, step);
	}
	if (membership->sent)
		membership->outcomes = calloc(json_array_size(list) + 1,
					      sizeof(*membership->outcomes));
	return membership->outcomes ? 0 : call_no_memory(membership->call);
}

/* Have the vendor's file forget that it made the steps that are now ended. */
static void forget_ended(const struct membership *membership)
{
	json_t *ended = json_deep_copy(membership->sent);
	json_t *list = membership_steps(membership, ended);

	for (size_t i = json_array_size(list); i-- > 0;) {
		if (membership->outcomes[i] != VENDOR_DONE)
			json_array_remove(list, i);
	}
	membership->collection->forget(membership->attempt->account, ended);
	json_decref(ended);
}

/* Check that the record is this mount's alone before the next step is sent. */
static int may_step(void *arg)
{
	struct membership *membership = arg;
	int error;

	/* a membership that is still to be ended may have been ended, which does no harm; one that
	   is to be made may have been ended by who makes the user inactive */
	if (overtaken_look(membership->overtaken, membership->call, membership->roster,
			   membership->id) &&
	    !membership_is_inactive(membership))
		membership->halted = true;
	error = write_lock_check(roster_write_lock(membership->roster), membership->call,
				 membership->id);
	if (error == -EAGAIN && !membership_is_inactive(membership))
		membership->halted = true;
	if (error && error != -EAGAIN)
		return error;
	if (!membership->halted)
		return 0;
	return call_fail(
	    membership->call, CALL_CONFLICT,
	    "this mount lost its lock while it wrote, and another host may have written "
	    "the user meanwhile");
}

/* After the steps: was the lock lost on the way? What was read last tells what is overwritten. */
static void judge_lock(struct membership *membership, struct overtaken *overtaken)
{
	struct record *held;
	double seconds;
	json_t *now;

	if (!overtaken->pending)
		return;
	known_peek(membership->roster, membership->id, &held, &seconds);
	now = held && held->id[0] && !membership->attempt->unknown ? record_json(held) : NULL;
	overtaken_judge(overtaken, membership->call, membership->roster,
			&(struct overtaken_records){.now = now});
	json_decref(now);
	record_put(held);
}

static int membership_status_send(struct membership *membership)
{
	struct account *account = membership->attempt->account;
	size_t count = json_array_size(membership_steps(membership, membership->sent));
	bool made = false;
	int error = write_lock_check(roster_write_lock(membership->roster), membership->call,
				     membership->id);

	if (!error)
		error = attempt_send_counted(membership->attempt);
	if (error)
		return error;
	if (membership_is_inactive(membership)) {
		log_undo(membership, "about to be ended; made again in the vendor's directory by");
		membership_status_keep_undo(membership);
	}
	error = membership->collection->set_status(membership->call, account, membership->sent,
						   !membership_is_inactive(membership), may_step,
						   membership, membership->outcomes);
	if (membership_is_inactive(membership))
		forget_ended(membership);
	overtaken_look(membership->overtaken, membership->call, membership->roster, membership->id);
	error = membership_proof_find(membership, error);
	judge_lock(membership, membership->overtaken);
	for (size_t i = 0; i < count; i++)
		made = made || membership_was_made(membership, i);
	if (!made)
		guard_give_back(membership->guard, membership->attempt->ticket);
	return error;
}

static int make_steps(struct membership *membership)
{
	const char *remains = membership->attempt->account->vendor->remains;
	int error;

	/* the vendor shows no step */
	if (!membership->undo && !membership_is_inactive(membership))
		membership->undo = membership_past_undo(membership);
	error = membership_status_choose(membership);
	if (error)
		return error;
	if (!membership_is_inactive(membership) &&
	    !json_array_size(membership_steps(membership, membership->sent)))
		return fail_nothing_known(membership);
	note_undo(membership);
	takeback_steps(membership->attempt, membership->fresh,
		       membership_is_inactive(membership) ? NULL : membership->sent);
	if (guard_dry_run(membership->guard))
		return membership_status_dry_run(membership);
	error = membership_status_send(membership);
	if (error)
		return error;
	if (membership_is_inactive(membership))
		log_call(membership->call, "what remains to be done: %s", remains);
	log_call(membership->call, "now %s%s", membership->word, attempt_note(membership->attempt));
	return 0;
}

/*
 * Return true if what the vendor shows may be stale: it shows a step, by its id, that this mount
 * has ended without proof. For `inactive`, any unconfirmed step counts.
 */
static bool may_be_stale(const struct membership *membership)
{
	const char *id_key = membership->collection->step_id_key;
	const json_t *now = membership_steps(membership, membership->fresh);
	json_t *step;
	size_t i;

	if (membership_is_inactive(membership))
		return json_array_size(membership->unconfirmed);
	json_array_foreach(membership->unconfirmed, i, step) {
		if (membership_has_same(now, step, id_key))
			return true;
	}
	json_array_foreach(membership_steps(membership, membership->undo), i, step) {
		if (membership_has_same(now, step, id_key))
			return true;
	}
	return false;
}

/* Return true if the vendor shows the wanted status, and what it shows is not stale. */
static bool is_idle(const struct membership *membership)
{
	return membership_is_done(membership, membership->fresh) && !may_be_stale(membership);
}

/* Move the steps that the vendor did not show as expected out of fresh. */
static void take_unconfirmed(struct membership *membership)
{
	const char *key = membership->collection->unconfirmed_key;

	json_decref(membership->unconfirmed);
	membership->unconfirmed = json_incref(json_object_get(membership->fresh, key));
	if (membership->unconfirmed)
		json_object_del(membership->fresh, key);
}

/*
 * Make the status of the record, which is locked, the wanted one. FRESH (taken) was read just now,
 * or is NULL.
 */
static int membership_status_run(struct membership *membership, json_t *fresh)
{
	struct call *call = membership->call;
	int error = 0;

	membership->undo = membership_past_ended(membership);
	membership->fresh = fresh;
	take_unconfirmed(membership);
	/* Ask again before deciding that there is nothing to do, and before acting on steps that
	   may be shown by now. */
	if (!membership->fresh || membership->unconfirmed || is_idle(membership)) {
		json_decref(membership->fresh);
		membership->fresh = NULL;
		error = membership_get(membership, call, &membership->fresh);
		take_unconfirmed(membership);
	}
	if (error)
		return error;
	/* a refusal before the first change is not the GET's: its request is not in the message */
	call_forget_request(call);
	membership->attempt->idle = is_idle(membership);
	if (!membership->attempt->idle)
		return make_steps(membership);
	membership_proof_settle_idle(membership);
	membership_publish(membership, call, membership->fresh);
	log_call(call, "already %s: nothing was sent", membership->word);
	return 0;
}

/* Free what MEMBERSHIP knows of the record. */
static void membership_status_forget(struct membership *membership)
{
	json_decref(membership->fresh);
	json_decref(membership->unconfirmed);
	json_decref(membership->undo);
	json_decref(membership->sent);
	free(membership->outcomes);
	membership->fresh = membership->unconfirmed = membership->undo = membership->sent = NULL;
	membership->outcomes = NULL;
	membership->halted = false;
}

/* As change->reapply (change.h). */
static int membership_reapply(struct call *call, struct roster *roster, struct guard *guard,
			      const char *id)
{
	struct attempt attempt;
	int error;

	attempt_begin(&attempt, call, guard, roster, "reapply", id);
	status_field_note(&attempt, STATUS_INACTIVE);
	error = membership_status_write(&attempt, STATUS_INACTIVE);
	attempt_end(&attempt, error);
	return error;
}

int membership_status_write(struct attempt *attempt, const char *word)
{
	struct call *call = attempt->call;
	struct roster *roster = attempt->roster;
	struct overtaken overtaken = {0};
	struct membership membership = {
	    .overtaken = &overtaken,
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

	/* if it is refused in any case, refuse it without a request */
	knows = known_peek(roster, membership.id, &held, &seconds);
	if ((!held || strcmp(record_status(held), word) != 0) && !takeback_may_be(attempt, word))
		error = guard_has_room(membership.guard, call);
	/*
	 * open has just asked for this user to know the file's size. That is fresh enough, because
	 * the record is read again after the last step. Where other hosts may write, only what is
	 * read with the lock counts.
	 */
	just_now = roster_store(roster) == store_local() && held && knows == KNOWN_FRESH &&
		   held->id[0] && seconds > (double)attempt->account->ttl - 1;
	if (!error)
		error = write_lock_take(roster_write_lock(roster), call, membership.id);
	fresh = !error && just_now ? record_json(held) : NULL;
	record_put(held);
	if (error)
		return error;
	error = membership_status_run(&membership, fresh);
	while (error == -EAGAIN) {
		membership_status_forget(&membership);
		error = membership_status_run(&membership, NULL);
	}
	write_lock_release(roster_write_lock(roster), membership.id);
	error = overtaken_finish(&overtaken, call, roster, attempt->guard, attempt->id,
				 !membership_is_inactive(&membership), membership_reapply, error);
	overtaken_clear(&overtaken);
	if (error)
		figures_note_error(roster, call, error);
	membership_status_forget(&membership);
	return error;
}

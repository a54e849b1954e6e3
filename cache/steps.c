/*
 * steps.c - see steps.h.
 *
 * GET, say what will be undone how, make the steps, GET again. The guards are the same as for any
 * status; which steps there are is the vendor's file's business.
 */
#include "cache/steps.h"

#include "cache/attempt.h"
#include "cache/guard.h"
#include "cache/record.h"
#include "cache/roster.h"
#include "vendors/call.h"
#include "vendors/log.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct steps {
	struct attempt *attempt;
	struct call *call;
	struct roster *roster;
	struct guard *guard;
	const struct collection *collection;
	const char *id;
	const char *word;
	json_t *fresh;
	json_t *undo; /* for a restoration */
};

static const char *status_of(const struct steps *steps, const json_t *record)
{
	const char *status = json_string_value(
	    json_object_get(record, steps->collection->status_key));

	return status ? status : RECORD_STATUS_UNKNOWN;
}

static int get(struct steps *steps, struct call *call, json_t **record)
{
	int error = vendor_get(call, roster_account(steps->roster), steps->collection, NULL,
			       steps->id, record, NULL);

	if (error == -ENOENT)
		roster_publish_absent(steps->roster, steps->id);
	return error;
}

static void publish(struct steps *steps, const json_t *object)
{
	struct timespec when;
	struct record *record;

	clock_gettime(CLOCK_REALTIME, &when);
	record = record_new(steps->collection, steps->id, object, when);
	if (record)
		roster_publish(steps->roster, record);
	else
		roster_doubt(steps->roster, steps->id);
	record_put(record);
}

/* Is STEP one of LIST? */
static bool has_step(const struct steps *steps, const json_t *list, const json_t *step)
{
	const char *key = steps->collection->step_key;
	const json_t *wanted = json_object_get(step, key);
	json_t *other;
	size_t i;

	json_array_foreach(list, i, other) {
		if (json_equal(json_object_get(other, key), wanted))
			return true;
	}
	return false;
}

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

	if (strcmp(steps->word, "inactive") != 0) {
		attempt_undone_by_status(steps->attempt, steps->id);
		return;
	}
	for (size_t i = 0; steps->collection->undo_words(steps->fresh, i, words, sizeof(words));
	     i++) {
		if (words[0])
			attempt_undone_by(steps->attempt, words);
	}
}

static json_t *steps_of(const struct steps *steps, const json_t *record)
{
	return json_object_get(record, steps->collection->steps_key);
}

/* The steps of A and B, each once: what ended before is not forgotten by what ends now. */
static json_t *join(const struct steps *steps, const json_t *a, const json_t *b)
{
	json_t *joined = json_deep_copy(a);
	json_t *list = steps_of(steps, joined);
	json_t *step;
	size_t i;

	json_array_foreach(steps_of(steps, b), i, step) {
		if (!has_step(steps, list, step))
			json_array_append(list, step);
	}
	return joined;
}

/* What this mount has ended and not yet restored: into undo, or NULL. */
static void find_undo(struct steps *steps)
{
	char *text = roster_undo(steps->roster, steps->id);

	steps->undo = text ? json_loads(text, 0, NULL) : NULL;
	free(text);
}

/* Before the first step: what may be ended is kept, with what was ended before. */
static void keep_undo(struct steps *steps)
{
	json_t *all = steps->undo ? join(steps, steps->undo, steps->fresh)
				  : json_deep_copy(steps->fresh);
	char *text = all ? json_dumps(all, JSON_COMPACT) : NULL;

	if (text)
		roster_keep_undo(steps->roster, steps->id, text);
	free(text);
	json_decref(steps->undo);
	steps->undo = all;
}

/* After the last one: what RECORD shows needs no undo. */
static void trim_undo(struct steps *steps, const json_t *record)
{
	json_t *list = steps_of(steps, steps->undo);
	const json_t *now = steps_of(steps, record);
	char *text = NULL;

	for (size_t i = json_array_size(list); i-- > 0;) {
		if (has_step(steps, now, json_array_get(list, i)))
			json_array_remove(list, i);
	}
	if (json_array_size(list))
		text = json_dumps(steps->undo, JSON_COMPACT);
	roster_keep_undo(steps->roster, steps->id, text);
	free(text);
}

/* Does RECORD show what is wanted? For `active` that all is back that this mount has ended. */
static bool is_done(const struct steps *steps, const json_t *record)
{
	const json_t *now = steps_of(steps, record);
	json_t *step;
	size_t i;

	if (strcmp(status_of(steps, record), steps->word) != 0)
		return false;
	if (strcmp(steps->word, "active") != 0)
		return true;
	json_array_foreach(steps_of(steps, steps->undo), i, step) {
		if (!has_step(steps, now, step))
			return false;
	}
	return true;
}

/* Say in the words of the error which steps remain. */
static void add_remaining(struct steps *steps, const json_t *record)
{
	const char *key = steps->collection->step_key;
	json_t *step;
	size_t i;

	json_array_foreach(steps_of(steps, record), i, step) {
		call_add_words(steps->call, i ? ", %s" : "; what remains is %s",
			       json_string_value(json_object_get(step, key)));
	}
}

/* RECORD is what it is now; ERROR: of the steps. */
static void settle(struct steps *steps, const json_t *record, int error)
{
	bool inactive = strcmp(steps->word, "inactive") == 0;

	if (!error || !inactive)
		roster_note_deactivated(steps->roster, steps->id, inactive);
	trim_undo(steps, record);
	publish(steps, record);
}

static int fail_not_applied(struct steps *steps, const json_t *record)
{
	const char *status = status_of(steps, record);

	if (strcmp(status, steps->word) != 0)
		return call_fail(steps->call, EREMOTEIO,
				 "accepted but not applied: the user is still %s", status);
	return call_fail(steps->call, EREMOTEIO,
			 "accepted but not applied: not all is back that this mount had ended; "
			 "write the status again");
}

/* The steps have been made, or some of them: what is it now? */
static int prove(struct steps *steps, int error)
{
	bool inactive = strcmp(steps->word, "inactive") == 0;
	struct call call;
	json_t *record = NULL;
	int get_error;

	call_continue(&call, steps->call);
	get_error = get(steps, &call, &record);
	if (get_error) {
		steps->attempt->unknown = true;
		roster_doubt(steps->roster, steps->id);
		if (!error)
			call_copy_error(steps->call, &call);
	} else {
		/* However the answers were: what it is now is what counts. */
		if (is_done(steps, record))
			error = 0;
		else if (!error)
			error = fail_not_applied(steps, record);
		else if (error && inactive)
			add_remaining(steps, record);
		settle(steps, record, error);
		if (!json_equal(record, steps->fresh))
			attempt_accepted(steps->attempt, steps->fresh, record, NULL);
	}
	json_decref(record);
	call_destroy(&call);
	return error ? error : get_error;
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

static int make_steps(struct steps *steps)
{
	struct account *account = steps->attempt->account;
	bool inactive = strcmp(steps->word, "inactive") == 0;
	uint64_t ticket;
	size_t made;
	int error;

	if (!inactive && !steps->undo)
		return fail_unknown(steps);
	tell_undo(steps);
	if (guard_dry_run(steps->guard))
		return dry_run(steps);
	error = attempt_send_counted(steps->attempt, &ticket);
	if (error)
		return error;
	if (inactive) {
		log_undo(steps, "about to be ended; made again in the vendor's directory by");
		keep_undo(steps);
	}
	error = steps->collection->set_status(steps->call, account, steps->fresh,
					      inactive ? NULL : steps->undo, &made);
	error = prove(steps, error);
	if (!made)
		guard_give_back(steps->guard, ticket);
	if (error)
		return error;
	log_call(steps->call, "now %s%s", steps->word, attempt_alone(steps->attempt));
	if (inactive)
		log_call(steps->call, "what remains to be done: %s", account->vendor->remains);
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
	enum roster_knows knows;
	struct record *held;
	double seconds;
	bool just_now;
	int error = 0;

	/* What is refused in any case costs no request. */
	knows = roster_peek(roster, steps.id, &held, &seconds);
	if (!held || strcmp(record_status(held), word) != 0)
		error = guard_has_room(steps.guard, call);
	/*
	 * The open has just asked for this user alone, to tell the size: that is new enough,
	 * because what the steps leave is asked for after the last one.
	 */
	just_now = held && knows == ROSTER_FRESH && held->id[0] &&
		   seconds > (double)attempt->account->ttl - 1;
	if (!error)
		error = roster_lock(roster, call, steps.id);
	if (!error)
		steps.fresh = just_now ? record_json(held) : NULL;
	record_put(held);
	if (error)
		return error;
	find_undo(&steps);
	/* That there is nothing to do is only said of what the vendor shows now. */
	if (!steps.fresh || is_done(&steps, steps.fresh)) {
		json_decref(steps.fresh);
		steps.fresh = NULL;
		error = get(&steps, call, &steps.fresh);
	}
	/* What is refused from here on until something is sent is our refusal, not that GET's. */
	if (!error) {
		call->request[0] = '\0';
		call->status = 0;
	}
	attempt->idle = !error && is_done(&steps, steps.fresh);
	if (attempt->idle)
		publish(&steps, steps.fresh);
	else if (!error)
		error = make_steps(&steps);
	roster_unlock(roster, steps.id);
	if (error)
		roster_note_error(roster, call, error);
	json_decref(steps.fresh);
	json_decref(steps.undo);
	return error;
}

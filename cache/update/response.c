/* SPDX-License-Identifier: Apache-2.0 */
/*
 * response.c - see response.h.
 *
 * Each response leads to a next step: read again, plan again, send again, or the end. Nothing is
 * sent here; apply.c continues with the step.
 */
#include "cache/update/response.h"

#include "cache/history/attempt.h"
#include "cache/roster/publish.h"
#include "cache/update/change.h"
#include "cache/update/looks.h"
#include "cache/update/part.h"
#include "cache/update/proof.h"
#include "vendors/base/call.h"
#include "vendors/base/clock.h"
#include "vendors/base/limits.h"
#include "vendors/base/log.h"
#include "vendors/base/status_words.h"
#include "vendors/json/pointer.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define BACKOFF_FIRST_MS 250u
#define BACKOFF_MAX_MS 10000u

/*
 * Seconds for which a record is read, at the least, before its ETag is considered one that cannot
 * be met.
 */
#define PRECONDITION_SECONDS 2.0
/* The same if reads may lag for longer. */
#define PRECONDITION_LAG_SECONDS 5.0
#define PRECONDITION_LOOKS 3

/* Number of reads after which the PUT may not follow in time, whatever the budget. */
#define READS_MIN 3

/*
 * Return the milliseconds until the next try: a random part of the back-off, or what the vendor
 * asks for.
 */
static unsigned pause_before_retry(const struct call *call, unsigned tries)
{
	const int64_t day = 86400000;
	unsigned most = tries > 5 ? BACKOFF_MAX_MS : BACKOFF_FIRST_MS << tries;
	unsigned random = 0;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		random = most;
	random %= most + 1;
	if (call->told > random)
		random = (unsigned)(call->told < day ? call->told : day);
	return random;
}

/*
 * Return true if the budget is over, or if the wait that the vendor asks for exceeds it. A wait as
 * long as the budget is allowed: the time of the requests themselves does not count.
 */
static bool is_over(struct change *change)
{
	const struct account *account = change_account(change);
	double told = (double)change->call->told / 1000;

	if (!change->call->told)
		return clock_seconds() >= change->end;
	if (change->waited + told > account->endpoint.retry_budget + LIMITS_TOLD_SLACK / 1000.0 ||
	    clock_seconds() >= change->end + account->endpoint.timeout)
		return true;
	change->waited += told;
	return false;
}

/* Return true if the user loses access by this change. */
static bool ends_access(const struct change *change)
{
	char word[STATUS_MAP_MAX];
	const char *after = change_wanted(change, word);

	return after && strcmp(after, STATUS_INACTIVE) == 0;
}

/*
 * Handle a 429. The next GET waits as long as the vendor asks. If the vendor has twice accepted the
 * GET and not the PUT after it, it may never accept two requests in time: then a deactivation is
 * sent without another GET, because a leaver must lose access, and any other change fails.
 */
static int limited(struct change *change)
{
	if (change->basis.ageless || is_over(change))
		return -change->call->error;
	change->next = CHANGE_READ;
	if (++change->limited < 2)
		return -EAGAIN;
	if (!ends_access(change)) {
		call_add_words(change->call,
			       "; %s was changed: the vendor twice accepted the read, and not "
			       "the change that must follow at once",
			       change->first ? "nothing else" : "nothing");
		return -change->call->error;
	}
	change->basis.ageless = true;
	change->next = CHANGE_SEND;
	return -EAGAIN;
}

/* Handle a PUT that could not be sent soon enough after its GET. */
static int too_late(struct change *change)
{
	change->next = CHANGE_READ;
	if (change->reads < READS_MIN || clock_seconds() < change->end)
		return -EAGAIN;
	return call_fail(change->call, CALL_LATE,
			 "nothing %s sent: %u times the change could not follow its read soon "
			 "enough; try again",
			 change->first ? "else was" : "was", change->reads);
}

/*
 * Fail after two responses 409 or 412, or one if the caller has gone. If an email is changed, it is
 * taken; else it is a conflict.
 */
static int changed_twice(struct change *change)
{
	for (size_t i = 0; i < change->merge.count; i++) {
		const struct edit *edit = &change->merge.edits[i];

		for (const char *const *key = change->collection->email_keys; key && *key; key++) {
			if (change->call->verdict == CALL_CONFLICT &&
			    pointer_relate(*key, edit->path, edit->depth) != POINTER_APART)
				return call_decide(change->call, CALL_TAKEN);
		}
	}
	return -change->call->error;
}

/*
 * Read the record at least twice more, because the vendor says that RECORD with ETAG is not what it
 * has: that may be right, and its reads may lag. Returns 0 if a read shows something else, which is
 * then fresh, 1 if all show the same, or a negative errno.
 */
static int look_at_precondition(struct change *change, const json_t *record, const char *etag)
{
	double lag = change_account(change)->lag, span = PRECONDITION_SECONDS;

	/* reads may lag behind another user's write */
	if (lag > span)
		span = lag < PRECONDITION_LAG_SECONDS ? lag : PRECONDITION_LAG_SECONDS;
	for (int look = 0; look < PRECONDITION_LOOKS; look++) {
		int error;

		if (look && call_pause(change->call, (unsigned)(span * 1000 / 2)))
			return call_interrupted(change->call);
		error = change_read(change);
		if (error)
			return error;
		if (!change->etag || strcmp(change->etag, etag) != 0 ||
		    !json_equal(change->fresh, record))
			return 0;
	}
	return 1;
}

/* Handle a 412 to a PUT with If-Match. */
static int precondition_failed(struct change *change)
{
	json_t *record = json_incref(change->fresh);
	char *etag = change->etag;
	int result;

	change->etag = NULL;
	result = look_at_precondition(change, record, etag);
	if (result > 0) {
		atomic_store(&change_account(change)->no_preconditions, true);
		log_call(change->call,
			 "the vendor answered 412 to an ETag that it still shows: no If-Match is "
			 "sent to it until the next mount");
		free(change->etag);
		change->etag = NULL;
	}
	json_decref(record);
	free(etag);
	change->next = CHANGE_PLAN;
	return result < 0 ? result : -EAGAIN;
}

/* Handle a 409 or 412. */
static int contradicted(struct change *change)
{
	if (change->contradicted++ || call_cancelled(change->call))
		return changed_twice(change);
	change->next = CHANGE_READ;
	if (change->call->verdict != CALL_PRECONDITION || !change->etag)
		return -EAGAIN;
	return precondition_failed(change);
}

/* Give up a change that was not made, as fresh shows. Returns the error of the PUT. */
static int response_give_up(struct change *change)
{
	change_publish(change, change->fresh);
	if (change->call->unanswered || (change->unread && !change->write_only))
		call_add_words(change->call, ": it was not made when looked up");
	return -change->call->error;
}

/*
 * Return true if a second request of CHANGE may do something else than the first: where a DELETE
 * deactivates, another one may really delete.
 */
static bool is_once_only(const struct change *change)
{
	const struct account *account = change_account(change);
	const struct rule_request *rule = change->request ? &change->request->request : NULL;

	if (!rule || (change->request->deletes && !account->delete_deactivates))
		return false;
	while (rule && strcmp(rule->method, "DELETE") != 0)
		rule = rule->alternative;
	return rule && account->lag;
}

/*
 * CHANGE is once only and got no response, and a read, which may lag, does not show that it was
 * made: read on, and do not send it again. Returns 0 or a negative errno.
 */
static int find_out_once(struct change *change)
{
	struct looks looks;
	int error = -EAGAIN;

	looks_begin(&looks, change->call, looks_seconds(change_account(change)));
	while (error == -EAGAIN && looks_again(&looks)) {
		change_allow_reads(change);
		error = proof_settle_unknown(change);
	}
	if (error != -EAGAIN)
		return error;
	change->sent = change->attempt->unknown = true;
	publish_doubt(change->roster, change->id);
	call_add_words(
	    change->call,
	    "; the vendor still shows the old status, but its reads may lag (lag), and a "
	    "second DELETE could delete the user, so it was not sent again: look at the "
	    "user at the vendor before you repeat it");
	return -change->call->error;
}

/*
 * Return true if the vendor has answered success twice with something else than the API promises,
 * such as a web page: it does so each time.
 */
static bool is_misled(struct change *change)
{
	const struct call *call = change->call;

	if (call->verdict != CALL_MALFORMED || call->unanswered || call->status >= 300)
		return false;
	return change->unread++;
}

/* Find out what became of BODY, which was sent and got no response that can be read. */
static int find_out(struct change *change, json_t *body)
{
	unsigned pause = pause_before_retry(change->call, change->retries++);
	double left = (change->end - clock_seconds()) * 1000;
	bool last = is_misled(change) || is_over(change);
	int error;

	if (change->call->unanswered) {
		json_decref(change->unanswered);
		change->unanswered = json_incref(body);
	}
	/* make the last try at the end of the budget, not after it */
	if (pause > left)
		pause = left > 0 ? (unsigned)left : 0;
	if (!last)
		call_pause(change->call, pause);
	/* the budget is that of the whole change, but one read must be made */
	change_allow_reads(change);
	error = proof_settle_unknown(change);
	if (error == -EAGAIN && is_once_only(change))
		error = find_out_once(change);
	if (error != -EAGAIN)
		return error;
	if (last || call_cancelled(change->call))
		return response_give_up(change);
	change->next = CHANGE_PLAN;
	return -EAGAIN;
}

/*
 * Settle a request for a status that the vendor has refused: it may have done so because the record
 * has that status already. Returns 0 if a GET shows that, else the error of the request.
 */
static int refused_request(struct change *change)
{
	int error;

	change_allow_reads(change);
	error = proof_settle_unknown(change);
	change->attempt->unknown = false;
	return error ? -change->call->error : 0;
}

int response_judge(struct change *change, enum vendor_outcome outcome, json_t *body, json_t *answer)
{
	int error = 0;

	part_note(change);
	switch (outcome) {
	case VENDOR_DONE:
		error = proof_settle_done(change, answer);
		break;
	case VENDOR_REFUSED:
		if (change->call->verdict == CALL_LIMITED)
			error = limited(change);
		else if (change->request && change->call->status)
			error = refused_request(change);
		else
			error = change->basis.ageless ? change_fail_limited(change)
						      : -change->call->error;
		break;
	case VENDOR_CHANGED:
		error = contradicted(change);
		break;
	case VENDOR_STALE:
		/* it was kept by a 429, of this request or of another one */
		error = change->call->verdict == CALL_LIMITED ? limited(change) : too_late(change);
		break;
	case VENDOR_UNKNOWN:
		error = find_out(change, body);
		break;
	}
	return error;
}

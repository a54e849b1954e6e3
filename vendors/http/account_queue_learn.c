/* SPDX-License-Identifier: Apache-2.0 */
/*
 * account_queue_learn.c - see account_queue_learn.h.
 *
 * How many requests may be in flight, whether the vendor asked to wait or cannot be reached,
 * whether a request is retried and when. Arithmetic like account_queue.c, with the same limits to
 * what it may know.
 */
#include "vendors/http/account_queue_learn.h"

#include "vendors/base/call.h"
#include "vendors/base/checked.h"
#include "vendors/base/clock.h"
#include "vendors/base/limits.h"
#include "vendors/http/account_queue.h"
#include "vendors/http/account_queue_check.h"
#include "vendors/http/basis.h"
#include "vendors/http/endpoint.h"
#include "vendors/http/permit.h"
#include "vendors/http/transfer.h"

#include <stdio.h>
#include <sys/random.h>

#define BACKOFF_FIRST 250
#define BACKOFF_MAX 10000
/* A request that looks for a connection finds a vendor that starts again after this at most. */
#define BACKOFF_REACH 1000
/* Rounds of responses without a 429 after which a number that was too high is tried again. */
#define ROUNDS_AT_CEILING 16

/*
 * Keep the place of TRANSFER for the write, if it is the last one of a read. It was answered with
 * 2xx.
 */
static void keep_place(struct account_queue *queue, const struct transfer *transfer, int64_t now)
{
	struct basis *basis = transfer->basis;

	basis_answered_locked(basis, transfer->tried, now);
	if (basis->reads > 1 || basis->keeper || transfer->abort || queue->http->stopping)
		return;
	account_queue_keep_locked(queue, basis, now + BASIS_KEEP, now);
}

/* Return a random delay (full jitter) of up to 250 ms, 500 ms, ... 10 s. */
static int64_t backoff(unsigned tries)
{
	int64_t most = BACKOFF_FIRST;
	uint32_t dice = 0;

	while (--tries && most < BACKOFF_MAX)
		most *= 2;
	most = clock_sooner(most, BACKOFF_MAX);
	/* without randomness, use the mean */
	if (getrandom(&dice, sizeof(dice), GRND_NONBLOCK) != (ssize_t)sizeof(dice))
		return most / 2;
	return (int64_t)dice * most / UINT32_MAX;
}

void account_queue_learn_ended_locked(struct account_queue *queue, struct transfer *transfer)
{
	const struct http_reply *reply = &transfer->reply;

	basis_leave_locked(transfer);
	if (reply->verdict || reply->status < 200 || reply->status > 299)
		queue->stats.failures++;
	if (queue->endpoint->permit)
		permit_note_locked(queue, clock_milliseconds());
}

/*
 * Halve how many may be in flight, after a 429 to TRANSFER. If another request got a response since
 * it was sent, there were only too many at a time. Else a single one goes ahead, after a pause that
 * grows each time. The next response ends that pause, but not one that the vendor asks for
 * (hold.h).
 */
static void throttle(struct account_queue *queue, const struct transfer *transfer, int64_t now)
{
	queue->stats.throttled++;
	queue->good = 0;
	account_queue_forgo_all_locked(queue);
	/* a burst that was sent before the last halving shows nothing new */
	if (transfer->tried <= queue->halved)
		return;
	queue->halved = now;
	queue->ceiling = queue->allowed;
	queue->allowed = queue->allowed > 1 ? queue->allowed / 2 : 1;
	/* a request that is queued then must still get its turn within its budget; if the vendor
	 * says how long to wait, there is nothing to guess */
	if (queue->welcome <= transfer->tried && !transfer->told)
		queue->calm = now + clock_sooner(backoff(++queue->strikes),
						 account_queue_budget(queue) / 2);
}

/* Note that TRANSFER got a response other than 429. Each round of them allows one more in flight,
 * but a number that was too high is not tried again so soon: that would halve it each time. */
static void encourage(struct account_queue *queue, const struct transfer *transfer, int64_t now)
{
	bool at_ceiling = queue->allowed + 1 == queue->ceiling;

	queue->strikes = 0;
	queue->welcome = now;
	/* what was sent before the halving shows nothing about what is allowed since */
	if (transfer->tried <= queue->halved)
		return;
	if (++queue->good < queue->allowed * (at_ceiling ? ROUNDS_AT_CEILING : 1))
		return;
	queue->good = 0;
	if (queue->allowed < queue->endpoint->parallel)
		queue->allowed++;
}

/* Note that TRANSFER got a response, or left a change in doubt: its call waits for the vendor from
 * now on. */
static void note_patient(const struct transfer *transfer)
{
	struct call *call = transfer->call;

	if (!call)
		return;
	atomic_store(&call->reached, true);
	if (call->basis)
		atomic_store(&call->basis->reached, true);
}

/*
 * Learn whether the vendor asks to wait. After a 5xx to a change it does not count, because the
 * change must be looked up, and that must not wait.
 */
static void learn_hold(struct account_queue *queue, const struct transfer *transfer, int64_t now)
{
	const struct http_reply *reply = &transfer->reply;

	if (transfer->told && (reply->status == 429 || transfer->repeatable)) {
		hold_tell(&queue->hold, reply->told, now);
		if (queue->endpoint->permit)
			queue->endpoint->permit->told(queue->endpoint->permit, reply->told);
		account_queue_forgo_all_locked(queue);
	} else if (!reply->verdict && reply->status != 429) {
		hold_answered(&queue->hold, transfer->tried);
	}
}

void account_queue_learn_landed_locked(struct account_queue *queue, struct transfer *transfer,
				       int64_t now)
{
	const struct http_reply *reply = &transfer->reply;
	bool throttled = reply->status == 429;
	unsigned resent = 0;
	/* after the first 429 of a transfer its queue waits as a whole, not the transfer */
	unsigned tries = throttled ? transfer->tries - 1 : transfer->tries;

	if (!transfer->counted)
		return;
	transfer->counted = false;
	/* what libcurl sent once more by itself (on_request in multi.c) */
	if (transfer->passes > 1 && transfer->repeatable)
		resent = transfer->passes - 1;
	transfer->tries += resent;
	queue->stats.requests += resent;
	queue->stats.retries += resent;
	http_stats_end(&queue->stats, transfer->method, reply, transfer->unreached, resent,
		       now - transfer->tried);
	transfer->landed = now;
	transfer->flown += now - transfer->tried;
	queue->stats.in_flight--;
	queue->stats.bytes += reply->length;
	/* these say nothing about the vendor */
	if (reply->verdict == CALL_CANCELLED || reply->stale)
		return;
	if (reply->verdict) {
		queue->last_verdict = reply->verdict;
		snprintf(queue->last_words, sizeof(queue->last_words), "%s", reply->words);
	} else {
		queue->heard = now;
	}
	if (!reply->verdict || (reply->sent && !transfer->repeatable))
		note_patient(transfer);
	if (!reply->verdict)
		hold_reached(&queue->hold, now);
	else if (reply->sent && !transfer->unreached)
		hold_parted(&queue->hold, now);
	transfer->delay = clock_later(tries ? backoff(tries) : 0, transfer->told);
	if (throttled)
		throttle(queue, transfer, now);
	else if (!reply->verdict)
		encourage(queue, transfer, now);
	learn_hold(queue, transfer, now);
	if (transfer->basis && reply->status >= 200 && reply->status <= 299)
		keep_place(queue, transfer, now);
	CHECKED(account_queue_check_locked(queue));
}

void account_queue_learn_probed_locked(struct account_queue *queue, const struct transfer *probe,
				       int64_t now)
{
	const struct http_reply *reply = &probe->reply;

	/* a connection that is refused for its certificate counts, so that calls get that error */
	if (!probe->unreached && reply->verdict != CALL_NO_MEMORY)
		hold_reached(&queue->hold, now);
	else
		hold_probed(&queue->hold, now);
}

/* Give up TRANSFER, which found no connection, and others for a while, unless a resource of this
 * process was missing. Returns false. */
static bool account_queue_learn_give_up(struct account_queue *queue,
					const struct transfer *transfer, int64_t now)
{
	if (transfer->unreached && transfer->reply.verdict != CALL_NO_DESCRIPTOR)
		hold_lost(&queue->hold, transfer->reply.verdict, transfer->reply.words, now);
	return false;
}

/* Return when TRANSFER's next try may start, END at the latest. */
static int64_t due_time(const struct transfer *transfer, int64_t now, int64_t end)
{
	int64_t delay = transfer->delay;

	if (transfer->told)
		return now + delay;
	if (transfer->unreached && !transfer_is_patient(transfer))
		delay = clock_sooner(delay, BACKOFF_REACH);
	return clock_sooner(now + delay, end);
}

bool account_queue_learn_retries_locked(struct account_queue *queue, struct transfer *transfer,
					int64_t now)
{
	const struct http_reply *reply = &transfer->reply;
	int64_t end = account_queue_budget_end(queue, transfer);

	if (transfer->unreached && !transfer_is_patient(transfer))
		end = clock_sooner(end, hold_reach_end(&queue->hold, transfer->first));
	if (transfer->moved && now < end) {
		transfer->due = now;
		return true;
	}
	/* libcurl does the same if such a connection was closed meanwhile */
	if (transfer->spoiled && transfer->repeatable) {
		transfer->due = now;
		return true;
	}
	if (!transfer->transient)
		return false;
	if (!transfer->repeatable && reply->status != 429 && (!reply->verdict || reply->sent))
		return false;
	/* a budget suffices that is as long as the waits that the vendor asks for */
	if (transfer->told ? now - transfer->flown + transfer->told > end + LIMITS_TOLD_SLACK
			   : now >= end)
		return account_queue_learn_give_up(queue, transfer, now);
	transfer->due = due_time(transfer, now, end);
	if (clock_later(transfer->due, account_queue_resumes(queue)) <= transfer->moment)
		return true;
	/* a 429 stays as it is; after an error, another read shows whether the vendor answers */
	if (reply->verdict)
		transfer_stale(transfer);
	return false;
}

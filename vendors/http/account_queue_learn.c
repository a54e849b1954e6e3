/* SPDX-License-Identifier: Apache-2.0 */
/*
 * account_queue_learn.c - what a queue learns from a try that has come to an end: a part of account_queue.h.
 *
 * How many may be in flight, whether the vendor wants to be left alone or cannot be reached,
 * whether the request is sent again and when. Arithmetic like account_queue.c, with the same limits to what
 * it may know.
 */
#include "vendors/base/limits.h"
#include "vendors/http/account_queue.h"

#include "vendors/base/call.h"
#include "vendors/http/account_queue_times.h"

#include <errno.h>
#include <stdio.h>
#include <sys/random.h>

#define BACKOFF_FIRST 250
#define BACKOFF_MAX 10000
/* A vendor that starts again is not kept waiting longer than this by who looks for a connection. */
#define BACKOFF_REACH 1000
/* After so many rounds of answers without a 429 is tried again what was too many. */
#define ROUNDS_AT_CEILING 16

/*
 * TRANSFER, of a read, has landed well. If it is the last one, its place is kept for the write,
 * unless the vendor wants fewer in flight than there are, or none for now.
 */
static void keep_place(struct account_queue *queue, const struct transfer *transfer, int64_t now)
{
	struct basis *basis = transfer->basis;

	basis_answered_locked(basis, transfer->tried, now);
	if (basis->reads > 1 || basis->keeper || transfer->abort || queue->http->stopping)
		return;
	if (queue->stats.in_flight + queue->places >= queue->allowed || queue->hold.until > now)
		return;
	basis->until = now + BASIS_KEEP;
	TAILQ_INSERT_TAIL(&queue->kept, basis, link);
	basis->keeper = queue;
	queue->places++;
}

/* Full jitter: anything up to 250 ms, 500 ms, ... 10 s. */
static int64_t backoff(unsigned tries)
{
	int64_t most = BACKOFF_FIRST;
	uint32_t dice = 0;

	while (--tries && most < BACKOFF_MAX)
		most *= 2;
	most = sooner(most, BACKOFF_MAX);
	/* without randomness the mean will do */
	if (getrandom(&dice, sizeof(dice), GRND_NONBLOCK) != (ssize_t)sizeof(dice))
		return most / 2;
	return (int64_t)dice * most / UINT32_MAX;
}

void account_queue_ended_locked(struct account_queue *queue, struct transfer *transfer)
{
	const struct http_reply *reply = &transfer->reply;

	basis_leave_locked(transfer);
	if (reply->error || reply->status < 200 || reply->status > 299)
		queue->stats.failures++;
}

/*
 * A 429: half as many from now on. Where somebody got an answer since it was sent, too many at a
 * time is all that was wrong. Else a single one goes ahead, after a pause that grows each time.
 * That ends with the next answer, but a pause that the vendor asks for (hold.h) does not.
 */
static void throttle(struct account_queue *queue, const struct transfer *transfer, int64_t now)
{
	queue->stats.throttled++;
	queue->good = 0;
	account_queue_forgo_all_locked(queue);
	/* a burst that was sent before the last halving tells nothing new */
	if (transfer->tried <= queue->halved)
		return;
	queue->halved = now;
	queue->ceiling = queue->allowed;
	queue->allowed = queue->allowed > 1 ? queue->allowed / 2 : 1;
	/* who queues then must still get a turn in the time that is allowed; a vendor that says how
	 * long to wait need not be guessed at */
	if (queue->welcome <= transfer->tried && !transfer->told)
		queue->calm = now + sooner(backoff(++queue->strikes), budget(queue) / 2);
}

/* An answer other than 429. One more in flight after each round of them, but what was too many is
 * not tried so soon again: that would cost half of them each time. */
static void encourage(struct account_queue *queue, const struct transfer *transfer, int64_t now)
{
	bool at_ceiling = queue->allowed + 1 == queue->ceiling;

	queue->strikes = 0;
	queue->welcome = now;
	/* what was sent before the halving tells nothing of what is allowed since */
	if (transfer->tried <= queue->halved)
		return;
	if (++queue->good < queue->allowed * (at_ceiling ? ROUNDS_AT_CEILING : 1))
		return;
	queue->good = 0;
	if (queue->allowed < queue->endpoint->parallel)
		queue->allowed++;
}

/* TRANSFER was answered, or has left a change in doubt: its call waits for the vendor from now on.
 */
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
 * Does the vendor want to be left alone? A 5xx to a change says no more than that this change has
 * to be looked up, which must not wait.
 */
static void learn_hold(struct account_queue *queue, const struct transfer *transfer, int64_t now)
{
	const struct http_reply *reply = &transfer->reply;

	if (transfer->told && (reply->status == 429 || transfer->repeatable)) {
		hold_tell(&queue->hold, reply->told, now);
		account_queue_forgo_all_locked(queue);
	} else if (!reply->error && reply->status != 429) {
		hold_answered(&queue->hold, transfer->tried);
	}
}

void account_queue_landed_locked(struct account_queue *queue, struct transfer *transfer, int64_t now)
{
	const struct http_reply *reply = &transfer->reply;
	bool throttled = reply->status == 429;
	/* the first 429 of a transfer concerns its queue, which waits as a whole */
	unsigned tries = throttled ? transfer->tries - 1 : transfer->tries;

	if (!transfer->counted)
		return;
	transfer->counted = false;
	/* what curl sent once more by itself (on_request in http.c) */
	if (transfer->passes > 1 && transfer->repeatable) {
		transfer->tries += transfer->passes - 1;
		queue->stats.requests += transfer->passes - 1;
		queue->stats.retries += transfer->passes - 1;
	}
	transfer->flown += now - transfer->tried;
	queue->stats.in_flight--;
	queue->stats.bytes += reply->length;
	/* of these the vendor knows nothing */
	if (reply->error == EINTR || reply->stale)
		return;
	if (reply->error) {
		queue->last_error = reply->error;
		snprintf(queue->last_words, sizeof(queue->last_words), "%s", reply->words);
	} else {
		queue->heard = now;
	}
	if (!reply->error || (reply->sent && !transfer->repeatable))
		note_patient(transfer);
	if (!reply->error)
		hold_reached(&queue->hold, now);
	else if (reply->sent && !transfer->unreached)
		hold_parted(&queue->hold, now);
	transfer->delay = later(tries ? backoff(tries) : 0, transfer->told);
	if (throttled)
		throttle(queue, transfer, now);
	else if (!reply->error)
		encourage(queue, transfer, now);
	learn_hold(queue, transfer, now);
	if (transfer->basis && reply->status >= 200 && reply->status <= 299)
		keep_place(queue, transfer, now);
}

void account_queue_probed_locked(struct account_queue *queue, const struct transfer *probe, int64_t now)
{
	const struct http_reply *reply = &probe->reply;

	/* where a connection stands and is refused for its certificate, who asks is to hear of it
	 */
	if (!probe->unreached && reply->error != ENOMEM)
		hold_reached(&queue->hold, now);
	else
		hold_probed(&queue->hold, now);
}

/* TRANSFER met no connection and is not tried again: nor are others, for a while, unless what was
 * missing is ours. */
static bool give_up(struct account_queue *queue, const struct transfer *transfer, int64_t now)
{
	if (transfer->unreached && transfer->reply.error != EMFILE)
		hold_lost(&queue->hold, transfer->reply.error, transfer->reply.words, now);
	return false;
}

/* When TRANSFER's next try may start; it may not start later than END. */
static int64_t due_time(const struct transfer *transfer, int64_t now, int64_t end)
{
	int64_t delay = transfer->delay;

	if (transfer->told)
		return now + delay;
	if (transfer->unreached && !is_patient(transfer))
		delay = sooner(delay, BACKOFF_REACH);
	return sooner(now + delay, end);
}

bool account_queue_again_locked(struct account_queue *queue, struct transfer *transfer, int64_t now)
{
	const struct http_reply *reply = &transfer->reply;
	int64_t end = budget_end(queue, transfer);

	if (transfer->unreached && !is_patient(transfer))
		end = sooner(end, hold_reach_end(&queue->hold, transfer->first));
	if (!transfer->transient)
		return false;
	if (!transfer->repeatable && reply->status != 429 && (!reply->error || reply->sent))
		return false;
	/* a budget that is as long as the waits that the vendor asks for will do */
	if (transfer->told ? now - transfer->flown + transfer->told > end + LIMITS_TOLD_SLACK
			   : now >= end)
		return give_up(queue, transfer, now);
	transfer->due = due_time(transfer, now, end);
	if (later(transfer->due, resumes(queue)) <= transfer->moment)
		return true;
	/* a 429 is an answer, no connection is none: another read shows whether there is one */
	if (reply->error)
		transfer_stale(transfer);
	return false;
}

/*
 * lane_learn.c - what a lane learns from a try that has come to an end: a part of lane.h.
 *
 * How many may be in flight, whether the vendor wants to be left alone or cannot be reached,
 * whether the request is sent again and when. Arithmetic like lane.c, with the same limits to what
 * it may know.
 */
#include "vendors/lane.h"

#include "vendors/call.h"
#include "vendors/lane_times.h"

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
static void keep_place(struct lane *lane, const struct transfer *transfer, int64_t now)
{
	struct basis *basis = transfer->basis;

	basis_answered_locked(basis, transfer->tried, now);
	if (basis->reads > 1 || basis->keeper || transfer->abort || lane->http->stopping)
		return;
	if (lane->stats.in_flight + lane->places >= lane->allowed || lane->hold.until > now)
		return;
	basis->until = now + BASIS_KEEP;
	TAILQ_INSERT_TAIL(&lane->kept, basis, link);
	basis->keeper = lane;
	lane->places++;
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

void lane_ended_locked(struct lane *lane, struct transfer *transfer)
{
	const struct http_reply *reply = &transfer->reply;

	basis_leave_locked(transfer);
	if (reply->error || reply->status < 200 || reply->status > 299)
		lane->stats.failures++;
}

/*
 * A 429: half as many from now on. Where somebody got an answer since it was sent, too many at a
 * time is all that was wrong. Else a single one goes ahead, after a pause that grows each time.
 * That ends with the next answer, but a pause that the vendor asks for (hold.h) does not.
 */
static void throttle(struct lane *lane, const struct transfer *transfer, int64_t now)
{
	lane->stats.throttled++;
	lane->good = 0;
	lane_forgo_all_locked(lane);
	/* a burst that was sent before the last halving tells nothing new */
	if (transfer->tried <= lane->halved)
		return;
	lane->halved = now;
	lane->ceiling = lane->allowed;
	lane->allowed = lane->allowed > 1 ? lane->allowed / 2 : 1;
	/* who queues then must still get a turn in the time that is allowed; a vendor that says how
	 * long to wait need not be guessed at */
	if (lane->welcome <= transfer->tried && !transfer->told)
		lane->calm = now + sooner(backoff(++lane->strikes), budget(lane) / 2);
}

/* An answer other than 429. One more in flight after each round of them, but what was too many is
 * not tried so soon again: that would cost half of them each time. */
static void encourage(struct lane *lane, const struct transfer *transfer, int64_t now)
{
	bool at_ceiling = lane->allowed + 1 == lane->ceiling;

	lane->strikes = 0;
	lane->welcome = now;
	/* what was sent before the halving tells nothing of what is allowed since */
	if (transfer->tried <= lane->halved)
		return;
	if (++lane->good < lane->allowed * (at_ceiling ? ROUNDS_AT_CEILING : 1))
		return;
	lane->good = 0;
	if (lane->allowed < lane->account->parallel)
		lane->allowed++;
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
static void learn_hold(struct lane *lane, const struct transfer *transfer, int64_t now)
{
	const struct http_reply *reply = &transfer->reply;

	if (transfer->told && (reply->status == 429 || transfer->repeatable)) {
		hold_tell(&lane->hold, reply->told, now);
		lane_forgo_all_locked(lane);
	} else if (!reply->error && reply->status != 429) {
		hold_answered(&lane->hold, transfer->tried);
	}
}

void lane_landed_locked(struct lane *lane, struct transfer *transfer, int64_t now)
{
	const struct http_reply *reply = &transfer->reply;
	bool throttled = reply->status == 429;
	/* the first 429 of a transfer concerns its lane, which waits as a whole */
	unsigned tries = throttled ? transfer->tries - 1 : transfer->tries;

	if (!transfer->counted)
		return;
	transfer->counted = false;
	/* what curl sent once more by itself (on_request in http.c) */
	if (transfer->passes > 1 && transfer->repeatable) {
		transfer->tries += transfer->passes - 1;
		lane->stats.requests += transfer->passes - 1;
		lane->stats.retries += transfer->passes - 1;
	}
	transfer->flown += now - transfer->tried;
	lane->stats.in_flight--;
	lane->stats.bytes += reply->length;
	/* of these the vendor knows nothing */
	if (reply->error == EINTR || reply->stale)
		return;
	if (reply->error) {
		lane->last_error = reply->error;
		snprintf(lane->last_words, sizeof(lane->last_words), "%s", reply->words);
	} else {
		lane->heard = now;
	}
	if (!reply->error || (reply->sent && !transfer->repeatable))
		note_patient(transfer);
	if (!reply->error)
		hold_reached(&lane->hold, now);
	else if (reply->sent && !transfer->unreached)
		hold_parted(&lane->hold, now);
	transfer->delay = later(tries ? backoff(tries) : 0, transfer->told);
	if (throttled)
		throttle(lane, transfer, now);
	else if (!reply->error)
		encourage(lane, transfer, now);
	learn_hold(lane, transfer, now);
	if (transfer->basis && reply->status >= 200 && reply->status <= 299)
		keep_place(lane, transfer, now);
}

void lane_probed_locked(struct lane *lane, const struct transfer *probe, int64_t now)
{
	const struct http_reply *reply = &probe->reply;

	/* where a connection stands and is refused for its certificate, who asks is to hear of it
	 */
	if (!probe->unreached && reply->error != ENOMEM)
		hold_reached(&lane->hold, now);
	else
		hold_probed(&lane->hold, now);
}

/* TRANSFER met no connection and is not tried again: nor are others, for a while, unless what was
 * missing is ours. */
static bool give_up(struct lane *lane, const struct transfer *transfer, int64_t now)
{
	if (transfer->unreached && transfer->reply.error != EMFILE)
		hold_lost(&lane->hold, transfer->reply.error, transfer->reply.words, now);
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

bool lane_again_locked(struct lane *lane, struct transfer *transfer, int64_t now)
{
	const struct http_reply *reply = &transfer->reply;
	int64_t end = budget_end(lane, transfer);

	if (transfer->unreached && !is_patient(transfer))
		end = sooner(end, hold_reach_end(&lane->hold, transfer->first));
	if (!transfer->transient)
		return false;
	if (!transfer->repeatable && reply->status != 429 && (!reply->error || reply->sent))
		return false;
	/* a budget that is as long as the waits that the vendor asks for will do */
	if (transfer->told ? now - transfer->flown + transfer->told > end + TOLD_SLACK : now >= end)
		return give_up(lane, transfer, now);
	transfer->due = due_time(transfer, now, end);
	if (later(transfer->due, resumes(lane)) <= transfer->moment)
		return true;
	/* a 429 is an answer, no connection is none: another read shows whether there is one */
	if (reply->error)
		transfer_stale(transfer);
	return false;
}

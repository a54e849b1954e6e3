/*
 * lane.c - see lane.h.
 *
 * The rules of waiting: who goes next, when a try is repeated and when it is given up. Everything
 * here is arithmetic on numbers that others measured, so that it can be read without thinking of
 * sockets. It must not know libcurl, take locks or block.
 *
 * A vendor that is dead must not make a long queue wait for one time-out after the other: who has
 * queued for as long as one request may take, with no answer to anybody meanwhile, is given the
 * error that the others got.
 */
#include "vendors/lane.h"

#include "vendors/vendor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define BACKOFF_FIRST 250
#define BACKOFF_MAX 10000
/* A last try is given this long even where the budget has ended. */
#define TRY_MIN 1000
/* Timers come late by a little; a retry that was due in time is not given up for that. */
#define SLACK 200
/* A vendor's slip of the pen must not close the lane for years. */
#define HOLD_MAX 3600000
/* After so many rounds of answers without a 429 is tried again what was too many. */
#define ROUNDS_AT_CEILING 16

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t lane_delay(const char *text, time_t date, time_t vendor_now)
{
	double seconds;
	char *end;

	if (!text)
		return 0;
	seconds = strtod(text, &end);
	if (end == text || *end) {
		if (date == (time_t)-1)
			return 0;
		seconds = difftime(date, vendor_now ? vendor_now : time(NULL));
	}
	/* (not a number compares false) */
	if (!(seconds > 0))
		return 0;
	return seconds > 1e6 ? (int64_t)1000000000 : (int64_t)(seconds * 1000 + 0.999);
}

struct lane *lane_new(struct http *http, struct account *account)
{
	struct lane *lane = calloc(1, sizeof(*lane));

	if (!lane)
		return NULL;
	lane->http = http;
	lane->account = account;
	http_where(account->base_url, &lane->secure, lane->where, sizeof(lane->where));
	lane->allowed = account->parallel ? account->parallel : 1;
	TAILQ_INIT(&lane->ready);
	TAILQ_INIT(&lane->fresh);
	TAILQ_INIT(&lane->again);
	TAILQ_INIT(&lane->timed);
	TAILQ_INIT(&lane->kept);
	return lane;
}

void lane_free(struct lane *lane)
{
	free(lane);
}

/* TRANSFER waits from now on: not beyond its time. */
static void queued(struct lane *lane, struct transfer *transfer)
{
	struct transfer *other = TAILQ_LAST(&lane->timed, transfer_queue);
	int64_t end = transfer->end;

	lane->stats.queued++;
	if (transfer->tries && end != TRANSFER_NEVER)
		end += SLACK;
	transfer->until = sooner(transfer->moment, end);
	if (transfer->until == TRANSFER_NEVER)
		return;
	/* times grow, more or less: nearly all go to the end at once */
	while (other && other->until > transfer->until)
		other = TAILQ_PREV(other, transfer_queue, line);
	if (other)
		TAILQ_INSERT_AFTER(&lane->timed, other, transfer, line);
	else
		TAILQ_INSERT_HEAD(&lane->timed, transfer, line);
}

void lane_queue_locked(struct lane *lane, struct transfer *transfer, bool placed)
{
	if (placed) {
		transfer->state = TRANSFER_READY;
		TAILQ_INSERT_TAIL(&lane->ready, transfer, link);
		lane->places++;
	} else {
		transfer->state = TRANSFER_FRESH;
		TAILQ_INSERT_TAIL(&lane->fresh, transfer, link);
	}
	queued(lane, transfer);
}

void lane_remove_locked(struct lane *lane, struct transfer *transfer)
{
	if (transfer->state == TRANSFER_READY) {
		TAILQ_REMOVE(&lane->ready, transfer, link);
		lane->places--;
	} else if (transfer->state == TRANSFER_FRESH) {
		TAILQ_REMOVE(&lane->fresh, transfer, link);
	} else {
		TAILQ_REMOVE(&lane->again, transfer, link);
	}
	if (transfer->until != TRANSFER_NEVER)
		TAILQ_REMOVE(&lane->timed, transfer, line);
	lane->stats.queued--;
}

/* ---- places that are kept ---- */

void lane_forgo_locked(struct basis *basis)
{
	struct lane *lane = basis->keeper;

	if (!lane)
		return;
	TAILQ_REMOVE(&lane->kept, basis, link);
	basis->keeper = NULL;
	lane->places--;
}

void lane_forgo_all_locked(struct lane *lane)
{
	struct transfer *transfer;

	while (!TAILQ_EMPTY(&lane->kept))
		lane_forgo_locked(TAILQ_FIRST(&lane->kept));
	while ((transfer = TAILQ_LAST(&lane->ready, transfer_queue))) {
		TAILQ_REMOVE(&lane->ready, transfer, link);
		lane->places--;
		transfer->state = TRANSFER_FRESH;
		TAILQ_INSERT_HEAD(&lane->fresh, transfer, link);
	}
}

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
	if (lane->stats.in_flight + lane->places >= lane->allowed || lane->not_before > now)
		return;
	basis->until = now + BASIS_KEEP;
	TAILQ_INSERT_TAIL(&lane->kept, basis, link);
	basis->keeper = lane;
	lane->places++;
}

/* Places that were kept for long enough are free. */
static void expire_places(struct lane *lane, int64_t now)
{
	struct basis *basis;

	while ((basis = TAILQ_FIRST(&lane->kept)) && basis->until <= now)
		lane_forgo_locked(basis);
}

/* ---- how long ---- */

static int64_t budget(const struct lane *lane)
{
	return (int64_t)lane->account->retry_budget * 1000;
}

static int64_t timeout(const struct lane *lane)
{
	return (int64_t)(lane->account->timeout ? lane->account->timeout : 1) * 1000;
}

/* No new try of TRANSFER starts later than this. */
static int64_t budget_end(const struct lane *lane, const struct transfer *transfer)
{
	return sooner(later(transfer->first, lane->progress) + budget(lane), transfer->end);
}

/* A transfer that was never tried waits no longer than this for its turn. */
static int64_t queue_end(const struct lane *lane, const struct transfer *transfer)
{
	return sooner(later(transfer->queued, later(lane->heard, lane->progress)) +
			  later(budget(lane), timeout(lane)),
		      transfer->end);
}

/* When the lane's pause is over. */
static int64_t resumes(const struct lane *lane)
{
	return lane->strikes ? later(lane->not_before, lane->calm) : lane->not_before;
}

/* When there is room for one more; TRANSFER_NEVER: not before one comes back, or a place is given
 * up. */
static int64_t opens(const struct lane *lane)
{
	unsigned most = lane->strikes ? 1 : lane->allowed;

	if (lane->stats.in_flight + lane->places >= most)
		return TRANSFER_NEVER;
	return resumes(lane);
}

static void depart(struct lane *lane, struct transfer *transfer, int64_t now)
{
	transfer->tried = now;
	transfer->limit = timeout(lane);
	if (!transfer->tries) {
		transfer->first = now;
	} else {
		int64_t rest = later(budget_end(lane, transfer) - now, TRY_MIN);

		transfer->limit = sooner(transfer->limit, rest);
		lane->stats.retries++;
	}
	transfer->tries++;
	transfer->counted = true;
	lane->stats.in_flight++;
	lane->stats.requests++;
}

/* TRANSFER's turn did not come in time: say why. */
static void give_up_fresh(const struct lane *lane, struct transfer *transfer, int64_t now)
{
	if (lane->strikes || lane->not_before > queue_end(lane, transfer))
		transfer->reply.status = 429;
	else if (now > transfer->end)
		transfer_fail(transfer, ETIMEDOUT,
			      "the time for this change (retry_budget) ended before its turn came");
	else if (lane->last_error)
		transfer_fail(transfer, lane->last_error, "%s", lane->last_words);
	else
		transfer_fail(transfer, ETIMEDOUT, "%s did not answer those who came before",
			      lane->where);
}

/* TRANSFER waits and cannot go before its UNTIL. What it met when it was tried is still true. */
static void give_up_timed(const struct lane *lane, struct transfer *transfer, int64_t now)
{
	if (transfer->moment > transfer->until) {
		if (!transfer->tries)
			give_up_fresh(lane, transfer, now);
		return;
	}
	if (transfer->reply.status == 429)
		return;
	transfer_stale(transfer);
	if (resumes(lane) > now) {
		transfer->reply.status = 429;
		transfer->reply.told = later(lane->not_before - now, 0);
	}
}

/* Who waits in vain, or the first to leave on a kept place; NULL: neither. */
static struct transfer *take_first(struct lane *lane, int64_t now, bool *over)
{
	struct transfer *transfer = TAILQ_FIRST(&lane->timed);

	expire_places(lane, now);
	*over = transfer && later(now, lane->not_before) > transfer->until;
	if (!*over)
		return TAILQ_FIRST(&lane->ready);
	give_up_timed(lane, transfer, now);
	return transfer;
}

/* May the first of AGAIN go, or (*OVER) has its budget ended? */
static bool again_ready(const struct lane *lane, const struct transfer *again, int64_t now,
			bool *over)
{
	if (!again || again->due > now)
		return false;
	*over = later(now, lane->not_before) > budget_end(lane, again) + SLACK;
	return *over || now >= opens(lane);
}

struct transfer *lane_take_locked(struct lane *lane, int64_t now, bool *over)
{
	struct transfer *transfer = take_first(lane, now, over);

	if (!transfer && again_ready(lane, TAILQ_FIRST(&lane->again), now, over))
		transfer = TAILQ_FIRST(&lane->again);
	if (!transfer) {
		transfer = TAILQ_FIRST(&lane->fresh);
		if (!transfer)
			return NULL;
		if (now < opens(lane)) {
			*over = later(now, lane->not_before) > queue_end(lane, transfer);
			if (!*over)
				return NULL;
			give_up_fresh(lane, transfer, now);
		}
	}
	lane_remove_locked(lane, transfer);
	transfer->state = TRANSFER_FLYING;
	if (!*over)
		depart(lane, transfer, now);
	return transfer;
}

int64_t lane_due_locked(const struct lane *lane, int64_t now)
{
	const struct transfer *again = TAILQ_FIRST(&lane->again);
	const struct transfer *fresh = TAILQ_FIRST(&lane->fresh);
	const struct transfer *timed = TAILQ_FIRST(&lane->timed);
	const struct basis *kept = TAILQ_FIRST(&lane->kept);
	int64_t due = TRANSFER_NEVER;

	if (again && again->due > now)
		due = again->due;
	else if (again)
		due = sooner(opens(lane), budget_end(lane, again) + SLACK + 1);
	if (fresh)
		due = sooner(due, sooner(opens(lane), queue_end(lane, fresh) + 1));
	if (timed)
		due = sooner(due, timed->until + 1);
	/* nobody need be woken for a place that nobody waits for */
	if (kept && (fresh || again))
		due = sooner(due, kept->until);
	return due;
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
 * That ends with the next answer, but a pause that the vendor asks for does not.
 */
static void throttle(struct lane *lane, const struct transfer *transfer, int64_t now)
{
	lane->stats.throttled++;
	lane->good = 0;
	lane->not_before = later(lane->not_before, now + sooner(transfer->told, HOLD_MAX));
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
	transfer->delay = later(tries ? backoff(tries) : 0, transfer->told);
	if (throttled)
		throttle(lane, transfer, now);
	else if (!reply->error)
		encourage(lane, transfer, now);
	if (transfer->basis && reply->status >= 200 && reply->status <= 299)
		keep_place(lane, transfer, now);
}

bool lane_again_locked(const struct lane *lane, struct transfer *transfer, int64_t now)
{
	const struct http_reply *reply = &transfer->reply;
	int64_t end = budget_end(lane, transfer);

	if (!transfer->transient)
		return false;
	if (!transfer->repeatable && reply->status != 429 && (!reply->error || reply->sent))
		return false;
	if (now >= end || now + transfer->told > end)
		return false;
	transfer->due = sooner(now + transfer->delay, end);
	if (later(transfer->due, resumes(lane)) <= transfer->moment)
		return true;
	/* a 429 is an answer, no connection is none: another read shows whether there is one */
	if (reply->error)
		transfer_stale(transfer);
	return false;
}

void lane_requeue_locked(struct lane *lane, struct transfer *transfer)
{
	struct transfer *other = TAILQ_FIRST(&lane->again);

	transfer->state = TRANSFER_AGAIN;
	while (other && other->due <= transfer->due)
		other = TAILQ_NEXT(other, link);
	if (other)
		TAILQ_INSERT_BEFORE(other, transfer, link);
	else
		TAILQ_INSERT_TAIL(&lane->again, transfer, link);
	queued(lane, transfer);
}

struct transfer *lane_drain_locked(struct lane *lane)
{
	struct transfer *transfer = TAILQ_FIRST(&lane->again);

	if (!transfer)
		transfer = TAILQ_FIRST(&lane->fresh);
	if (!transfer)
		transfer = TAILQ_FIRST(&lane->ready);
	if (transfer) {
		lane_remove_locked(lane, transfer);
		transfer->state = TRANSFER_FLYING;
	}
	return transfer;
}

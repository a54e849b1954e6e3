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

#include "vendors/call.h"
#include "vendors/lane_times.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A last try is given this long even where the budget has ended. */
#define TRY_MIN 1000

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
		end = later(end, transfer->due) + SLACK;
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

/* Places that were kept for long enough are free. */
static void expire_places(struct lane *lane, int64_t now)
{
	struct basis *basis;

	while ((basis = TAILQ_FIRST(&lane->kept)) && basis->until <= now)
		lane_forgo_locked(basis);
}

/* A transfer that was never tried waits no longer than this for its turn. */
static int64_t queue_end(const struct lane *lane, const struct transfer *transfer)
{
	return sooner(later(transfer->queued, later(lane->heard, lane->progress)) +
			  later(budget(lane), timeout(lane)),
		      transfer->end);
}

/* Will TRANSFER, never tried, wait in vain? */
static bool in_vain(const struct lane *lane, const struct transfer *transfer, int64_t now)
{
	return later(now, lane->hold.until) > queue_end(lane, transfer);
}

/* When there is room for one more; TRANSFER_NEVER: not before one comes back, or a place is given
 * up. */
static int64_t opens(const struct lane *lane)
{
	unsigned most = lane->strikes || lane->hold.trial ? 1 : lane->allowed;

	if (lane->stats.in_flight + lane->places >= most)
		return TRANSFER_NEVER;
	return resumes(lane);
}

static void depart(struct lane *lane, struct transfer *transfer, int64_t now)
{
	transfer->tried = now;
	transfer->limit = timeout(lane);
	transfer->shortened = false;
	if (!transfer->tries) {
		transfer->first = now;
	} else {
		int64_t rest = later(budget_end(lane, transfer) - now, TRY_MIN);

		/* who waited as the vendor asked is given the whole time */
		transfer->shortened = !transfer->told && rest < transfer->limit;
		if (transfer->shortened)
			transfer->limit = rest;
		lane->stats.retries++;
	}
	transfer->reach = HOLD_REACH_LATE;
	if (!is_patient(transfer))
		transfer->reach = later(hold_reach_end(&lane->hold, transfer->first) - now,
					HOLD_REACH_MIN);
	transfer->tries++;
	transfer->counted = true;
	lane->stats.in_flight++;
	lane->stats.requests++;
}

/* TRANSFER is not sent because of an earlier 429 or Retry-After. */
static void refuse_held(const struct lane *lane, struct transfer *transfer, int64_t now)
{
	struct http_reply *reply = &transfer->reply;
	char held[sizeof(reply->words) - 16];

	reply->status = 429;
	reply->told = later(lane->hold.until - now, 0);
	if (reply->told)
		hold_words(&lane->hold, now, held, sizeof(held));
	else
		snprintf(held, sizeof(held),
			 "the vendor answered 429 to everybody until the time to wait was over");
	snprintf(reply->words, sizeof(reply->words), "not asked: %s", held);
}

/* TRANSFER's turn did not come in time: say why. */
static void give_up_fresh(const struct lane *lane, struct transfer *transfer, int64_t now)
{
	if (lane->strikes || (lane->hold.until > now && in_vain(lane, transfer, now)))
		refuse_held(lane, transfer, now);
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
	if (resumes(lane) > now)
		refuse_held(lane, transfer, now);
}

/* While the vendor is down: the next one who is to be told so at once; NULL: none. */
static struct transfer *turn_away(struct lane *lane, int64_t now)
{
	const struct hold *hold = &lane->hold;
	struct transfer *transfer;
	char met[32];

	TAILQ_FOREACH(transfer, &lane->again, link) {
		if (!is_patient(transfer))
			return transfer;
	}
	TAILQ_FOREACH(transfer, &lane->fresh, link) {
		if (is_patient(transfer))
			continue;
		lane->hold.asked = now;
		hold_clock(hold->met, met, sizeof(met));
		transfer_fail(transfer, hold->error, "not asked: %s (at %s)", hold->words, met);
		return transfer;
	}
	return NULL;
}

/* Who waits in vain, or the first to leave on a kept place; NULL: neither. */
static struct transfer *take_first(struct lane *lane, int64_t now, bool *over)
{
	struct transfer *transfer = lane->hold.down ? turn_away(lane, now) : NULL;

	*over = transfer != NULL;
	if (transfer)
		return transfer;
	transfer = TAILQ_FIRST(&lane->timed);
	expire_places(lane, now);
	*over = transfer && later(now, lane->hold.until) > transfer->until;
	if (!*over)
		return TAILQ_FIRST(&lane->ready);
	give_up_timed(lane, transfer, now);
	return transfer;
}

/* AGAIN waits no longer than this, but always for as long as the vendor asked it to. */
static int64_t again_end(const struct lane *lane, const struct transfer *again)
{
	return later(budget_end(lane, again), again->due) + SLACK;
}

/* May the first of AGAIN go, or (*OVER) has its budget ended? */
static bool again_ready(const struct lane *lane, const struct transfer *again, int64_t now,
			bool *over)
{
	if (!again || again->due > now)
		return false;
	*over = later(now, lane->hold.until) > again_end(lane, again);
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
			*over = in_vain(lane, transfer, now);
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
		due = sooner(opens(lane), again_end(lane, again) + 1);
	if (fresh)
		due = sooner(due, sooner(opens(lane), queue_end(lane, fresh) + 1));
	if (timed)
		due = sooner(due, timed->until + 1);
	/* nobody need be woken for a place that nobody waits for */
	if (kept && (fresh || again))
		due = sooner(due, kept->until);
	return due;
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

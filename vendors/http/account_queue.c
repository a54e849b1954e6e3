/* SPDX-License-Identifier: Apache-2.0 */
/*
 * account_queue.c - see account_queue.h.
 *
 * Which transfer goes next, and when one has waited too long. Everything here is arithmetic on
 * numbers that others measured, so it can be read without thinking of sockets. It must not know
 * libcurl, take locks or block.
 *
 * A vendor that is down must not make a long queue wait for one timeout after the other. A transfer
 * that has been queued for as long as one request may take, while no transfer got a response, gets
 * the error that the others got.
 */
#include "vendors/http/account_queue.h"

#include "vendors/base/checked.h"
#include "vendors/base/clock.h"
#include "vendors/http/account_queue_check.h"
#include "vendors/http/basis.h"
#include "vendors/http/endpoint.h"
#include "vendors/http/http_url.h"
#include "vendors/http/permit.h"
#include "vendors/http/transfer.h"

#include <stdio.h>
#include <stdlib.h>

/* Timers are a little late. A retry that was due in time is not given up for that. */
#define SLACK 200
/* A last try gets this long even if the budget has ended. */
#define TRY_MIN 1000

struct account_queue *account_queue_new(struct http *http, struct endpoint *endpoint)
{
	struct account_queue *queue = calloc(1, sizeof(*queue));

	if (!queue)
		return NULL;
	queue->http = http;
	queue->endpoint = endpoint;
	http_url_where(endpoint->base_url, &queue->secure, queue->where, sizeof(queue->where));
	queue->allowed = endpoint->parallel ? endpoint->parallel : 1;
	TAILQ_INIT(&queue->ready);
	TAILQ_INIT(&queue->fresh);
	TAILQ_INIT(&queue->again);
	TAILQ_INIT(&queue->timed);
	TAILQ_INIT(&queue->kept);
	return queue;
}

void account_queue_free(struct account_queue *queue)
{
	free(queue);
}

/* ---- in and out ---- */

/* Set how long TRANSFER, which is queued from now on, may wait. */
static void set_until(struct account_queue *queue, struct transfer *transfer)
{
	struct transfer *other = TAILQ_LAST(&queue->timed, transfer_queue);
	int64_t end = transfer->end;

	queue->stats.queued++;
	if (transfer->tries && end != TRANSFER_NEVER)
		end = clock_later(end, transfer->due) + SLACK;
	transfer->until = clock_sooner(transfer->moment, end);
	if (transfer->until == TRANSFER_NEVER)
		return;
	/* times mostly grow, so nearly all go to the end at once */
	while (other && other->until > transfer->until)
		other = TAILQ_PREV(other, transfer_queue, line);
	if (other)
		TAILQ_INSERT_AFTER(&queue->timed, other, transfer, line);
	else
		TAILQ_INSERT_HEAD(&queue->timed, transfer, line);
}

void account_queue_add_locked(struct account_queue *queue, struct transfer *transfer, bool placed)
{
	if (placed) {
		transfer->state = TRANSFER_READY;
		TAILQ_INSERT_TAIL(&queue->ready, transfer, link);
		queue->places++;
	} else {
		transfer->state = TRANSFER_FRESH;
		TAILQ_INSERT_TAIL(&queue->fresh, transfer, link);
	}
	set_until(queue, transfer);
	CHECKED(account_queue_check_locked(queue));
}

void account_queue_remove_locked(struct account_queue *queue, struct transfer *transfer)
{
	if (transfer->state == TRANSFER_READY) {
		TAILQ_REMOVE(&queue->ready, transfer, link);
		queue->places--;
	} else if (transfer->state == TRANSFER_FRESH) {
		TAILQ_REMOVE(&queue->fresh, transfer, link);
	} else {
		TAILQ_REMOVE(&queue->again, transfer, link);
	}
	if (transfer->until != TRANSFER_NEVER)
		TAILQ_REMOVE(&queue->timed, transfer, line);
	queue->stats.queued--;
	CHECKED(account_queue_check_locked(queue));
}

/* Make TRANSFER, which is queued, FLYING. */
static void account_queue_fly(struct account_queue *queue, struct transfer *transfer)
{
	account_queue_remove_locked(queue, transfer);
	transfer->state = TRANSFER_FLYING;
	TAILQ_INSERT_TAIL(&queue->http->flying, transfer, link);
}

void account_queue_requeue_locked(struct account_queue *queue, struct transfer *transfer)
{
	struct transfer *other = TAILQ_FIRST(&queue->again);

	TAILQ_REMOVE(&queue->http->flying, transfer, link);
	transfer->state = TRANSFER_AGAIN;
	while (other && other->due <= transfer->due)
		other = TAILQ_NEXT(other, link);
	if (other)
		TAILQ_INSERT_BEFORE(other, transfer, link);
	else
		TAILQ_INSERT_TAIL(&queue->again, transfer, link);
	set_until(queue, transfer);
	CHECKED(account_queue_check_locked(queue));
}

void account_queue_drain_locked(struct account_queue *queue)
{
	struct transfer *transfer;

	account_queue_forgo_all_locked(queue);
	while ((transfer = TAILQ_FIRST(&queue->again)))
		account_queue_fly(queue, transfer);
	while ((transfer = TAILQ_FIRST(&queue->fresh)))
		account_queue_fly(queue, transfer);
}

/* ---- places that are kept ---- */

/* Return how many requests may be in flight at NOW. */
static unsigned most_in_flight(const struct account_queue *queue, int64_t now)
{
	const struct permit *permit = queue->endpoint->permit;

	return permit ? permit_most(permit, queue->allowed, now) : queue->allowed;
}

void account_queue_keep_locked(struct account_queue *queue, struct basis *basis, int64_t until,
			       int64_t now)
{
	if (queue->stats.in_flight + queue->places >= most_in_flight(queue, now) ||
	    queue->hold.until > now)
		return;
	basis->until = until;
	TAILQ_INSERT_TAIL(&queue->kept, basis, link);
	basis->keeper = queue;
	queue->places++;
	CHECKED(account_queue_check_locked(queue));
}

void account_queue_forgo_locked(struct basis *basis)
{
	struct account_queue *queue = basis->keeper;

	if (!queue)
		return;
	TAILQ_REMOVE(&queue->kept, basis, link);
	basis->keeper = NULL;
	queue->places--;
	CHECKED(account_queue_check_locked(queue));
}

void account_queue_forgo_all_locked(struct account_queue *queue)
{
	struct transfer *transfer;

	while (!TAILQ_EMPTY(&queue->kept))
		account_queue_forgo_locked(TAILQ_FIRST(&queue->kept));
	while ((transfer = TAILQ_LAST(&queue->ready, transfer_queue))) {
		TAILQ_REMOVE(&queue->ready, transfer, link);
		queue->places--;
		transfer->state = TRANSFER_FRESH;
		TAILQ_INSERT_HEAD(&queue->fresh, transfer, link);
	}
	CHECKED(account_queue_check_locked(queue));
}

/* Give up the places that were kept for long enough. */
static void expire_places(struct account_queue *queue, int64_t now)
{
	struct basis *basis;

	while ((basis = TAILQ_FIRST(&queue->kept)) && basis->until <= now)
		account_queue_forgo_locked(basis);
}

/* ---- times ---- */

int64_t account_queue_budget(const struct account_queue *queue)
{
	return (int64_t)queue->endpoint->retry_budget * 1000;
}

static int64_t timeout_of(const struct account_queue *queue)
{
	return (int64_t)(queue->endpoint->timeout ? queue->endpoint->timeout : 1) * 1000;
}

int64_t account_queue_budget_end(const struct account_queue *queue, const struct transfer *transfer)
{
	return clock_sooner(clock_later(transfer->first, queue->progress) +
				account_queue_budget(queue),
			    transfer->end);
}

int64_t account_queue_resumes(const struct account_queue *queue)
{
	return queue->strikes ? clock_later(queue->hold.until, queue->calm) : queue->hold.until;
}

/* Return until when TRANSFER, which was never tried, waits for its turn. */
static int64_t queue_end(const struct account_queue *queue, const struct transfer *transfer)
{
	int64_t since = clock_later(transfer->queued, clock_later(queue->heard, queue->progress));

	return clock_sooner(since + clock_later(account_queue_budget(queue), timeout_of(queue)),
			    transfer->end);
}

/* Return true if TRANSFER, which was never tried, cannot be sent before its time is up. */
static bool is_hopeless(const struct account_queue *queue, const struct transfer *transfer,
			int64_t now)
{
	return clock_later(now, queue->hold.until) > queue_end(queue, transfer);
}

/* Return when there is room for one more in flight. TRANSFER_NEVER: not before one lands or a place
 * is given up. */
static int64_t opens(const struct account_queue *queue, int64_t now)
{
	unsigned most = most_in_flight(queue, now);

	if (most > 1 && (queue->strikes || queue->hold.trial))
		most = 1;
	if (queue->stats.in_flight + queue->places >= most)
		return TRANSFER_NEVER;
	return account_queue_resumes(queue);
}

/* Return until when AGAIN waits, but always for as long as the vendor asked it to. */
static int64_t again_end(const struct account_queue *queue, const struct transfer *again)
{
	return clock_later(account_queue_budget_end(queue, again), again->due) + SLACK;
}

int64_t account_queue_due_locked(const struct account_queue *queue, int64_t now)
{
	const struct transfer *again = TAILQ_FIRST(&queue->again);
	const struct transfer *fresh = TAILQ_FIRST(&queue->fresh);
	const struct transfer *timed = TAILQ_FIRST(&queue->timed);
	const struct basis *kept = TAILQ_FIRST(&queue->kept);
	int64_t due = TRANSFER_NEVER;

	if (again && again->due > now)
		due = again->due;
	else if (again)
		due = clock_sooner(opens(queue, now), again_end(queue, again) + 1);
	if (fresh)
		due = clock_sooner(due,
				   clock_sooner(opens(queue, now), queue_end(queue, fresh) + 1));
	if (timed)
		due = clock_sooner(due, timed->until + 1);
	/* the end of a place matters only to a transfer that waits for one */
	if (kept && (fresh || again))
		due = clock_sooner(due, kept->until);
	return due;
}

/* ---- the time is up ---- */

/* Let TRANSFER fail because of an earlier 429 or Retry-After. */
static void refuse_held(const struct account_queue *queue, struct transfer *transfer, int64_t now)
{
	struct http_reply *reply = &transfer->reply;
	char held[sizeof(reply->words) - 16];

	reply->status = 429;
	reply->told = clock_later(queue->hold.until - now, 0);
	if (reply->told)
		hold_words(&queue->hold, now, held, sizeof(held));
	else
		snprintf(
		    held, sizeof(held),
		    "the vendor answered 429 to every request until the time to wait was over");
	snprintf(reply->words, sizeof(reply->words), "not asked: %s", held);
}

/* Let TRANSFER fail, whose turn did not come in time. */
static void give_up_fresh(const struct account_queue *queue, struct transfer *transfer, int64_t now)
{
	if (queue->strikes || (queue->hold.until > now && is_hopeless(queue, transfer, now)))
		refuse_held(queue, transfer, now);
	else if (now > transfer->end)
		transfer_fail(transfer, CALL_TIMED_OUT,
			      "the time for this change (retry_budget) ended before its turn came");
	else if (queue->last_verdict)
		transfer_fail(transfer, queue->last_verdict, "%s", queue->last_words);
	else
		transfer_fail(transfer, CALL_TIMED_OUT,
			      "%s did not answer the requests before this one", queue->where);
}

/* Let TRANSFER fail, which cannot go before its UNTIL. What it met when it was tried still holds.
 */
static void give_up_timed(const struct account_queue *queue, struct transfer *transfer, int64_t now)
{
	if (transfer->moment > transfer->until) {
		if (!transfer->tries)
			give_up_fresh(queue, transfer, now);
		return;
	}
	if (transfer->reply.status == 429)
		return;
	transfer_stale(transfer);
	if (account_queue_resumes(queue) > now)
		refuse_held(queue, transfer, now);
}

/* Return the next transfer that fails because the vendor is down. NULL: none. */
static struct transfer *turn_away(struct account_queue *queue, int64_t now)
{
	const struct hold *hold = &queue->hold;
	struct transfer *transfer;
	char met[32];

	TAILQ_FOREACH(transfer, &queue->again, link) {
		if (!transfer_is_patient(transfer))
			return transfer;
	}
	TAILQ_FOREACH(transfer, &queue->fresh, link) {
		if (transfer_is_patient(transfer))
			continue;
		queue->hold.asked = now;
		hold_clock(hold->met, met, sizeof(met));
		transfer_fail(transfer, hold->verdict, "not asked: %s (at %s)", hold->words, met);
		return transfer;
	}
	return NULL;
}

/* ---- the next transfer ---- */

/* Return a transfer whose time is up (*OVER), or the first that has a place. NULL: neither. */
static struct transfer *take_first(struct account_queue *queue, int64_t now, bool *over)
{
	struct transfer *transfer = queue->hold.down ? turn_away(queue, now) : NULL;

	*over = transfer != NULL;
	if (transfer)
		return transfer;
	transfer = TAILQ_FIRST(&queue->timed);
	expire_places(queue, now);
	*over = transfer && clock_later(now, queue->hold.until) > transfer->until;
	if (!*over)
		return TAILQ_FIRST(&queue->ready);
	give_up_timed(queue, transfer, now);
	return transfer;
}

/* Return true if AGAIN, the first of queue->again, can go, or (*OVER) its budget has ended. */
static bool again_ready(const struct account_queue *queue, const struct transfer *again,
			int64_t now, bool *over)
{
	if (!again || again->due > now)
		return false;
	*over = clock_later(now, queue->hold.until) > again_end(queue, again);
	return *over || now >= opens(queue, now);
}

/* Count TRANSFER, which is FLYING, as in flight, and set how long its try may take. */
static void depart(struct account_queue *queue, struct transfer *transfer, int64_t now)
{
	http_stats_wait(&queue->stats, transfer->tries ? transfer->landed : transfer->queued,
			clock_later(queue->hold.until, queue->calm), now, transfer->tries);
	transfer->tried = now;
	transfer->limit = timeout_of(queue);
	transfer->shortened = false;
	if (!transfer->tries) {
		transfer->first = now;
	} else {
		int64_t rest = clock_later(account_queue_budget_end(queue, transfer) - now,
					   TRY_MIN);

		/* a transfer that waited as the vendor asked gets the whole timeout */
		transfer->shortened = !transfer->told && rest < transfer->limit;
		if (transfer->shortened)
			transfer->limit = rest;
		queue->stats.retries++;
	}
	transfer->reach = HOLD_REACH_LATE;
	if (!transfer_is_patient(transfer))
		transfer->reach = clock_later(hold_reach_end(&queue->hold, transfer->first) - now,
					      HOLD_REACH_MIN);
	transfer->tries++;
	transfer->counted = true;
	queue->stats.in_flight++;
	queue->stats.requests++;
}

/* As account_queue_take_locked. */
static struct transfer *take(struct account_queue *queue, int64_t now, bool *over)
{
	struct transfer *transfer = take_first(queue, now, over);

	if (!transfer && again_ready(queue, TAILQ_FIRST(&queue->again), now, over))
		transfer = TAILQ_FIRST(&queue->again);
	if (!transfer) {
		transfer = TAILQ_FIRST(&queue->fresh);
		if (!transfer)
			return NULL;
		if (now < opens(queue, now)) {
			*over = is_hopeless(queue, transfer, now);
			if (!*over)
				return NULL;
			give_up_fresh(queue, transfer, now);
		}
	}
	account_queue_fly(queue, transfer);
	if (!*over)
		depart(queue, transfer, now);
	CHECKED(account_queue_check_locked(queue));
	return transfer;
}

struct transfer *account_queue_take_locked(struct account_queue *queue, int64_t now, bool *over)
{
	struct transfer *transfer = take(queue, now, over);

	if (queue->endpoint->permit)
		permit_note_locked(queue, now);
	return transfer;
}
